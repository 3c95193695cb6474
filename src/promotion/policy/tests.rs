//! Tests of the decision as a table: mode × champion × metrics.

use super::*;
use crate::model::Spec;
use crate::promotion::fixture::card;

const SPLITS: (&str, u64, usize, usize) = ("table", 0, 10, 5);

/// An evaluation parsed from the text of a spec.
fn evaluation(text: &str) -> Evaluation {
    let spec = "version: 1\nname: wine\ntarget: {column: good, positive: 1, negative: 0}\n\
                columns: [{name: sugar, kind: number, required: true}]\nrecipe: {steps: [], features: [sugar]}\n";
    Spec::parse(&format!("{spec}evaluation: {text}\n"))
        .unwrap()
        .evaluation
}

/// Checks the decision on a candidate named wine, evaluated by log loss with a floor of 0.6 on the AUC.
fn check(
    mode: Promote,
    candidate: &Card,
    champion: Option<(&str, Option<&Card>)>,
    promote: bool,
    reason: &str,
) {
    let evaluation = evaluation("{metric: log_loss, floors: {auc: 0.6}}");
    let champion = champion.map(|(version, card)| Champion {
        name: version.split('@').next().unwrap(),
        version,
        card,
    });
    let verdict = decide(mode, candidate, "wine", champion, &evaluation);
    assert_eq!(
        (verdict.promote, verdict.reason.as_str()),
        (promote, reason)
    );
}

#[test]
fn a_word_of_the_caller_settles_it() {
    let (good, bad) = (
        card(Some(0.3), Some(0.01), 0.9, SPLITS),
        card(Some(0.9), Some(0.01), 0.5, SPLITS),
    );
    for champion in [
        None,
        Some(("wine@1", Some(&good))),
        Some(("wine@1", None)),
        Some(("beer@1", Some(&good))),
    ] {
        check(
            Promote::Always,
            &bad,
            champion,
            true,
            "requested: --promote always",
        );
        check(
            Promote::Never,
            &good,
            champion,
            false,
            "requested: --promote never",
        );
    }
}

#[test]
fn without_a_champion_anything_is_promoted() {
    let good = card(Some(0.693), None, 0.5, SPLITS);
    check(Promote::Auto, &good, None, true, "there was no champion");
    let no_better = "log loss 0.9000 is no better than always answering the base rate (0.6931)";
    let bad = card(Some(0.9), None, 0.5, SPLITS);
    let reason = format!("there was no champion; {no_better}");
    check(Promote::Auto, &bad, None, true, &reason);
    check(
        Promote::Auto,
        &card(None, None, 0.7, SPLITS),
        None,
        true,
        "there was no champion",
    );
}

#[test]
fn on_the_same_splits_any_difference_counts() {
    let champion = card(Some(0.4), Some(0.02), 0.8, SPLITS);
    let auto = |log_loss: f64, promote, reason: &str| {
        let candidate = card(Some(log_loss), Some(0.02), 0.8, SPLITS);
        check(
            Promote::Auto,
            &candidate,
            Some(("wine@7", Some(&champion))),
            promote,
            reason,
        );
    };
    auto(
        0.35,
        true,
        "not worse: log loss 0.3500 against 0.4000 of wine@7, on the same splits",
    );
    auto(
        0.4,
        true,
        "not worse: log loss 0.4000 against 0.4000 of wine@7, on the same splits",
    );
    auto(
        0.4001,
        false,
        "worse: log loss 0.4001 against 0.4000 of wine@7, on the same splits",
    );
}

#[test]
fn on_other_splits_one_standard_error_is_allowed() {
    let champion = card(Some(0.4), Some(0.02), 0.8, SPLITS);
    for splits in [
        ("other", 0, 10, 5),
        ("table", 1, 10, 5),
        ("table", 0, 5, 5),
        ("table", 0, 10, 1),
    ] {
        let auto = |log_loss: f64, se: Option<f64>, promote, reason: &str| {
            let candidate = card(Some(log_loss), se, 0.8, splits);
            check(
                Promote::Auto,
                &candidate,
                Some(("wine@7", Some(&champion))),
                promote,
                reason,
            );
        };
        let said = |than: &str, new: &str, room: &str| {
            format!(
                "{than}: log loss {new} against 0.4000 of wine@7, on other splits, one standard error being {room}"
            )
        };
        auto(
            0.3,
            Some(0.01),
            true,
            &said("not worse", "0.3000", "0.0200"),
        );
        auto(
            0.4199,
            Some(0.01),
            true,
            &said("not worse", "0.4199", "0.0200"),
        );
        auto(
            0.4201,
            Some(0.01),
            false,
            &said("worse", "0.4201", "0.0200"),
        );
        // The larger of the two standard errors applies.
        auto(
            0.4299,
            Some(0.03),
            true,
            &said("not worse", "0.4299", "0.0300"),
        );
        auto(
            0.4301,
            Some(0.03),
            false,
            &said("worse", "0.4301", "0.0300"),
        );
        auto(0.4199, None, true, &said("not worse", "0.4199", "0.0200"));
    }
    // Without any known standard error, no tolerance applies.
    let (bare, other) = (
        card(Some(0.4), None, 0.8, SPLITS),
        card(Some(0.4001), None, 0.8, ("other", 0, 10, 5)),
    );
    let reason = "worse: log loss 0.4001 against 0.4000 of wine@7, on other splits, one standard error being 0.0000";
    check(
        Promote::Auto,
        &other,
        Some(("wine@7", Some(&bare))),
        false,
        reason,
    );
}

#[test]
fn a_metric_that_grows_is_compared_the_other_way_round() {
    let evaluation = evaluation("{metric: auc}");
    let champion = card(Some(0.4), Some(0.02), 0.8, SPLITS);
    let promoted = |auc, splits| {
        let candidate = card(Some(0.6), Some(0.02), auc, splits);
        let champion = Some(Champion {
            name: "wine",
            version: "wine@7",
            card: Some(&champion),
        });
        decide(Promote::Auto, &candidate, "wine", champion, &evaluation).promote
    };
    assert!(promoted(0.81, SPLITS) && promoted(0.8, SPLITS) && !promoted(0.7999, SPLITS));
    let other = ("other", 0, 10, 5);
    assert!(promoted(0.7801, other) && !promoted(0.7799, other));
}

#[test]
fn what_cannot_be_compared_is_kept() {
    let (sound, undefined) = (
        card(Some(0.4), None, 0.8, SPLITS),
        card(None, None, 0.8, SPLITS),
    );
    let reason = "log loss is undefined for one of the two";
    check(
        Promote::Auto,
        &undefined,
        Some(("wine@7", Some(&sound))),
        false,
        reason,
    );
    check(
        Promote::Auto,
        &sound,
        Some(("wine@7", Some(&undefined))),
        false,
        reason,
    );
}

#[test]
fn a_model_of_another_name_is_never_pushed_aside_unasked() {
    let candidate = card(Some(0.1), Some(0.01), 0.99, SPLITS);
    let champion = card(Some(0.9), Some(0.01), 0.5, SPLITS);
    let reason = "not compared: the champion beer@2 is not a model of wine; promote the new one by hand if it is to replace it";
    check(
        Promote::Auto,
        &candidate,
        Some(("beer@2", Some(&champion))),
        false,
        reason,
    );
    check(
        Promote::Auto,
        &candidate,
        Some(("beer@2", None)),
        false,
        reason,
    );
}

#[test]
fn a_champion_that_cannot_be_read_gives_way() {
    let candidate = card(Some(0.9), None, 0.7, SPLITS);
    check(
        Promote::Auto,
        &candidate,
        Some(("wine@7", None)),
        true,
        "the champion wine@7 cannot be read; \
         log loss 0.9000 is no better than always answering the base rate (0.6931)",
    );
}

#[test]
fn no_better_than_the_base_rate_none_is_promoted_over_a_champion() {
    let champion = card(Some(0.789), Some(0.02), 0.7, SPLITS);
    let reason = "log loss 0.7380 is no better than always answering the base rate (0.6931)";
    let candidate = card(Some(0.738), Some(0.02), 0.7, SPLITS);
    let over = Some(("wine@7", Some(&champion)));
    check(Promote::Auto, &candidate, over, false, reason);
    // Half of the 100 rows are positive, so the base rate has a log loss of ln 2.
    let base_rate = card(Some(std::f64::consts::LN_2), Some(0.02), 0.7, SPLITS);
    let reason = "log loss 0.6931 is no better than always answering the base rate (0.6931)";
    check(Promote::Auto, &base_rate, over, false, reason);
    let better = card(Some(0.693), Some(0.02), 0.7, SPLITS);
    let reason = "not worse: log loss 0.6930 against 0.7890 of wine@7, on the same splits";
    check(Promote::Auto, &better, over, true, reason);
}

#[test]
fn below_a_floor_none_is_promoted_over_a_champion() {
    let champion = card(Some(0.9), Some(0.02), 0.5, SPLITS);
    let below = card(Some(0.3), Some(0.02), 0.5999, SPLITS);
    let at = card(Some(0.3), Some(0.02), 0.6, SPLITS);
    let misses = "auc 0.5999 misses the spec's floor 0.6";
    check(
        Promote::Auto,
        &below,
        Some(("wine@7", Some(&champion))),
        false,
        misses,
    );
    check(Promote::Auto, &below, Some(("wine@7", None)), false, misses);
    let not_worse = "not worse: log loss 0.3000 against 0.9000 of wine@7, on the same splits";
    check(
        Promote::Auto,
        &at,
        Some(("wine@7", Some(&champion))),
        true,
        not_worse,
    );
    // A candidate that is worse than the champion is reported as worse, even if it also misses the base rate.
    let worse = card(Some(0.95), Some(0.02), 0.5, SPLITS);
    let reason = "worse: log loss 0.9500 against 0.9000 of wine@7, on the same splits";
    check(
        Promote::Auto,
        &worse,
        Some(("wine@7", Some(&champion))),
        false,
        reason,
    );
}
