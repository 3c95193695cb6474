//! Holm's adjustment of p-values for multiple tests (Scandinavian Journal of Statistics 6, 1979).

/// Adjusted p-values in the order of `p_values`: rejecting those at or below a level keeps
/// the probability of any false rejection at or below it, whatever the dependence between
/// the tests. As `statsmodels.stats.multitest.multipletests(method="holm")`.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let (mut adjusted, mut least) = (vec![0.0; p_values.len()], 0.0);
    for (rank, i) in order.into_iter().enumerate() {
        let left = (p_values.len() - rank) as f64;
        least = f64::max(least, (left * p_values[i]).min(1.0));
        adjusted[i] = least;
    }
    adjusted
}
