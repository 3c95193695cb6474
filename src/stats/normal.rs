//! Quantiles of the normal distribution and of Student's t.

/// Quantile of the standard normal distribution at `p` in (0, 1), to seven digits: Wichura, algorithm AS 241, PPND7
/// (Applied Statistics 37, 1988). Infinite at 0 and 1.
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * polynomial(r, &[3.3871327179, 50.434271938, 159.29113202, 59.109374720])
            / polynomial(r, &[1.0, 17.895169469, 78.757757664, 67.187563600]);
    }
    let r = (-p.min(1.0 - p).ln()).sqrt();
    let distance = if r.is_infinite() {
        r
    } else if r <= 5.0 {
        polynomial(
            r - 1.6,
            &[1.4234372777, 2.7568153900, 1.3067284816, 0.17023821103],
        ) / polynomial(r - 1.6, &[1.0, 0.73700164250, 0.12021132975])
    } else {
        polynomial(
            r - 5.0,
            &[6.6579051150, 3.0812263860, 0.42868294337, 0.017337203997],
        ) / polynomial(r - 5.0, &[1.0, 0.24197894225, 0.012258202635])
    };
    distance.copysign(q)
}

/// Quantile of Student's t with `freedom` degrees of freedom at `p` in (0, 1), by its expansion around the normal quantile
/// (Abramowitz and Stegun 26.7.5): four digits or better from 10 degrees on for p in [0.001, 0.999].
pub fn t_quantile(p: f64, freedom: f64) -> f64 {
    let z = normal_quantile(p);
    let odd = |powers: &[f64]| z * polynomial(z * z, powers);
    z + odd(&[1.0, 1.0]) / (4.0 * freedom)
        + odd(&[3.0, 16.0, 5.0]) / (96.0 * freedom.powi(2))
        + odd(&[-15.0, 17.0, 19.0, 3.0]) / (384.0 * freedom.powi(3))
        + odd(&[-945.0, -1920.0, 1482.0, 776.0, 79.0]) / (92160.0 * freedom.powi(4))
}

/// Value of a polynomial at `x`, with coefficients in ascending order of power.
fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

#[cfg(test)]
mod tests {
    use super::{normal_quantile, t_quantile};

    #[test]
    fn normal_as_scipy() {
        let table = [
            (1e-12, -7.034483825301131),
            (0.0001, -3.7190164854556804),
            (0.01, -2.3263478740408408),
            (0.04, -1.75068607125217),
            (0.3, -0.5244005127080409),
            (0.5, 0.0),
            (0.8, 0.8416212335729143),
            (0.975, 1.959963984540054),
            (0.999, 3.090232306167813),
        ];
        for (p, expected) in table {
            let z = normal_quantile(p);
            assert!(
                (z - expected).abs() <= 2e-7 * f64::abs(expected),
                "{p}: {z} is not {expected}"
            );
        }
        assert_eq!(
            (normal_quantile(0.0), normal_quantile(1.0)),
            (f64::NEG_INFINITY, f64::INFINITY)
        );
    }

    /// scipy 1.17.1 `t.ppf(p, freedom)`.
    #[test]
    fn t_as_scipy() {
        let table = [
            (0.96, 10.0, 1.9480994688714974),
            (0.975, 29.0, 2.045229642132703),
            (0.96, 99.0, 1.7688423378949045),
            (0.999, 10.0, 4.143700494046589),
            (0.95, 1999.0, 1.6456162481872625),
            (0.6, 15.0, 0.25788530093726125),
            (0.01, 20.0, -2.5279770027415736),
        ];
        for (p, freedom, expected) in table {
            let t = t_quantile(p, freedom);
            assert!(
                (t - expected).abs() <= 1e-3 * f64::abs(expected),
                "{p}, {freedom}: {t} is not {expected}"
            );
        }
    }
}
