//! The charts of a model's evaluation, for its report and for its page.

use super::chart::{self, Axis, Bar, Bin, Chart, Mark, Spot, bars, plain};
use crate::model::evaluation::{CalibrationBin, Dependence, DependencePoint, FoldMetric};
use crate::stats::metric::Metric;
use crate::stats::resampled::Estimate;

/// Metrics of folds that are drawn: those of one range.
const FOLDED: [&str; 3] = ["log_loss", "accuracy", "auc"];

/// Predicted against observed, each bin with its interval.
pub fn calibration(title: &str, positive: &str, bins: &[CalibrationBin]) -> Chart {
    let bin = |bin: &CalibrationBin| Bin {
        predicted: bin.predicted,
        observed: bin.observed,
        interval: (bin.interval.low, bin.interval.high),
        rows: bin.rows,
    };
    let bins: Vec<Bin> = bins.iter().map(bin).collect();
    chart::calibration(title, positive, &bins)
}

/// The growth of the log loss of unseen rows by column, with its standard error.
pub fn importance(columns: &[(&str, Estimate)]) -> Chart {
    let bar = |(i, (_, growth)): (usize, &(&str, Estimate))| {
        Bar::plain(i as f64 - 0.4, i as f64 + 0.4, growth.mean).labelled(with_error(growth))
    };
    let first = columns.first().map_or("no column", |column| column.0);
    Chart {
        title: "Permutation importance".into(),
        summary: format!(
            "By how much the log loss of unseen rows grows if the values of a column are dealt to the wrong rows; most for {first}."
        ),
        x: Axis::from_zero("growth of the log loss").in_unit("nats per row"),
        y: Axis::names(
            "",
            columns.iter().map(|column| column.0.to_owned()).collect(),
        ),
        marks: vec![Mark::Bars {
            series: "growth".into(),
            bars: columns.iter().enumerate().map(bar).collect(),
        }],
    }
}

/// `0.382 ± 0.044`: both with as many decimals as give the error two digits.
fn with_error(estimate: &Estimate) -> String {
    match estimate.se.filter(|se| se.is_finite() && *se > 0.0) {
        Some(se) => {
            let decimals = (1.0 - se.log10().floor()).clamp(0.0, 8.0) as usize;
            let mean = format!("{:.decimals$}", estimate.mean).replace('-', "\u{2212}");
            format!("{mean} ± {se:.decimals$}")
        }
        None => plain(estimate.mean),
    }
}

/// The mean probability over one column: a line over numbers, bars over levels. `None` without values.
pub fn dependence(found: &Dependence, positive: &str) -> Option<Chart> {
    let axis = format!("probability of {positive}");
    let numbers = found
        .points
        .iter()
        .filter_map(|p| Some((p.number?, p.probability)));
    let numbers: Vec<(f64, f64)> = numbers.collect();
    let title = format!("Probability over {}", found.column);
    if numbers.len() > 1 {
        let probabilities = found.points.iter().map(|p| p.probability);
        let (low, high) =
            probabilities.fold((f64::MAX, f64::MIN), |(a, b), p| (a.min(p), b.max(p)));
        return Some(Chart {
            title,
            summary: format!(
                "Mean probability of {positive} over {}: from {} to {}.",
                found.column,
                plain(low),
                plain(high)
            ),
            x: Axis::number(&found.column),
            y: Axis::from_zero(axis),
            marks: vec![Mark::Line {
                series: "mean probability".into(),
                points: numbers,
                dashed: false,
            }],
        });
    }
    let name = |p: &DependencePoint| match (p.number, &p.level) {
        (Some(number), _) => plain(number),
        (None, Some(level)) => level.clone(),
        (None, None) => "missing".into(),
    };
    let names: Vec<String> = found.points.iter().map(name).collect();
    let values: Vec<f64> = found.points.iter().map(|p| p.probability).collect();
    let axes = (Axis::names(&found.column, names), Axis::from_zero(axis));
    (!values.is_empty()).then(|| bars(title, axes.0, axes.1, &[("mean probability", &values)]))
}

/// Metrics of each fold.
pub fn folds(all: &[FoldMetric]) -> Chart {
    let drawn = || all.iter().filter(|of| FOLDED.contains(&of.metric.as_str()));
    let mark = |of: &FoldMetric| {
        let spot = |(i, value): (usize, &Option<f64>)| Spot {
            x: i as f64,
            y: value.unwrap_or(f64::NAN),
            interval: None,
        };
        Mark::Points {
            series: Metric::named(&of.metric)
                .map_or(of.metric.as_str(), |m| m.title)
                .into(),
            points: of.values.iter().enumerate().map(spot).collect(),
        }
    };
    let count = drawn().next().map_or(0, |of| of.values.len());
    Chart {
        title: "Metrics of each fold".into(),
        summary: format!("Log loss, accuracy and AUC in each of {count} folds."),
        x: Axis::names("fold", (1..=count).map(|fold| fold.to_string()).collect()),
        y: Axis::from_zero("value"),
        marks: drawn().map(mark).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::Size;
    use crate::report::html::figure;

    #[test]
    fn folds_are_marked_by_their_numbers_alone() {
        let folds_of = |values: Vec<Option<f64>>| {
            let metric = "auc".to_owned();
            folds(&[FoldMetric { metric, values }])
        };
        let chart = folds_of(vec![Some(0.8), Some(0.9)]);
        let drawn = figure(&chart, "folds", Size::of(290.0, 210.0)).into_string();
        assert!(drawn.contains(">1</text>") && drawn.contains(">2</text>"));
        assert!(!drawn.contains(">1.2</text>"), "{drawn}");
        assert_eq!(chart.table().rows[1], ["2", "0.9"]);
        let many = folds_of(vec![Some(0.8); 50]);
        assert_eq!(many.table().rows.len(), 50);
    }

    #[test]
    fn an_estimate_has_the_decimals_of_its_error() {
        let check = |mean, se, expected| {
            assert_eq!(with_error(&Estimate { mean, se }), expected);
        };
        check(0.381_5, Some(0.043_56), "0.382 ± 0.044");
        check(0.009_846, Some(0.009_363), "0.0098 ± 0.0094");
        check(-0.001, Some(0.02), "\u{2212}0.001 ± 0.020");
        check(0.25, None, "0.25");
        check(0.25, Some(0.0), "0.25");
    }
}
