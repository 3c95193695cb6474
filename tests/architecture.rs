//! The architecture as a test: which module may use which, and which words each module may contain.
//!
//! The sources are checked as text on purpose: a dependency in code that is not compiled counts as well.

#[path = "architecture/files.rs"]
mod files;
#[path = "architecture/signatures.rs"]
mod signatures;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each module and the modules it may use. `clock` and `telemetry` may be used by every module above `schema`.
const ROOMS: &[(&str, &[&str])] = &[
    ("schema", &[]),
    ("stats", &[]),
    ("kernel", &[]),
    ("clock", &[]),
    ("units", &[]),
    ("backoff", &[]),
    ("telemetry", &["clock"]),
    ("ingest", &["schema", "telemetry", "backoff"]),
    (
        "store",
        &["schema", "monitor", "units", "clock", "telemetry"],
    ),
    ("features", &["schema", "stats"]),
    ("model", &["schema", "stats", "features", "kernel"]),
    ("train", &["schema", "stats", "kernel", "features", "model"]),
    ("registry", &["model", "promotion", "clock"]),
    ("monitor", &["schema", "stats", "clock"]),
    (
        "alert",
        &["store", "units", "clock", "backoff", "telemetry"],
    ),
    ("promotion", &["stats", "model"]),
    (
        "live",
        &["schema", "model", "registry", "store", "clock", "telemetry"],
    ),
    (
        "follow",
        &[
            "model",
            "schema",
            "registry",
            "store",
            "live",
            "publish",
            "backoff",
            "units",
            "telemetry",
        ],
    ),
    ("priority", &[]),
    ("bucket", &[]),
    (
        "backup",
        &[
            "store",
            "registry",
            "bucket",
            "priority",
            "units",
            "clock",
            "telemetry",
        ],
    ),
    (
        "publish",
        &["registry", "bucket", "backoff", "clock", "telemetry"],
    ),
    (
        "trainset",
        &["schema", "ingest", "model", "registry", "store"],
    ),
    (
        "pulls",
        &[
            "schema",
            "units",
            "ingest",
            "store",
            "live",
            "clock",
            "telemetry",
        ],
    ),
    ("export", &["ingest", "store", "clock"]),
    ("timeline", &["store", "clock", "telemetry"]),
    (
        "replay",
        &["schema", "stats", "model", "registry", "store", "trainset"],
    ),
    (
        "control",
        &[
            "schema",
            "stats",
            "ingest",
            "model",
            "train",
            "registry",
            "store",
            "live",
            "promotion",
            "trainset",
            "replay",
            "backup",
            "priority",
            "units",
            "clock",
            "telemetry",
        ],
    ),
    (
        "monitoring",
        &[
            "schema",
            "stats",
            "model",
            "registry",
            "store",
            "monitor",
            "alert",
            "live",
            "trainset",
            "clock",
            "telemetry",
        ],
    ),
    (
        "health",
        &[
            "store",
            "alert",
            "backup",
            "publish",
            "control",
            "units",
            "clock",
            "telemetry",
        ],
    ),
    (
        "serve",
        &[
            "schema",
            "stats",
            "model",
            "registry",
            "store",
            "monitor",
            "alert",
            "live",
            "follow",
            "promotion",
            "pulls",
            "export",
            "replay",
            "backup",
            "control",
            "monitoring",
            "timeline",
            "report",
            "priority",
            "units",
            "clock",
            "telemetry",
        ],
    ),
    (
        "config",
        &[
            "ingest",
            "store",
            "monitor",
            "alert",
            "promotion",
            "follow",
            "publish",
            "pulls",
            "backup",
            "control",
            "serve",
            "telemetry",
        ],
    ),
    (
        "report",
        &[
            "schema", "stats", "model", "train", "registry", "monitor", "ingest", "clock", "units",
        ],
    ),
    ("app", &["*"]),
    ("cli", &["*"]),
];

/// Words that stand for a dependency or a capability, and the modules or paths that may contain them.
const WORDS: &[(&str, &[&str])] = &[
    ("polars::", &["ingest"]),
    ("polars_arrow::", &["ingest"]),
    ("polars_parquet::", &["ingest"]),
    ("encoding_rs::", &["schema/dialect"]),
    ("smartcore::", &["train/learners"]),
    ("actix_web::", &["serve", "app", "cli/serve"]),
    ("actix_ws::", &["serve"]),
    ("bincode::", &["model/artifact"]),
    ("redb::", &["store"]),
    ("rustix::", &["priority", "store/file/volume"]),
    (
        "tokio::",
        &[
            "follow",
            "store",
            "alert",
            "backup",
            "bucket",
            "control",
            "live",
            "publish",
            "pulls",
            "health",
            "monitoring",
            "timeline",
            "serve",
            "app",
            "cli",
            "ingest/source",
        ],
    ),
    (
        "reqwest::",
        &[
            "ingest/source/http",
            "cli/demo/visitor",
            "cli/health",
            "cli/endpoint",
            "follow",
            "cli/remote",
            "alert/channels",
        ],
    ),
    ("object_store::", &["bucket"]),
    ("socket2::", &["serve/listener"]),
    ("tar::", &["backup"]),
    ("lettre::", &["alert/channels"]),
    ("sqlx::", &["ingest/source/sql"]),
    ("maud::", &["serve/page", "serve/docs", "report"]),
    ("clap::", &["cli", "promotion/policy"]),
    ("unsafe ", &["kernel"]),
    (
        "std::fs",
        &[
            "ingest",
            "registry",
            "config",
            "cli",
            "app",
            "backup",
            "telemetry",
            "serve/listener",
            "store/file",
            "alert/settings",
            "serve/options",
            "follow/spool/file",
            "publish/place",
        ],
    ),
    ("SystemTime", &[]),
    ("Timestamp::now", &["clock"]),
    // Ids come from the injected clock.
    ("now_v7", &["clock"]),
    ("new_v7", &["clock"]),
    ("thread_rng", &[]),
    // These macros panic if the output is closed; `cli/out` has replacements that do not.
    ("println!", &[]),
];

/// The modules that exchange JSON with clients, and may have `serde_json::Value` in a signature.
const JSON: &[&str] = &["serve", "cli"];

/// Columns of the bundled table: only its spec may contain them.
const COLUMNS: &[&str] = &[
    "Pclass",
    "SibSp",
    "Parch",
    "Embarked",
    "PassengerId",
    "Survived",
    "Cabin",
    "\"Sex\"",
    "\"Fare\"",
    "\"Ticket\"",
    "\"Age\"",
];

struct Source {
    /// Path under `src`, with `/`.
    path: String,
    room: String,
    /// The code without comments and without the tests at the end of the file.
    code: String,
    whole: String,
}

fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&src, &mut files);
    let read = |file: &PathBuf| {
        let path = file
            .strip_prefix(&src)
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        let room = path
            .split('/')
            .next()
            .unwrap()
            .trim_end_matches(".rs")
            .to_owned();
        let whole = fs::read_to_string(file).unwrap();
        let plain = &whole[..tests_at(&whole)];
        let code = plain
            .lines()
            .map(|l| l.split("//").next().unwrap())
            .collect::<Vec<_>>()
            .join("\n");
        Source {
            path,
            room,
            code,
            whole,
        }
    };
    files.iter().map(read).collect()
}

/// Where the tests at the end of a file begin. Tests in a file of their own are declared among the other modules, with code
/// after them.
fn tests_at(whole: &str) -> usize {
    const TESTS: &str = "#[cfg(test)]\nmod ";
    let is_here = |at: &usize| {
        let declared = whole[at + TESTS.len()..].lines().next();
        declared.is_some_and(|line| line.ends_with('{'))
    };
    let mut found = whole.match_indices(TESTS).map(|(at, _)| at);
    found.find(is_here).unwrap_or(whole.len())
}

#[test]
fn code_after_the_declaration_of_tests_counts() {
    let declared = "#[cfg(test)]\nmod tests;\n\nuse super::a;\n";
    assert_eq!(tests_at(declared), declared.len());
    let both = format!("{declared}#[cfg(test)]\nmod tests {{\n}}\n");
    assert_eq!(tests_at(&both), declared.len());
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            walk(&entry, files);
        } else if entry.extension().is_some_and(|e| e == "rs") {
            files.push(entry);
        }
    }
}

/// Tests beside the code are exempt.
fn is_test(path: &str) -> bool {
    path.ends_with("tests.rs") || path.ends_with("fixture.rs") || path.contains("/tests/")
}

/// Modules named by `crate::module` and `crate::{module, …}`.
fn rooms_used(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let word = |s: &str| {
            s.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect::<String>()
        };
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut start = true;
            for (i, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    c if start && depth == 0 && c.is_alphabetic() => {
                        used.insert(word(&group[i..]));
                        start = false;
                    }
                    _ => {}
                }
            }
        } else {
            used.insert(word(rest));
        }
    }
    used
}

#[test]
fn arrows_between_rooms_are_allowed() {
    let allowed: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    let mut faults = Vec::new();
    for source in sources()
        .iter()
        .filter(|s| !is_test(&s.path) && s.room != "lib" && s.room != "main")
    {
        let Some(may) = allowed.get(source.room.as_str()) else {
            faults.push(format!(
                "{}: the room {} is not in the table of tests/architecture.rs",
                source.path, source.room
            ));
            continue;
        };
        for room in rooms_used(&source.code)
            .iter()
            .filter(|r| allowed.contains_key(r.as_str()) && **r != source.room)
        {
            if !may.contains(&room.as_str()) && !may.contains(&"*") {
                faults.push(format!("{}: {} → {room}", source.path, source.room));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "arrows that are not allowed:\n{}",
        faults.join("\n")
    );
}

#[test]
fn the_table_of_arrows_has_no_cycle() {
    let allowed: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    fn visit<'a>(
        room: &'a str,
        allowed: &BTreeMap<&'a str, &'a [&'a str]>,
        path: &mut Vec<&'a str>,
    ) {
        assert!(
            !path.contains(&room),
            "a cycle: {} → {room}",
            path.join(" → ")
        );
        path.push(room);
        for next in allowed[room].iter().filter(|n| **n != "*") {
            visit(next, allowed, path);
        }
        path.pop();
    }
    for (room, _) in ROOMS {
        visit(room, &allowed, &mut Vec::new());
    }
}

#[test]
fn files_of_a_room_have_no_cycle() {
    let sources = sources();
    let files = files::Files::of(&sources);
    let mut cycles = Vec::new();
    for (room, _) in ROOMS {
        let arrows = files.cycles(room);
        cycles.extend(arrows.iter().map(|(from, to)| format!("{from} → {to}")));
    }
    assert!(
        cycles.is_empty(),
        "files of a room that use each other in a circle:\n{}",
        cycles.join("\n")
    );
}

#[test]
fn words_stand_where_they_belong() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|s| !is_test(&s.path)) {
        for (word, places) in WORDS {
            let at_home = places.iter().any(|place| source.path.starts_with(place));
            if source.code.contains(word)
                && !at_home
                && source.room != "main"
                && source.room != "lib"
            {
                faults.push(format!("{}: {word}", source.path));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "words out of place:\n{}",
        faults.join("\n")
    );
}

/// Facts between modules are types: the keys of JSON would be written in one module and read in another.
#[test]
fn no_json_crosses_a_module() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|s| !is_test(&s.path)) {
        if !JSON.contains(&source.room.as_str()) {
            let found = signatures::with_json(&source.code).into_iter();
            faults.extend(found.map(|signature| format!("{}: {signature}", source.path)));
        }
    }
    assert!(
        faults.is_empty(),
        "serde_json::Value in the signature of an item, where a struct belongs:\n{}",
        faults.join("\n")
    );
}

#[test]
fn no_line_names_a_column_of_the_bundled_table() {
    let mut faults = Vec::new();
    for source in sources() {
        for (number, line) in source.whole.lines().enumerate() {
            if let Some(column) = COLUMNS.iter().find(|c| line.contains(**c)) {
                faults.push(format!("{}:{}: {column}", source.path, number + 1));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "columns belong in the spec:\n{}",
        faults.join("\n")
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|s| !s.whole.starts_with("//!"))
        .map(|s| s.path)
        .collect();
    assert!(
        silent.is_empty(),
        "files that do not open with //!: {silent:?}"
    );
}
