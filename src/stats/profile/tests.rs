//! Profiles: building, thinning, and rejection of invalid ones.

use proptest::prelude::*;

use super::{
    CategoryProfile, ColumnProfile, Level, MAX_SAMPLE, NumberProfile, Observed, Profile,
    ProfileError, TextProfile,
};

fn profile() -> Profile {
    let column = |name: &str, observed| ColumnProfile {
        name: name.to_owned(),
        observed,
    };
    Profile {
        columns: vec![
            column(
                "height",
                Observed::Number(NumberProfile::of([
                    Some(2.0),
                    None,
                    Some(1.0),
                    Some(f64::NAN),
                    Some(6.0),
                ])),
            ),
            column(
                "colour",
                Observed::Category(CategoryProfile::of(
                    ["red", "blue"],
                    [Some("red"), Some("green"), None],
                )),
            ),
            column("note", Observed::Text(TextProfile::of([Some("a"), None]))),
        ],
        scores: Some(NumberProfile::of([Some(0.25)])),
    }
}

#[test]
fn what_is_kept() {
    let profile = profile();
    let number = NumberProfile {
        rows: 5,
        missing: 2,
        sample: vec![1.0, 2.0, 6.0],
        mean: Some(3.0),
        sd: Some((14.0f64 / 3.0).sqrt()),
        min: Some(1.0),
        max: Some(6.0),
    };
    let level = |name: &str, count| Level {
        name: name.to_owned(),
        count,
    };
    let category = CategoryProfile {
        rows: 3,
        missing: 1,
        levels: vec![level("red", 1), level("blue", 0)],
        unseen: 1,
    };
    assert_eq!(profile.columns[0].observed, Observed::Number(number));
    assert_eq!(profile.columns[1].observed, Observed::Category(category));
    assert_eq!(
        profile.columns[2].observed,
        Observed::Text(TextProfile {
            rows: 2,
            missing: 1
        })
    );
    assert_eq!(
        (
            profile.columns[0].observed.rows(),
            profile.columns[0].observed.missing()
        ),
        (5, 2)
    );
    assert_eq!(profile.check(), Ok(()));
    let json = serde_json::to_string(&profile).unwrap();
    assert_eq!(serde_json::from_str::<Profile>(&json).unwrap(), profile);
}

#[test]
fn columns_without_values() {
    let empty = NumberProfile::of([]);
    assert_eq!(
        (empty.rows, empty.mean, empty.sd, empty.min),
        (0, None, None, None)
    );
    let blank = NumberProfile::of([None, Some(f64::INFINITY)]);
    assert_eq!((blank.rows, blank.missing, blank.max), (2, 2, None));
    assert_eq!((empty.check(), blank.check()), (Ok(()), Ok(())));
}

/// The squares of these values, and their difference, are beyond the range of `f64`.
#[test]
fn enormous_values_have_moments_too() {
    let of = |values: [f64; 4]| NumberProfile::of(values.map(Some));
    let both_ends = of([f64::MAX, f64::MIN, f64::MAX, f64::MIN]);
    assert_eq!(both_ends.check(), Ok(()));
    assert_eq!(both_ends.mean, Some(0.0));
    assert!((both_ends.sd.unwrap() / f64::MAX - 1.0).abs() < 1e-12);
    let one = of([1e300, 0.0, 0.0, 0.0]);
    assert!((one.mean.unwrap() / 2.5e299 - 1.0).abs() < 1e-12);
    assert!((one.sd.unwrap() / (1e300 * 0.1875f64.sqrt()) - 1.0).abs() < 1e-12);
}

#[test]
fn a_long_column_is_thinned_evenly_by_rank() {
    let n = 3 * MAX_SAMPLE + 17;
    let profile = NumberProfile::of((0..n).rev().map(|i| Some(i as f64)));
    assert_eq!((profile.sample.len(), profile.rows), (MAX_SAMPLE, n as u64));
    assert_eq!(
        (profile.sample[0], profile.sample[MAX_SAMPLE - 1]),
        (0.0, (n - 1) as f64)
    );
    let steps = profile.sample.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(steps.into_iter().all(|step| step == 3.0 || step == 4.0));
    assert_eq!(profile.check(), Ok(()));
}

#[test]
fn every_damage_is_refused() {
    let number = |spoil: fn(&mut NumberProfile)| {
        let mut number = NumberProfile::of([Some(1.0), Some(2.0), None]);
        spoil(&mut number);
        number.check()
    };
    assert_eq!(number(|_| ()), Ok(()));
    assert_eq!(
        number(|n| n.missing = 4),
        Err("more values missing than rows")
    );
    assert_eq!(
        number(|n| n.rows = 9),
        Err("the sample has not the size the counts ask for")
    );
    assert_eq!(
        number(|n| n.sample.reverse()),
        Err("the sample is not finite and ascending")
    );
    assert_eq!(
        number(|n| n.sample[1] = f64::NAN),
        Err("the sample is not finite and ascending")
    );
    assert_eq!(
        number(|n| n.max = Some(3.0)),
        Err("the extremes are not the ends of the sample")
    );
    assert_eq!(
        number(|n| n.sd = Some(-1.0)),
        Err("mean or deviation is missing or impossible")
    );
    assert_eq!(
        number(|n| n.mean = None),
        Err("mean or deviation is missing or impossible")
    );
    let category = |spoil: fn(&mut CategoryProfile)| {
        let mut category = CategoryProfile::of(["a", "b"], [Some("a")]);
        spoil(&mut category);
        category.check()
    };
    assert_eq!(category(|_| ()), Ok(()));
    assert_eq!(
        category(|c| c.levels[1].name = "a".into()),
        Err("a level is listed twice")
    );
    assert_eq!(
        category(|c| c.levels[1].count = u64::MAX),
        Err("the counts do not add up to the rows")
    );
}

#[test]
fn a_fault_names_its_column() {
    let spoilt = |spoil: fn(&mut Profile)| {
        let mut profile = profile();
        spoil(&mut profile);
        profile.check().unwrap_err()
    };
    assert_eq!(
        spoilt(|p| p.columns[1].name = "height".into()),
        ProfileError::Twice("height".into())
    );
    let text = spoilt(|p| {
        p.columns[2].observed = Observed::Text(TextProfile {
            rows: 1,
            missing: 2,
        })
    });
    assert_eq!(
        text.to_string(),
        r#"profile of column "note": more values missing than rows"#
    );
    let scores = spoilt(|p| {
        p.scores = Some(NumberProfile {
            rows: 1,
            ..NumberProfile::default()
        })
    });
    assert_eq!(
        scores,
        ProfileError::Scores("the sample has not the size the counts ask for")
    );
}

proptest! {
    #![proptest_config(crate::proptest_config())]
    #[test]
    fn what_is_built_passes_the_check(
        values in prop::collection::vec(prop::option::of(prop::num::f64::NORMAL), 0..60),
    ) {
        prop_assert_eq!(NumberProfile::of(values).check(), Ok(()));
    }

    #[test]
    fn the_order_of_rows_does_not_matter(values in prop::collection::vec(prop::option::of(-1e3..1e3), 0..60)) {
        prop_assert_eq!(NumberProfile::of(values.iter().copied()), NumberProfile::of(values.iter().rev().copied()));
    }
}
