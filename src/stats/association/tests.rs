//! Agreement with scipy 1.17.1 and pandas 3.1.1 on stored vectors.

use super::biserial::point_biserial;
use super::contingency::{Contingency, MISSING, binned, score_of};
use super::rank::{Ranked, spearman};

const NAN: f64 = f64::NAN;
const X: [f64; 14] = [
    3.5, NAN, 1.0, 4.0, 1.0, 5.25, 9.0, 2.0, 6.0, 5.25, 3.5, NAN, 8.0, -7.0,
];
const Y: [f64; 14] = [
    2.0, 7.0, 1.0, 8.0, 2.0, 8.0, 1.5, NAN, 8.0, 4.0, 5.0, 9.0, 4.0, 3.0,
];

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

/// `DataFrame.corr(method="spearman")`: ties, and values missing on either side.
#[test]
fn spearman_as_pandas() {
    let found = spearman(&Ranked::of(X.to_vec()), &Ranked::of(Y.to_vec())).unwrap();
    near(found.value, 0.3039516787653054);
    assert_eq!(found.rows, 11);
    let interval = found.interval.unwrap();
    assert!(interval.low < found.value && found.value < interval.high);
}

/// `scipy.stats.pointbiserialr`.
#[test]
fn point_biserial_as_scipy() {
    let flags = "10010110 01?110".replace(' ', "");
    let flags: Vec<Option<bool>> = flags
        .chars()
        .map(|c| (c != '?').then_some(c == '1'))
        .collect();
    let found = point_biserial(&X, &flags).unwrap();
    near(found.value, 0.6301524962973505);
    assert_eq!(found.rows, 11);
}

fn codes(text: &str) -> Vec<u32> {
    text.bytes().map(u32::from).collect()
}

fn of_counts(counts: &[&[u32]]) -> Contingency {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for (i, row) in counts.iter().enumerate() {
        for (j, count) in row.iter().enumerate() {
            a.extend((0..*count).map(|_| i as u32));
            b.extend((0..*count).map(|_| j as u32));
        }
    }
    Contingency::of(&a, &b)
}

/// `scipy.stats.chi2_contingency(correction=False)`, `scipy.stats.contingency.association(method="cramer")`, Bergsma's
/// correction written out in numpy, and mutual information as the difference of `scipy.stats.entropy`.
#[test]
fn cramers_v_and_mutual_information_as_scipy() {
    let weak = Contingency::of(
        &codes("aabbccabcaabbbcccaab"),
        &codes("xyxyxxyyxxyyxyxyzzxx"),
    );
    near(weak.chi2(), 2.916666666666667);
    let v = weak.cramers_v().unwrap();
    near(v.corrected.value, 0.0);
    near(v.uncorrected, 0.27003086243366087);
    near(
        weak.mutual_information().unwrap().value,
        0.09257672157050911,
    );

    let strong = of_counts(&[&[30, 5, 2], &[3, 40, 9]]);
    near(strong.chi2(), 52.73762573762573);
    let v = strong.cramers_v().unwrap();
    near(v.corrected.value, 0.7591970058038117);
    near(v.uncorrected, 0.7697776253942384);
    near(
        strong.mutual_information().unwrap().value,
        0.3309441887976676,
    );
    for measured in [v.corrected, strong.mutual_information().unwrap()] {
        let interval = measured.interval.unwrap();
        assert!(interval.low < measured.value && measured.value < interval.high);
    }
}

/// `pandas.qcut(values, 5, duplicates="drop")`.
#[test]
fn bins_as_pandas() {
    let values = [
        1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, NAN, 8.0, 9.0, 10.0, 2.5,
    ];
    let sorted: Vec<f64> = Ranked::of(values.to_vec()).sorted().collect();
    let expected = [0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, MISSING, 3, 3, 3, 1];
    assert_eq!(binned(&values, &sorted, 5), expected);
}

/// `norm.ppf(ncx2.cdf(x, k, l))`.
#[test]
fn the_noncentral_distribution_is_near_that_of_scipy() {
    let table = [
        (10.0, 2.0, 5.0, 0.7345445830107749),
        (50.0, 4.0, 30.0, 1.3525353375323652),
        (300.0, 1.0, 250.0, 1.509119774846884),
        (3.0, 6.0, 1.0, -1.0924690492798146),
        (1200.0, 20.0, 1000.0, 2.731274937260876),
    ];
    for (x, k, l, expected) in table {
        let found = score_of(x, k, l);
        assert!((found - expected).abs() < 0.02, "{x} {k} {l}: {found}");
    }
}

#[test]
fn without_spread_there_is_no_association() {
    let flat = Ranked::of(vec![1.0; 5]);
    assert_eq!(
        spearman(&flat, &Ranked::of((0..5).map(f64::from).collect())),
        None
    );
    assert_eq!(point_biserial(&[1.0, 2.0], &[Some(true), Some(true)]), None);
    assert_eq!(point_biserial(&[], &[]), None);
    assert!(Contingency::of(&[1, 1], &[1, 2]).cramers_v().is_none());
    assert!(
        Contingency::of(&[MISSING], &[1])
            .mutual_information()
            .is_none()
    );
    // Every value once: nothing is left after the correction.
    let once: Vec<u32> = (0..50).collect();
    assert!(Contingency::of(&once, &once).cramers_v().is_none());
    let line = Ranked::of((0..9).map(f64::from).collect());
    let found = spearman(&line, &line).unwrap();
    assert_eq!((found.value, found.interval), (1.0, None));
}

#[test]
fn rare_levels_are_pooled() {
    let table = of_counts(&[&[30, 20], &[1, 2], &[2, 0], &[25, 30]]);
    let pooled = table.pooled(10.0);
    assert_eq!((table.freedom(), pooled.freedom()), (3.0, 2.0));
    let same = of_counts(&[&[30, 20], &[25, 30], &[3, 2]]);
    near(
        pooled.mutual_information().unwrap().value,
        same.mutual_information().unwrap().value,
    );
}
