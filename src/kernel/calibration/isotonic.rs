//! Isotonic regression by pooling adjacent violators, as in scikit-learn 1.x: outcomes of equal scores are averaged first,
//! then neighbours out of order are pooled, then points inside a flat stretch are dropped.

/// Scores closer than this are treated as equal (NumPy's `finfo(float64).resolution`, as in scikit-learn).
const SAME: f64 = 1e-15;

/// A run of adjacent scores that share one fitted value.
#[derive(Clone, Copy)]
struct Block {
    weight: f64,
    sum: f64,
    /// Number of distinct scores in the run.
    points: usize,
}

impl Block {
    fn mean(self) -> f64 {
        self.sum / self.weight
    }
}

/// The x and y coordinates of the curve's points; `None` without rows.
pub(super) fn fit(p: &[f64], y: &[bool]) -> Option<(Vec<f64>, Vec<f64>)> {
    assert_eq!(p.len(), y.len(), "one outcome per score");
    if p.is_empty() {
        return None;
    }
    let mut rows = p
        .iter()
        .copied()
        .zip(y.iter().copied())
        .collect::<Vec<(f64, bool)>>();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (x, points) = distinct(&rows);
    let mut levels = Vec::with_capacity(x.len());
    for block in pool(&points) {
        levels.extend(std::iter::repeat_n(block.mean(), block.points));
    }
    Some(trim(&x, &levels))
}

/// The distinct scores in ascending order, each with its number of rows and positives.
fn distinct(rows: &[(f64, bool)]) -> (Vec<f64>, Vec<Block>) {
    let (mut x, mut blocks) = (Vec::<f64>::new(), Vec::<Block>::new());
    for (score, positive) in rows {
        if x.last().is_none_or(|last| score - last >= SAME) {
            x.push(*score);
            blocks.push(Block {
                weight: 0.0,
                sum: 0.0,
                points: 1,
            });
        }
        let block = blocks
            .last_mut()
            .expect("pushed with the first score at the latest");
        block.weight += 1.0;
        block.sum += f64::from(u8::from(*positive));
    }
    (x, blocks)
}

/// Pools neighbours until the means increase. The sums are whole numbers, so that nothing is rounded before the final division.
fn pool(points: &[Block]) -> Vec<Block> {
    let mut pooled = Vec::<Block>::with_capacity(points.len());
    for point in points {
        let mut block = *point;
        while let Some(before) = pooled.pop_if(|before| before.mean() >= block.mean()) {
            block.weight += before.weight;
            block.sum += before.sum;
            block.points += before.points;
        }
        pooled.push(block);
    }
    pooled
}

/// Retains the end points and every point whose value differs from a neighbour's.
fn trim(x: &[f64], y: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let last = x.len() - 1;
    let keep = |at: &usize| *at == 0 || *at == last || y[*at] != y[at - 1] || y[*at] != y[at + 1];
    (0..x.len()).filter(keep).map(|at| (x[at], y[at])).unzip()
}

/// The curve at `p`: linear between the points, constant outside. 0 for a curve without points, which `check` rejects.
pub(super) fn interpolate(x: &[f64], y: &[f64], p: f64) -> f64 {
    let (Some(first), Some(last)) = (y.first(), y.last()) else {
        return 0.0;
    };
    match x.partition_point(|x| *x < p) {
        0 => *first,
        above if above == x.len() => *last,
        above => {
            let slope = (y[above] - y[above - 1]) / (x[above] - x[above - 1]);
            (y[above - 1] + slope * (p - x[above - 1])).clamp(0.0, 1.0)
        }
    }
}
