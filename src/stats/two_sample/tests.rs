//! Every figure beside scipy 1.17.1 and numpy 2.4.6.
//!
//! Samples are made by formula, here and there alike, so that none of 10⁵ rows has to be stored.

use proptest::prelude::*;

use super::bins::{self, Side};
use super::chi2::{chi2, merged};
use super::divergence::{jensen_shannon, psi};
use super::fisher::fisher;
use super::holm::holm;
use super::ks::{Method, ks};
use super::wasserstein::wasserstein;

/// `s = s·6364136223846793005 + 1442695040888963407 mod 2⁶⁴`, the upper 53 bits as a number in [0, 1).
fn uniform(seed: u64, n: usize) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..n).map(|_| next()).collect()
}

fn sample(name: &str, seed: u64, n: usize) -> Vec<f64> {
    let of = |u: f64| match name {
        "uniform" => u,
        "ties" => (u * 6.0).floor(),
        "skew" => u * u * 40.0,
        "shift" => u + 0.15,
        "near" => u + 0.004,
        "small" => u * 0.9,
        "constant" => 3.5,
        "huge" => u * 1e39 - 3e38,               // beyond f32
        "enormous" => (2.0 * u - 1.0) * 1.7e308, // the difference of two is beyond f64
        other => unreachable!("{other}"),
    };
    let mut values: Vec<f64> = uniform(seed, n).into_iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn near(got: Option<f64>, expected: Option<f64>) -> bool {
    match (got, expected) {
        (Some(got), Some(expected)) => {
            (got - expected).abs() <= 1e-6_f64.min(1e-3 * expected.abs() + 1e-9)
        }
        (got, expected) => got == expected,
    }
}

/// Name, values, rows without one.
type Column = (&'static str, usize, u64);
type Case = (
    Column,
    Column,
    Option<(f64, f64)>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
);

/// `ks_2samp` in its mode auto; PSI and Jensen–Shannon (`scipy.spatial.distance.jensenshannon(p, q, 2)`) over
/// `numpy.quantile`'s unique deciles; `wasserstein_distance / numpy.std`. Seeds are 1 and 2, 3 and 4, and so on.
#[rustfmt::skip]
const NUMBERS: &[Case] = &[
        (("ties", 400, 0), ("ties", 90, 0), Some((0.11805555555555555, 0.23634611655623983)), Some(0.10702195957804139), Some(0.1383502621408321), Some(0.1637231362444991)),
        (("uniform", 891, 177), ("shift", 100, 12), Some((0.2566442199775533, 1.0424315173178495e-05)), Some(0.8851080107337327), Some(0.3110772636685326), Some(0.5953613768083195)),
        (("uniform", 891, 10), ("uniform", 100, 0), Some((0.1113692480359147, 0.1980409020854249)), Some(0.22437707653321487), Some(0.18556499558770384), Some(0.22397723218652543)),
        (("skew", 300, 0), ("uniform", 50, 3), Some((0.8366666666666667, 3.1432219755464095e-32)), Some(7.148009505520715), Some(0.7938519269548396), Some(1.0482503095597222)),
        (("constant", 50, 0), ("constant", 20, 0), Some((0.0, 1.0)), Some(0.0), Some(0.0), None),
        (("constant", 40, 0), ("uniform", 40, 0), Some((1.0, 1.860340365603627e-23)), Some(0.0), Some(0.0), None),
        (("uniform", 40, 5), ("constant", 40, 5), Some((1.0, 1.860340365603627e-23)), Some(7.267934894036846), Some(0.8209894611277393), Some(11.157846640674451)),
        (("uniform", 60, 0), ("uniform", 0, 25), None, Some(16.110266861642142), Some(1.0), None),
        (("uniform", 0, 12), ("uniform", 30, 0), None, None, None, None),
        (("uniform", 0, 5), ("uniform", 0, 5), None, None, None, None),
        (("uniform", 100, 0), ("uniform", 1, 0), Some((0.71, 0.5940594059405939)), Some(8.283089355027482), Some(0.8707908228691708), Some(0.9679307689792003)),
        (("uniform", 1, 0), ("uniform", 1, 0), Some((1.0, 1.0)), Some(18.41883867587797), Some(1.0), None),
        (("uniform", 5, 0), ("small", 10000, 0), Some((0.5573, 0.05429998308567096)), Some(3.98829494801424), Some(0.6101233294139998), Some(1.0253950303849237)),
        (("uniform", 10000, 0), ("small", 5, 0), Some((0.4651, 0.1660995626189653)), Some(4.764340976725844), Some(0.637404777950118), Some(0.7874735180398638)),
        (("huge", 200, 0), ("huge", 150, 4), Some((0.10833333333333334, 0.25093966354779357)), Some(0.31979011513555294), Some(0.20946713333745076), Some(0.14232791635369665)),
        (("enormous", 200, 0), ("enormous", 150, 4), Some((0.09166666666666666, 0.4447214366470228)), Some(0.1888643113742768), Some(0.1450719252972847), Some(0.11201757053524164)),
        (("uniform", 500, 0), ("shift", 500, 0), Some((0.17, 1.0028968167055124e-06)), Some(0.8365168757637477), Some(0.2752053884133793), Some(0.4932759132252665)),
        (("ties", 700, 3), ("skew", 300, 0), Some((0.65, 1.2084790811563592e-84)), Some(7.831679402045206), Some(0.7321478107220432), Some(6.508876712462746)),
        (("uniform", 10000, 0), ("near", 10000, 0), Some((0.0182, 0.07285250920851642)), Some(0.0012941413349683622), Some(0.015276237018671202), Some(0.024998136762835927)),
        (("ties", 10000, 7), ("ties", 9999, 9), Some((0.006116651665166516, 0.9913173223567513)), Some(0.001101476660000208), Some(0.014092342295172958), Some(0.015496170820078866)),
        (("uniform", 100000, 1000), ("near", 100000, 1100), Some((0.007050000000000001, 0.013817274556024332)), Some(0.0005521852125057098), Some(0.009978236085484945), Some(0.017488480523546606)),
        (("uniform", 100000, 0), ("near", 20000, 0), Some((0.005720000000000003, 0.6444534284042402)), Some(0.0012422641757127788), Some(0.014966757389248967), Some(0.0064569773180752025)),
        (("uniform", 5, 0), ("uniform", 100000, 0), Some((0.44733, 0.19928595857621545)), Some(2.5311910798587975), Some(0.5410769635157998), Some(1.0320769038373037)),
        (("uniform", 100000, 0), ("small", 40, 0), Some((0.1542199999999999, 0.26861300370062313)), Some(0.8820313398872708), Some(0.2899484135759135), Some(0.21990253680022226)),
        (("ties", 100000, 0), ("ties", 100000, 0), Some((0.0013199999999999878, 0.9999935630500647)), Some(1.964717458632574e-05), Some(0.0018823124486441899), Some(0.0020037367210370065)),
];

#[test]
fn numbers_as_scipy() {
    for (seed, (a, b, test, index, distance, moved)) in (1..).step_by(2).zip(NUMBERS) {
        let what = format!("{a:?} {b:?}");
        let (x, y) = (sample(a.0, seed, a.1), sample(b.0, seed + 1, b.1));
        let got = ks(&x, &y);
        assert!(
            near(got.map(|k| k.statistic), test.map(|t| t.0)),
            "{what}: {got:?}"
        );
        assert!(
            near(got.map(|k| k.p_value), test.map(|t| t.1)),
            "{what}: {got:?}"
        );
        let side = |values, missing| Side {
            values,
            present: values.len() as u64,
            missing,
        };
        let shares = bins::of_numbers(side(&x, a.2), side(&y, b.2));
        let found = (
            shares.as_ref().map(psi),
            shares.as_ref().map(jensen_shannon),
        );
        assert!(
            near(found.0, *index) && near(found.1, *distance),
            "{what}: {found:?}"
        );
        let found = wasserstein(&x, &y);
        assert!(near(found, *moved), "{what}: {found:?}");
    }
}

#[test]
fn the_method_is_named() {
    let method = |n, m| ks(&sample("ties", 1, n), &sample("ties", 2, m)).map(|ks| ks.method);
    assert_eq!(method(10_000, 5), Some(Method::Exact));
    assert_eq!(method(5, 10_001), Some(Method::Asymptotic));
    assert_eq!(method(0, 5), None);
}

/// Rows of a level on either side, and statistic, p-value and degrees of freedom.
type Counted = (&'static [(u64, u64)], (f64, f64, u64));

/// `chi2_contingency(correction=False)` on the levels that occur.
#[rustfmt::skip]
const COUNTS: &[Counted] = &[
        (&[(314, 65), (577, 35)], (33.71231538926922, 6.389489417479176e-09, 1)),
        (&[(216, 20), (184, 30), (491, 50)], (4.748129764590581, 0.09310150938703154, 2)),
        (&[(10, 0), (0, 10)], (20.0, 7.744216431044088e-06, 1)),
        (&[(100, 0), (50, 0), (0, 3)], (153.00000000000003, 5.976846942677292e-34, 2)),
        (&[(7, 7), (0, 0), (5, 5)], (0.0, 1.0, 1)),
        (&[(100000, 99000), (52000, 53500), (31, 25)], (26.19378141180918, 2.0515997446306087e-06, 2)),
];

#[test]
fn chi2_as_scipy() {
    for (counts, (statistic, p, dof)) in COUNTS {
        let got = chi2(counts).unwrap();
        assert!(
            near(Some(got.statistic), Some(*statistic)),
            "{counts:?}: {got:?}"
        );
        assert!((got.p_value - p).abs() <= 1e-8 * p, "{counts:?}: {got:?}");
        assert_eq!(got.dof, *dof, "{counts:?}");
    }
    assert_eq!(chi2(&[(5, 5), (0, 0)]), None, "one level");
    assert_eq!(chi2(&[(5, 0), (3, 0)]), None, "one side");
    assert_eq!(chi2(&[]), None);
}

/// 10⁴ levels: `numpy.bincount` of ⌊10⁴·u⌋ in 50,000 rows and of ⌊10⁴·u²⌋ in 20,000.
#[test]
fn chi2_of_ten_thousand_levels_as_scipy() {
    let mut counts = vec![(0, 0); 10_000];
    uniform(5, 50_000)
        .iter()
        .for_each(|u| counts[(u * 1e4) as usize].0 += 1);
    uniform(6, 20_000)
        .iter()
        .for_each(|u| counts[(u * u * 1e4) as usize].1 += 1);
    let got = chi2(&counts).unwrap();
    let (statistic, p, dof) = (15782.149057165498, 2.838933638363909e-269, 9982);
    assert!((got.statistic - statistic).abs() < 1e-6, "{got:?}");
    assert!((got.p_value - p).abs() <= 1e-6 * p, "{got:?}");
    assert_eq!(got.dof, dof);
    let few = merged(&counts);
    assert!(few.len() > 1000 && few.iter().all(|(a, b)| (a + b) as f64 * 2.0 / 7.0 >= 5.0));
    assert_eq!(few.iter().map(|c| c.0).sum::<u64>(), 50_000);
}

#[test]
fn the_rarest_are_merged_until_enough_is_expected() {
    let check = |counts: &[(u64, u64)], expected: &[(u64, u64)]| {
        assert_eq!(merged(counts), expected, "{counts:?}");
    };
    // Of 100 rows beside 900 a tenth is expected.
    check(
        &[(450, 50), (400, 40), (50, 10)],
        &[(50, 10), (400, 40), (450, 50)],
    );
    check(&[(450, 50), (420, 48), (30, 2)], &[(450, 50), (450, 50)]);
    check(
        &[(450, 50), (400, 46), (30, 2), (20, 2)],
        &[(50, 4), (400, 46), (450, 50)],
    );
    // Nothing is left to compare.
    check(&[(9, 1), (5, 2)], &[(14, 3)]);
    check(&[(0, 0)], &[]);
}

/// Two levels with their rows on either side, and the p-value.
type Four = ((u64, u64), (u64, u64), f64);

#[rustfmt::skip]
const FOURS: &[Four] = &[
        ((314, 65), (577, 35), 1.4982708965062398e-08),
        ((3, 1), (1, 3), 0.48571428571428565),
        ((10, 0), (0, 10), 1.082508822446903e-05),
        ((0, 0), (5, 6), 1.0),
        ((177, 0), (714, 1), 1.0),
        ((0, 4), (891, 96), 9.81682206581023e-05),
        ((50000, 50500), (50000, 49500), 0.02563959662539231),
        ((100000, 100000), (7, 1), 0.07030703246524467),
        ((99000, 100000), (1000, 600), 2.0998514992821733e-24),
        ((12, 5), (12, 5), 1.0),
        ((2, 0), (889, 100), 1.0),
        ((60000, 100), (40000, 99900), 0.0),
];

#[test]
fn fisher_as_scipy() {
    for (one, other, p) in FOURS {
        let got = fisher(*one, *other);
        assert!(
            (got - p).abs() <= 1e-7 * p + 1e-300,
            "{one:?} {other:?}: {got} is not {p}"
        );
    }
    assert_eq!(fisher((0, 0), (0, 0)), 1.0);
}

/// statsmodels' `multipletests(p, method="holm")` by hand: sorted 0.01·4, 0.02·3, 0.03·2 (raised), 0.5.
#[test]
fn holm_by_hand() {
    let adjusted = holm(&[0.03, 0.5, 0.01, 0.02]);
    for (got, expected) in adjusted.iter().zip([0.06, 0.5, 0.04, 0.06]) {
        assert!((got - expected).abs() < 1e-15, "{adjusted:?}");
    }
    assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    assert!(holm(&[]).is_empty());
}

proptest! {
    /// Every figure is a number in its range or none, whatever comes.
    #[test]
    fn figures_stay_in_their_range(
        mut a in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::ZERO, 0..30),
        mut b in prop::collection::vec(-3.0..3.0f64, 0..30),
        blank in 0u64..3,
    ) {
        a.sort_by(f64::total_cmp);
        b.sort_by(f64::total_cmp);
        for (x, y) in [(&a, &b), (&b, &a), (&a, &a)] {
            if let Some(found) = ks(x, y) {
                prop_assert!((0.0..=1.0).contains(&found.statistic) && (0.0..=1.0).contains(&found.p_value));
            }
            let of = |values, missing| Side { values, present: (values as &[f64]).len() as u64, missing };
            if let Some(shares) = bins::of_numbers(of(x, 0), of(y, blank)) {
                prop_assert!((shares.current.iter().sum::<f64>() - 1.0).abs() < 1e-9);
                prop_assert!(psi(&shares) >= 0.0 && psi(&shares).is_finite());
                prop_assert!((0.0..=1.0).contains(&jensen_shannon(&shares)));
            }
            prop_assert!(wasserstein(x, y).is_none_or(|w| w >= 0.0 && w.is_finite()));
        }
    }

    /// The exact p-value is that of all orders of the values, one by one.
    #[test]
    fn the_exact_count_is_that_of_every_order(n in 1usize..6, m in 1usize..6, seed in 0u64..50) {
        let (a, b) = (sample("ties", 2 * seed, n), sample("ties", 2 * seed + 1, m));
        let found = ks(&a, &b).unwrap();
        let (mut far, mut all) = (0, 0);
        for order in 0u32..1 << (n + m) {
            if order.count_ones() as usize != n {
                continue;
            }
            let (mut x, mut most) = (0usize, 0.0f64);
            for i in 0..n + m {
                x += (order >> i & 1) as usize;
                let y = i + 1 - x;
                most = most.max((x as f64 / n as f64 - y as f64 / m as f64).abs());
            }
            all += 1;
            far += u32::from(most >= found.statistic - 1e-12);
        }
        prop_assert!((found.p_value - f64::from(far) / f64::from(all)).abs() < 1e-12, "{found:?} {far}/{all}");
    }
}
