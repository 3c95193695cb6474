//! Kolmogorov's distribution for one sample of n values: the probability that its empirical distribution function differs
//! somewhere from the true one by at least x.
//!
//! Uses the methods of Simard and L'Ecuyer (Journal of Statistical Software 39, 2011), each in the range where it is
//! accurate; as `scipy.stats.kstwo.sf`, with which it agrees to 1e-9. In both, the expansion for large samples is an
//! approximation that is off by 3e-6 where it begins, at 141 values.

use std::f64::consts::PI;

use crate::stats::gamma::ln_factorial;

/// Probability of a distance of at least x; n must be at least 1.
pub(super) fn survival(n: u64, x: f64) -> f64 {
    let size = n as f64;
    let reach = size * x * x;
    let below = if x >= 1.0 {
        return 0.0;
    } else if size * x <= 0.5 {
        return 1.0;
    } else if x >= 0.5 || reach >= if n <= 140 { 4.0 } else { 2.2 } {
        // The probability of exceeding x on both sides at once is smaller than the other errors here.
        return (2.0 * one_sided(size, x)).clamp(0.0, 1.0);
    } else if n <= 140 || size * x.powf(1.5) <= 1.4 {
        durbin(n, x)
    } else {
        pelz_good(size, x)
    };
    (1.0 - below).clamp(0.0, 1.0)
}

/// Probability that the empirical distribution function lies at least x above the true one (Smirnov, 1944; Birnbaum and
/// Tingey, 1951): x·Σ C(n, j)·(x + j/n)^(j−1)·(1 − x − j/n)^(n−j) over j ≤ n·(1 − x).
fn one_sided(n: f64, x: f64) -> f64 {
    let last = (n * (1.0 - x)).floor() as u64;
    let all = ln_factorial(n);
    let term = |j: u64| {
        let j = j as f64;
        let rest = 1.0 - x - j / n;
        if rest <= 0.0 {
            return if j == n { (x + 1.0).powf(n - 1.0) } else { 0.0 };
        }
        let ways = all - ln_factorial(j) - ln_factorial(n - j);
        (ways + (j - 1.0) * (x + j / n).ln() + (n - j) * rest.ln()).exp()
    };
    x * (0..=last).map(term).sum::<f64>()
}

/// Probability of a distance below x: Durbin's matrix in the form of Marsaglia, Tsang and Wang (Journal of Statistical
/// Software 8, 2003). With k = ⌊n·x⌋ + 1 it is the middle element of the n-th power of a matrix of 2k − 1 rows, times n!/nⁿ.
fn durbin(n: u64, x: f64) -> f64 {
    let reach = n as f64 * x;
    let k = reach.floor() as usize + 1;
    let (width, h) = (2 * k - 1, k as f64 - reach);
    let mut base = Matrix::new(width, |i, j| f64::from(i + 1 >= j));
    for i in 0..width {
        base.cells[i * width] -= h.powi(i as i32 + 1);
        base.cells[(width - 1) * width + i] -= h.powi((width - i) as i32);
    }
    if h > 0.5 {
        base.cells[(width - 1) * width] += (2.0 * h - 1.0).powi(width as i32);
    }
    for i in 0..width {
        for j in 0..=(i + 1).min(width - 1) {
            base.cells[i * width + j] *= (-ln_factorial((i + 1 - j) as f64)).exp();
        }
    }
    let (middle, logarithm) = base.power(n).at(k - 1, k - 1);
    let scale = ln_factorial(n as f64) - n as f64 * (n as f64).ln();
    middle * (logarithm + scale).exp()
}

/// A square matrix, scaled: the product of `cells` and e^`logarithm`.
struct Matrix {
    width: usize,
    cells: Vec<f64>,
    logarithm: f64,
}

impl Matrix {
    fn new(width: usize, cell: impl Fn(usize, usize) -> f64) -> Matrix {
        let cells = (0..width * width).map(|at| cell(at / width, at % width));
        Matrix {
            width,
            cells: cells.collect(),
            logarithm: 0.0,
        }
    }

    fn at(&self, i: usize, j: usize) -> (f64, f64) {
        (self.cells[i * self.width + j], self.logarithm)
    }

    fn times(&self, other: &Matrix) -> Matrix {
        let width = self.width;
        let mut cells = vec![0.0; width * width];
        for (row, out) in self.cells.chunks(width).zip(cells.chunks_mut(width)) {
            for (factor, line) in row.iter().zip(other.cells.chunks(width)) {
                for (sum, cell) in out.iter_mut().zip(line) {
                    *sum += factor * cell;
                }
            }
        }
        // Rescaled to a maximum of 1, as the power would overflow.
        let most = cells.iter().fold(0.0, |most: f64, c| most.max(c.abs()));
        cells.iter_mut().for_each(|c| *c /= most);
        Matrix {
            width,
            cells,
            logarithm: self.logarithm + other.logarithm + most.ln(),
        }
    }

    fn power(self, mut n: u64) -> Matrix {
        let mut result = Matrix::new(self.width, |i, j| f64::from(i == j));
        let mut square = self;
        loop {
            if n & 1 == 1 {
                result = result.times(&square);
            }
            n >>= 1;
            if n == 0 {
                return result;
            }
            square = square.times(&square);
        }
    }
}

/// Probability of a distance below x in large samples: the expansion of Pelz and Good (Journal of the Royal Statistical
/// Society B 38, 1976) up to n^(−3/2), in the form of Simard and L'Ecuyer.
fn pelz_good(n: f64, x: f64) -> f64 {
    let z = n.sqrt() * x;
    let (z2, half) = (z * z, (PI / 2.0).sqrt());
    let (z4, z6) = (z2 * z2, z2 * z2 * z2);
    let (mut k0, mut k1, mut k2, mut k3) = (0.0, 0.0, 0.0, 0.0);
    let (mut more2, mut more3) = (0.0, 0.0);
    let terms = (16.0 * z / PI).ceil() as u32;
    for k in 0..=terms {
        // The sums run over all integers k; the pair ±(k + ½) contributes the same term twice.
        let a = (PI * (f64::from(k) + 0.5)).powi(2);
        let weight = 2.0 * (-a / (2.0 * z2)).exp();
        k0 += weight;
        k1 += weight * (a - z2);
        k2 += weight * (6.0 * z6 + 2.0 * z4 + (2.0 * z4 - 5.0 * z2) * a + (1.0 - 2.0 * z2) * a * a);
        k3 += weight
            * ((5.0 - 30.0 * z2) * a * a * a
                + (212.0 * z4 - 60.0 * z2) * a * a
                + (135.0 * z4 - 96.0 * z6) * a
                - (30.0 * z6 + 90.0 * z4 * z4));
        let b = (PI * f64::from(k)).powi(2);
        let weight = 2.0 * (-b / (2.0 * z2)).exp();
        more2 += weight * b;
        more3 += weight * (3.0 * b * z2 - b * b);
    }
    let k0 = k0 * half / z;
    let k1 = k1 * half / (6.0 * z4);
    let k2 = half * (k2 / (72.0 * z6 * z) - more2 / (36.0 * z2 * z));
    let k3 = half * (k3 / (6480.0 * z6 * z4) + more3 / (216.0 * z6));
    k0 + k1 / n.sqrt() + k2 / n + k3 / n.powf(1.5)
}

#[cfg(test)]
mod tests {
    use super::survival;

    /// scipy 1.17.1 `kstwo.sf(x, n)`.
    #[rustfmt::skip]
    const KSTWO: &[(u64, f64, f64)] = &[
        (1, 0.6, 0.8),
        (2, 0.3, 0.98),
        (5, 0.11, 0.999999616),
        (5, 0.2, 0.9616),
        (5, 0.45, 0.19399374999999963),
        (5, 0.9, 1.9999999999999978e-05),
        (20, 0.1, 0.976255094592155),
        (20, 0.2, 0.352720173623415),
        (100, 0.04, 0.995307510717411),
        (100, 0.09, 0.37063202558632835),
        (100, 0.13, 0.06209234069876253),
        (140, 0.2, 2.1981563302200222e-05),
        (141, 0.05, 0.854845693009663),
        (141, 0.09, 0.19156768536655033),
        (1000, 0.02, 0.8108971656895577),
        (1000, 0.03, 0.3226902143914636),
        (1000, 0.05, 0.013012074781090332),
        (1000, 0.2, 1.5528629204250538e-35),
        (10000, 0.003, 0.9999892575789189),
        (10000, 0.01, 0.2682191277029192),
        (10000, 0.0136, 0.04903580807632146),
        (50000, 0.0005, 1.0),
        (50000, 0.0009, 0.999999999999086),
        (50000, 0.002, 0.9880386605338913),
        (50000, 0.004, 0.3994316646755731),
        (50000, 0.008, 0.003305231279334067),
        (50000, 0.02, 8.35587873542047e-18),
        (2000000, 0.0006, 0.46737858083717476),
    ];

    #[test]
    fn survival_as_scipy() {
        for (n, x, expected) in KSTWO {
            let got = survival(*n, *x);
            let near = 1e-9_f64.min(1e-3 * expected);
            assert!(
                (got - expected).abs() <= near,
                "{n}, {x}: {got} is not {expected}"
            );
        }
        assert_eq!((survival(9, 1.0), survival(9, 0.0)), (0.0, 1.0));
    }
}
