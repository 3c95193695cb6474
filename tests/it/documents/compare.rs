//! Compares printed output with the output shown.

use regex_automata::meta::Regex;

/// What differs from run to run: times of day, durations, ids, digests, ports.
const VARYING: [(&str, &str); 5] = [
    (r"\b\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME"),
    (
        r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        "ID",
    ),
    (r"\b[0-9a-f]{16,64}\b", "DIGEST"),
    (r"\b(127\.0\.0\.1|localhost):\d+", "ADDRESS"),
    (
        r"\b\d+(\.\d+)? ?(µs|ms|s|min|h)\b|\bseconds=[0-9.]+",
        "DURATION",
    ),
];

fn masked(text: &str) -> String {
    let mut text = text.to_owned();
    for (varying, mask) in VARYING {
        let varying = Regex::new(varying).unwrap();
        let mut masked = String::new();
        let mut done = 0;
        for found in varying.find_iter(&text) {
            masked.push_str(&text[done..found.start()]);
            masked.push_str(mask);
            done = found.end();
        }
        masked.push_str(&text[done..]);
        text = masked;
    }
    text
}

/// Whether the lines match; `…` alone is any number of lines.
fn lines_match(shown: &[&str], printed: &[&str]) -> bool {
    match shown {
        [] => printed.is_empty(),
        ["…", rest @ ..] => (0..=printed.len()).any(|skip| lines_match(rest, &printed[skip..])),
        [line, rest @ ..] => {
            let Some((first, others)) = printed.split_first() else {
                return false;
            };
            line_matches(line, first) && lines_match(rest, others)
        }
    }
}

/// Whether a line matches; `…` is any text.
fn line_matches(shown: &str, printed: &str) -> bool {
    let Some((start, rest)) = shown.split_once('…') else {
        return shown == printed;
    };
    let Some(printed) = printed.strip_prefix(start) else {
        return false;
    };
    let ends = printed.char_indices().map(|(at, _)| at);
    ends.chain([printed.len()])
        .any(|at| line_matches(rest, &printed[at..]))
}

/// Whether the output is the one shown, apart from what varies and from blanks at the ends of lines.
pub fn alike(shown: &str, printed: &str) -> bool {
    let (shown, printed) = (masked(shown), masked(printed));
    let lines = |text| str::lines(text).map(str::trim_end).collect::<Vec<_>>();
    lines_match(&lines(&shown), &lines(&printed))
}

#[test]
fn outputs_are_compared_but_for_what_varies() {
    for (shown, printed, expected) in [
        ("", "", true),
        ("", "a\n", false),
        ("a\n", "", false),
        ("a  \n", "a\n", true),
        ("log loss 0.36\n", "log loss 0.37\n", false),
        (
            "ready http://127.0.0.1:5000\n",
            "ready http://127.0.0.1:41233\n",
            true,
        ),
        ("in 1.5 s\n", "in 12 s\n", true),
        ("3 rows\n", "4 rows\n", false),
        ("seconds=4.9\n", "seconds=0.1\n", true),
        ("…\nb\n", "a\na\nb\n", true),
        ("…\nb\n", "b\n", true),
        ("…\nb\n", "b\nc\n", false),
        ("x … z\n", "x y y z\n", true),
        ("x … z\n", "x y y\n", false),
        (
            "{\"id\":\"01a2103a-b4e0-79fd-b773-3a0a2c05e0c7\"}\n",
            "{\"id\":\"11a2103a-b4e0-79fd-b773-3a0a2c05e0c8\"}\n",
            true,
        ),
    ] {
        assert_eq!(alike(shown, printed), expected, "{shown:?} {printed:?}");
    }
}
