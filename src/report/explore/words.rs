//! Numbers and terms in words.

use std::collections::BTreeMap;

/// What each measure and rule means.
pub fn definitions() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        (
            "spearman",
            "Spearman's rank correlation of two numbers, ties with mean ranks; 95 % interval by Fisher's z with the variance of Bonett and Wright (2000)",
        ),
        (
            "cramers_v",
            "Cramér's V of two categories, corrected for bias after Bergsma (2013); 95 % interval by inversion of the noncentral χ² distribution (Smithson, 2003)",
        ),
        (
            "cramers_v_uncorrected",
            "Cramér's V without the correction: √(χ²/n/min(r − 1, c − 1))",
        ),
        (
            "point_biserial",
            "Point-biserial correlation of a number and a category of two levels (for the target, its positive value is 1); 95 % interval by Fisher's z",
        ),
        (
            "mutual_information",
            "Mutual information in nats of the observed counts; numbers of more than 20 values in tenths of equally many rows; 95 % interval by the delta method",
        ),
        (
            "strength",
            "For comparison across measures, 0 to 1: |r|, V, and √(1 − exp(−2 I)) of the mutual information less its bias (r − 1)(c − 1)/2n (Miller, 1955), levels of fewer than 10 rows as one; 0 where a G test at 1 % sees nothing",
        ),
        (
            "outliers",
            "Tukey's rule: more than 1.5 interquartile ranges below the first or above the third quartile",
        ),
        (
            "auc",
            "Area under the ROC curve of a column alone, in the better direction: of its values, of the positive rate of its levels in the other fifths of the rows, or of whether it is filled in",
        ),
        (
            "groups",
            "Keys of many values with few rows each, whose rows agree in at least half of the pairs in a column in which any two rows agree in at most 5 %",
        ),
        ("share", "95 % intervals of shares are Wilson's"),
        ("sd", "Standard deviation of the sample (n − 1)"),
    ])
}

/// `one row`, `12 rows`.
pub fn counted_rows(rows: u64) -> String {
    match rows {
        1 => "one row".into(),
        rows => format!("{rows} rows"),
    }
}

/// A share in per cent.
pub fn percent(share: f64) -> String {
    let share = share * 100.0;
    match share {
        0.0 => "0 %".into(),
        s if s < 0.1 => "under 0.1 %".into(),
        s if s < 10.0 || (s > 99.0 && s < 100.0) => format!("{s:.1} %"),
        s => format!("{s:.0} %"),
    }
}

/// A part of a whole in per cent.
pub fn of(part: u64, whole: u64) -> String {
    percent(part as f64 / whole.max(1) as f64)
}

/// A p-value in brief, never as zero.
pub fn p_value(p: f64) -> String {
    match p {
        p if p < 1e-300 => "under 1e-300".into(),
        p if p < 1e-3 => format!("{p:.0e}"),
        p => format!("{p:.3}"),
    }
}

/// A value of a measure, to three digits.
pub fn fixed(value: f64) -> String {
    let text = format!("{value:.3}");
    match text.strip_prefix('-') {
        Some("0.000") => "0.000".into(),
        Some(rest) => format!("\u{2212}{rest}"),
        None => text,
    }
}

/// A distribution in a line of text, in blocks of eight heights.
pub fn spark(counts: &[u64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let bar = |count: &u64| BARS[(*count as f64 / most * 7.0).ceil() as usize];
    counts.iter().map(bar).collect()
}

/// A name in a sentence, cut where it is long.
pub fn short(name: &str) -> String {
    const LONGEST: usize = 60;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// Names in a sentence: the first few, and how many more.
pub fn list(names: &[String]) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| short(name)).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spark_line_shows_what_is_there() {
        assert_eq!(spark(&[0, 1, 400, 800]), "▁▂▅█");
        assert_eq!(spark(&[]), "");
        assert_eq!(spark(&[0]), "▁");
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(short(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
        assert_eq!(percent(0.00002), "under 0.1 %");
    }
}
