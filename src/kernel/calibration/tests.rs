//! Calibration against scikit-learn 1.9.1 and scipy 1.17.1:
//!
//! ```python
//! iso = IsotonicRegression(out_of_bounds="clip").fit(p, y)   # X_thresholds_, y_thresholds_, predict
//! f = np.log(p / (1 - p)); _sigmoid_calibration(f, y)        # -slope, -intercept, to 1e-8 (L-BFGS)
//! minimize(loss, [0, 0], jac=grad, hess=hess, method="trust-exact", options={"gtol": 1e-13})  # the same loss
//! ```

use super::Calibration;

const P: [f64; 24] = [
    0.5, 0.25, 0.46, 0.26, 0.2, 0.48, 0.03, 0.8, 0.84, 0.57, 0.85, 0.03, 0.27, 0.38, 0.21, 0.87,
    0.56, 0.67, 0.22, 0.36, 0.87, 0.75, 0.16, 0.42,
];
const Y: [u8; 24] = [
    0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1,
];

fn outcomes() -> Vec<bool> {
    Y.iter().map(|y| *y == 1).collect()
}

fn close(a: &[f64], b: &[f64], limit: f64) {
    assert_eq!(a.len(), b.len(), "{a:?} {b:?}");
    assert!(
        a.iter().zip(b).all(|(a, b)| (a - b).abs() <= limit),
        "{a:?} {b:?}"
    );
}

#[test]
fn isotonic_as_scikit_learn() {
    let fitted = Calibration::fit_isotonic(&P, &outcomes()).unwrap();
    assert_eq!(fitted.check(), Ok(()));
    let Calibration::Isotonic { x, y } = &fitted else {
        panic!("{fitted:?}")
    };
    close(x, &[0.03, 0.22, 0.25, 0.56, 0.57, 0.75, 0.8, 0.87], 0.0);
    close(
        y,
        &[0.0, 0.0, 0.2, 0.2, 1.0 / 3.0, 1.0 / 3.0, 1.0, 1.0],
        1e-15,
    );
    let at = [0.0, 0.11, 0.2, 0.345, 0.5, 0.62, 0.77, 1.0].map(|p| fitted.apply(p));
    close(
        &at,
        &[0.0, 0.0, 0.0, 0.2, 0.2, 1.0 / 3.0, 0.6000000000000001, 1.0],
        1e-15,
    );
}

#[test]
fn isotonic_of_one_score_is_level() {
    let fitted = Calibration::fit_isotonic(&[0.4; 4], &[true, false, false, false]).unwrap();
    assert_eq!(
        fitted,
        Calibration::Isotonic {
            x: vec![0.4],
            y: vec![0.25]
        }
    );
    assert_eq!(
        (fitted.apply(0.0), fitted.apply(0.4), fitted.apply(1.0)),
        (0.25, 0.25, 0.25)
    );
}

#[test]
fn platt_as_scikit_learn_and_scipy() {
    let Some(Calibration::Platt { slope, intercept }) = Calibration::fit_platt(&P, &outcomes())
    else {
        panic!()
    };
    close(
        &[slope, intercept],
        &[0.9931104383049039, -0.7062630015319149],
        1e-7,
    );
    close(
        &[slope, intercept],
        &[0.9931104315986402, -0.7062629946158583],
        1e-10,
    );
}

#[test]
fn platt_stays_finite_on_separable_constant_and_one_sided_scores() {
    let table: [(&[f64], &[bool]); 4] = [
        (&[0.0, 0.0, 1.0, 1.0], &[false, false, true, true]),
        (&[0.3, 0.3, 0.3], &[false, true, true]),
        (&[0.2, 0.9], &[true, true]),
        (&[0.5], &[false]),
    ];
    for (p, y) in table {
        let fitted = Calibration::fit_platt(p, y).unwrap();
        assert_eq!(fitted.check(), Ok(()), "{p:?}");
        assert!(p.iter().all(|p| (0.0..=1.0).contains(&fitted.apply(*p))));
    }
}

#[test]
fn platt_works_on_log_odds_kept_off_the_ends() {
    let identity = Calibration::Platt {
        slope: 1.0,
        intercept: 0.0,
    };
    close(
        &[0.0, 0.2, 0.5, 1.0].map(|p| identity.apply(p)),
        &[0.0, 0.2, 0.5, 1.0],
        1.1e-12,
    );
    let shifted = Calibration::Platt {
        slope: 2.0,
        intercept: 1.0,
    };
    close(
        &[shifted.apply(0.2)],
        &[1.0 / (1.0 + f64::exp(-1.0 - 2.0 * f64::ln(0.25)))],
        1e-15,
    );
}

#[test]
fn nothing_is_fitted_to_no_rows() {
    assert_eq!(Calibration::fit_platt(&[], &[]), None);
    assert_eq!(Calibration::fit_isotonic(&[], &[]), None);
}
