//! What the deployment files say of the binary, held against the binary: command lines, variables, settings, ports, probes,
//! metrics, times of stopping. They are read as text, because there are six kinds of them; how each kind is written is held by the
//! validators of `.ci/deployment`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use reqwest::Method;
use serde_json::Value;
use titanic_platform::config::BUILT_IN;
use titanic_platform::telemetry::metrics::NAMES;

use crate::cli::BINARY;
use crate::server::Server;

/// The files that run the server, and how many command lines each has.
const RUNNING: &[(&str, usize)] = &[
    ("Dockerfile", 2),
    ("docker-compose.yml", 3),
    ("deployment/cloud/aws/ecs_deployment.yaml", 4),
    ("deployment/cloud/aws/lambda.Dockerfile", 2),
    ("deployment/cloud/azure/container_apps.bicep", 1),
    ("deployment/cloud/gcp/gcp_deployment.yaml", 1),
    ("deployment/cloud/gcp/gcp_follower.yaml", 1),
    ("deployment/cloud/model.Dockerfile", 2),
    ("deployment/kubernetes/kserve/servingruntime.yaml", 1),
    (
        "deployment/kubernetes/overlays/followers/deployment.yaml",
        1,
    ),
    ("deployment/kubernetes/overlays/single/statefulset.yaml", 1),
    ("deployment/systemd/titanic-platform.service", 1),
];

/// The files that set variables of the server, and how many each sets.
const WITH_VARIABLES: &[(&str, usize)] = &[
    ("Dockerfile", 3),
    ("deployment/cloud/aws/ecs_deployment.yaml", 4),
    ("deployment/cloud/aws/lambda.Dockerfile", 2),
    ("deployment/cloud/aws/sagemaker.md", 4),
    ("deployment/cloud/azure/container_apps.bicep", 4),
    ("deployment/cloud/gcp/gcp_deployment.yaml", 4),
    ("deployment/cloud/gcp/gcp_follower.yaml", 4),
    ("deployment/cloud/gcp/vertex.md", 3),
    ("deployment/kubernetes/kserve/servingruntime.yaml", 3),
];

/// Settings files, also those inside of a ConfigMap.
const SETTINGS: &[&str] = &[
    "deployment/compose/follower.yaml",
    "deployment/compose/platform.yaml",
    "deployment/kubernetes/overlays/followers/configmap.yaml",
    "deployment/kubernetes/overlays/single/configmap.yaml",
    "deployment/systemd/config.yaml",
];

/// What stops the server: the file with its drain and shutdown times, the file and the key with the time until it is killed.
const STOPPING: &[(&str, &str, &str)] = &[
    (
        "deployment/compose/platform.yaml",
        "docker-compose.yml",
        "stop_grace_period",
    ),
    (
        "deployment/compose/follower.yaml",
        "docker-compose.yml",
        "stop_grace_period",
    ),
    (
        "deployment/kubernetes/overlays/single/configmap.yaml",
        "deployment/kubernetes/overlays/single/statefulset.yaml",
        "terminationGracePeriodSeconds",
    ),
    (
        "deployment/kubernetes/overlays/followers/configmap.yaml",
        "deployment/kubernetes/overlays/followers/deployment.yaml",
        "terminationGracePeriodSeconds",
    ),
    (
        "deployment/kubernetes/kserve/servingruntime.yaml",
        "deployment/kubernetes/kserve/inferenceservice.yaml",
        "terminationGracePeriodSeconds",
    ),
    (
        "deployment/cloud/aws/ecs_deployment.yaml",
        "deployment/cloud/aws/ecs_deployment.yaml",
        "StopTimeout",
    ),
    (
        "deployment/cloud/azure/container_apps.bicep",
        "deployment/cloud/azure/container_apps.bicep",
        "terminationGracePeriodSeconds",
    ),
    (
        "deployment/systemd/config.yaml",
        "deployment/systemd/titanic-platform.service",
        "TimeoutStopSec",
    ),
];

/// Where the time until it is killed is the cloud's, in seconds.
const STOPPING_IN_CLOUDS: &[(&str, u64)] = &[
    ("deployment/cloud/gcp/gcp_deployment.yaml", 10),
    ("deployment/cloud/gcp/gcp_follower.yaml", 10),
    ("deployment/cloud/aws/sagemaker.md", 30),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every deployment file with its text.
fn files() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // Tokens that somebody made here are not in the repository.
                if path.file_name().is_some_and(|name| name != "secret") {
                    walk(&path, found);
                }
            } else {
                found.push(path);
            }
        }
    }
    let mut found = vec![root().join("Dockerfile"), root().join("docker-compose.yml")];
    walk(&root().join("deployment"), &mut found);
    found.sort();
    found
        .iter()
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// A value as written, without quotes, tags of CloudFormation and the comma after it.
fn plain(text: &str) -> &str {
    let text = text.trim().trim_end_matches(',').trim();
    let text = text.strip_prefix("!Sub ").unwrap_or(text).trim();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

/// The value after `key:` or `key=` where a line begins with it (blanks and `- ` before it do not count), else none.
fn after<'t>(key: &str, line: &'t str) -> Option<&'t str> {
    let line = line.trim_start();
    let rest = line.strip_prefix("- ").unwrap_or(line).strip_prefix(key)?;
    rest.strip_prefix([':', '=']).map(str::trim)
}

/// Words of names: `TITANIC_…`, `titanic_…`.
fn names<'t>(prefix: &str, text: &'t str) -> BTreeSet<&'t str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with(prefix) && word.len() > prefix.len())
        .collect()
}

// --- command lines ---

/// The command lines of the server in a file: subcommand and arguments.
pub fn command_lines(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let lines: Vec<&str> = text.lines().filter(|l| !is_comment(l)).collect();
    for (number, line) in lines.iter().enumerate() {
        let words: Vec<String> = if let Some(command) = after("ExecStart", line) {
            command.split_whitespace().map(str::to_owned).collect()
        } else if let Some((_, list)) = line.split_once('[').filter(|(key, _)| is_command(key)) {
            if list.trim().is_empty() {
                // One argument a line, as bicep writes it.
                listed(&lines[number + 1..], |line| line.starts_with('\''))
            } else {
                let list = list.rsplit_once(']').map_or(list, |(list, _)| list);
                list.split(',').map(|word| plain(word).to_owned()).collect()
            }
        } else if is_command(line.trim_end()) && line.trim_end().ends_with(':') {
            listed(&lines[number + 1..], |line| line.starts_with("- "))
        } else {
            continue;
        };
        let from = words
            .iter()
            .position(|word| word == "serve" || word == "health");
        found.extend(from.map(|from| words[from..].to_vec()));
    }
    found
}

/// Whether the line is a comment of YAML, a Dockerfile, a unit or bicep.
fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with(['#', ';']) || line.trim_start().starts_with("//")
}

/// Whether what stands before a list is the name of a command or of its arguments.
fn is_command(key: &str) -> bool {
    let key = key.trim().trim_start_matches("- ").trim_end_matches(':');
    ["CMD", "ENTRYPOINT", "command", "Command", "args", "test"].contains(&key.trim())
}

/// The items of a list with one a line.
fn listed(lines: &[&str], is_item: impl Fn(&str) -> bool) -> Vec<String> {
    let items = lines.iter().map(|line| line.trim());
    items
        .take_while(|line| is_item(line))
        .map(|line| plain(line.trim_start_matches("- ")).to_owned())
        .collect()
}

/// Runs the binary with this environment alone.
fn run(arguments: &[String], variables: &BTreeMap<String, String>) -> Output {
    let folder = tempfile::tempdir().unwrap();
    Command::new(BINARY)
        .args(arguments)
        .env_clear()
        .envs(variables)
        .current_dir(folder.path())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn the_binary_parses_every_command_line() {
    for (file, expected) in RUNNING {
        let lines = command_lines(&read(file));
        assert_eq!(lines.len(), *expected, "{file}: {lines:?}");
        for line in lines {
            // The arguments before --help are parsed before the help is printed.
            let mut arguments = line.clone();
            arguments.push("--help".into());
            let output = run(&arguments, &BTreeMap::new());
            assert!(
                output.status.success(),
                "{file}: {line:?}: {}",
                said(&output)
            );
            let mut misspelt = line.clone();
            misspelt.extend(["--no-such-flag".into(), "--help".into()]);
            let output = run(&misspelt, &BTreeMap::new());
            assert_eq!(
                output.status.code(),
                Some(2),
                "{file}: {misspelt:?} is taken"
            );
        }
    }
}

// --- variables and settings ---

/// The keys of the built-in settings: sections, values, and sections in which users choose the keys.
fn keys() -> (BTreeSet<String>, BTreeSet<String>) {
    fn walk(path: &str, value: &Value, all: &mut BTreeSet<String>, open: &mut BTreeSet<String>) {
        let Value::Object(entries) = value else {
            all.insert(path.to_owned());
            return;
        };
        if entries.is_empty() {
            open.insert(format!("{path}."));
        }
        for (key, value) in entries {
            let path = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            walk(&path, value, all, open);
        }
    }
    let (mut all, mut open) = (BTreeSet::new(), BTreeSet::new());
    let built_in: Value = serde_saphyr::from_str(BUILT_IN).unwrap();
    walk("", &built_in, &mut all, &mut open);
    assert!(
        all.contains("server.drain") && open.contains("sources."),
        "{all:?} {open:?}"
    );
    (all, open)
}

#[test]
fn every_variable_is_a_setting_or_a_flag() {
    let (all, open) = keys();
    let help = said(&run(&["serve".into(), "--help".into()], &BTreeMap::new()));
    let mut seen = 0;
    for (file, text) in files() {
        for name in names("TITANIC_", &text) {
            seen += 1;
            let key = name["TITANIC_".len()..].to_lowercase().replace("__", ".");
            let is_setting =
                all.contains(&key) || open.iter().any(|section| key.starts_with(section));
            let is_flag = help.contains(&format!("[env: {name}"));
            assert!(
                is_setting || is_flag,
                "{file}: {name} is neither a setting nor a flag"
            );
        }
    }
    assert!(seen >= 30, "{seen}");
}

/// The variables that a file sets, of ours and those that hold secrets.
pub fn variables(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let lines: Vec<&str> = text.lines().filter(|l| !is_comment(l)).collect();
    for (number, line) in lines.iter().enumerate() {
        // Dockerfile: NAME=VALUE, the last ones of an instruction on lines of their own.
        let assigned = line.trim().trim_end_matches('\\').trim();
        let assigned = assigned.strip_prefix("ENV ").unwrap_or(assigned);
        if let Some((name, value)) = assigned
            .split_once('=')
            .filter(|(name, _)| is_variable(name))
        {
            found.insert(name.to_owned(), value.to_owned());
        }
        // A table of a page: | `NAME` | `VALUE` | reason |
        let cells: Vec<&str> = line
            .split('|')
            .map(|cell| cell.trim().trim_matches('`'))
            .collect();
        if let [_, name, value, _, _] = cells[..]
            && is_variable(name)
        {
            found.insert(name.to_owned(), value.to_owned());
        }
        // YAML and bicep: the value is on the line after the name, or, folded, on those after that.
        let name = ["name", "Name"]
            .iter()
            .find_map(|key| after(key, line))
            .map(plain);
        let Some(name) = name.filter(|name| is_variable(name)) else {
            continue;
        };
        let next = lines.get(number + 1).copied().unwrap_or_default();
        let Some(value) = ["value", "Value"].iter().find_map(|key| after(key, next)) else {
            continue; // of a secret
        };
        let value = match value {
            ">-" => {
                let indent = |line: &str| line.len() - line.trim_start().len();
                let folded = lines[number + 2..].iter();
                let folded = folded.take_while(|line| indent(line) > indent(next));
                folded.map(|line| line.trim()).collect::<Vec<_>>().join(" ")
            }
            value => plain(value).to_owned(),
        };
        found.insert(name.to_owned(), value);
    }
    found
}

fn is_variable(name: &str) -> bool {
    name.starts_with("TITANIC_") && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}

#[test]
fn the_binary_takes_the_variables_of_every_file() {
    let image = variables(&read("Dockerfile"));
    let check = ["config".into(), "check".into()];
    for (file, expected) in WITH_VARIABLES {
        let mut variables = variables(&read(file));
        assert_eq!(variables.len(), *expected, "{file}: {variables:?}");
        // The secrets that they name are the cloud's.
        for value in variables.clone().values() {
            for part in value.split("\"secret_env\": \"").skip(1) {
                let name = part.split('"').next().unwrap();
                let secret = format!("{name}-0123456789-0123456789-0123456789");
                variables.insert(name.to_owned(), secret);
            }
        }
        for (name, value) in &image {
            variables.entry(name.clone()).or_insert(value.clone());
        }
        let output = run(&check, &variables);
        if *file == "Dockerfile" {
            // The image alone lets nobody in from other machines, and says how that is changed.
            assert_eq!(output.status.code(), Some(1), "{}", said(&output));
            assert!(said(&output).contains("server.auth"), "{}", said(&output));
        } else {
            let text = said(&output);
            assert!(output.status.success(), "{file}: {variables:?}: {text}");
        }
    }
}

#[test]
fn the_binary_takes_every_settings_file() {
    for file in SETTINGS {
        let text = read(file);
        let text = match text.split_once("config.yaml: |\n") {
            Some((_, inside)) => inside
                .lines()
                .map(|line| line.get(4..).unwrap_or(""))
                .collect::<Vec<_>>()
                .join("\n"),
            None => text,
        };
        // Tokens lie where the platform puts them; here they lie in a folder.
        let folder = tempfile::tempdir().unwrap();
        let mut rewritten = String::new();
        for (number, part) in text.split("secret_file: ").enumerate() {
            if number == 0 {
                rewritten.push_str(part);
                continue;
            }
            let end = part.find([',', '}']).unwrap();
            let token = folder
                .path()
                .join(Path::new(&part[..end]).file_name().unwrap());
            std::fs::write(&token, format!("{number}-0123456789-0123456789-0123456789")).unwrap();
            rewritten.push_str(&format!("secret_file: {}{}", token.display(), &part[end..]));
        }
        let settings = folder.path().join("config.yaml");
        std::fs::write(&settings, rewritten).unwrap();
        let arguments = [
            "config".into(),
            "check".into(),
            "--config".into(),
            settings.display().to_string(),
        ];
        let output = run(&arguments, &BTreeMap::new());
        assert!(output.status.success(), "{file}: {}", said(&output));
    }
}

// --- times of stopping ---

/// Seconds: `10s`, `10`, `"10s"`.
fn seconds(text: &str) -> u64 {
    let number = plain(text).trim_end_matches('s');
    number
        .parse()
        .unwrap_or_else(|_| panic!("{text} is no number of seconds"))
}

/// The largest value of a key in a file. In flow mappings it may stand anywhere on a line.
fn largest(key: &str, text: &str) -> Option<u64> {
    let lines = text.lines().filter(|line| !is_comment(line));
    lines.filter_map(|line| after(key, line)).map(seconds).max()
}

/// `server.drain` and `server.shutdown` together, as a file sets them, else as they are built in.
fn stopping(file: &str) -> u64 {
    let text = read(file);
    let variables = variables(&text);
    ["drain", "shutdown"]
        .iter()
        .map(|key| {
            let variable = variables.get(&format!("TITANIC_SERVER__{}", key.to_uppercase()));
            variable
                .map(|value| seconds(value))
                .or_else(|| largest(key, &text))
                .or_else(|| largest(key, BUILT_IN))
                .unwrap()
        })
        .sum()
}

#[test]
fn nothing_is_killed_before_it_has_stopped() {
    for (settings, file, key) in STOPPING {
        let text = read(file);
        let stop = stopping(settings);
        let grace = largest(key, &text).unwrap_or_else(|| panic!("{file}: no {key}"));
        // The pause of Kubernetes counts, too.
        let pause = text
            .lines()
            .find_map(|line| after("sleep", line))
            .map_or(0, |sleep| {
                seconds(sleep.trim_start_matches("{seconds: ").trim_end_matches('}'))
            });
        assert!(stop >= 10, "{settings}: {stop} s");
        assert!(
            stop + pause < grace,
            "{settings}: {stop} s and a pause of {pause} s; {file}: {key} is {grace} s"
        );
    }
    for (file, grace) in STOPPING_IN_CLOUDS {
        let stop = stopping(file);
        assert!(
            stop < *grace,
            "{file}: {stop} s, and the cloud kills after {grace} s"
        );
    }
}

// --- ports, paths, metrics ---

/// The port without settings, as `serve --help` has it.
fn default_port() -> String {
    let help = said(&run(&["serve".into(), "--help".into()], &BTreeMap::new()));
    let (_, port) = help
        .split_once("127.0.0.1:")
        .expect("--listen names its default");
    port.chars().take_while(char::is_ascii_digit).collect()
}

#[test]
fn every_port_is_the_one_on_which_the_server_listens() {
    let usual = default_port();
    for (file, _) in RUNNING {
        let text = read(file);
        let lines = text.lines().filter(|line| !is_comment(line));
        let ports: BTreeSet<&str> = lines
            .clone()
            .filter_map(|line| {
                [
                    "containerPort",
                    "ContainerPort",
                    "targetPort",
                    "EXPOSE",
                    "AWS_LWA_PORT",
                ]
                .iter()
                .find_map(|key| {
                    let line = line.trim().trim_end_matches('\\');
                    let line = line.strip_prefix("ENV ").unwrap_or(line);
                    line.strip_prefix("EXPOSE ")
                        .filter(|_| *key == "EXPOSE")
                        .or_else(|| after(key, line))
                })
            })
            .map(plain)
            .collect();
        // What sets the port: a flag, PORT, or Cloud Run, which sets PORT to the container's port.
        let flag = text.split("--http_port=").nth(1).map(|rest| &rest[..4]);
        let variable =
            (text.contains("PORT=8080") || text.contains("name: 'PORT'")).then_some("8080");
        let cloud_run = text.contains("serving.knative.dev/v1").then_some("8080");
        let listens = flag.or(variable).or(cloud_run).unwrap_or(&usual);
        assert!(
            ports.iter().all(|port| *port == listens),
            "{file}: {ports:?}, and the server listens on {listens}"
        );
        if file.contains("kubernetes")
            || file.contains("cloud/g")
            || file.contains("azure")
            || *file == "Dockerfile"
        {
            assert_eq!(ports.len(), 1, "{file}: {ports:?}");
        }
    }
    // Those who call it.
    for (file, call) in [
        ("docker-compose.yml", "127.0.0.1:5000:PORT"),
        ("docker-compose.yml", "http://platform:PORT"),
        (
            "deployment/compose/prometheus.yml",
            "targets: [platform:PORT]",
        ),
        ("deployment/compose/prometheus.yml", "port: PORT"),
        (
            "deployment/compose/Caddyfile",
            "reverse_proxy follower-1:PORT follower-2:PORT {",
        ),
        ("deployment/kubernetes/base/service.yaml", "port: PORT"),
        (
            "deployment/kubernetes/overlays/followers/deployment.yaml",
            "http://titanic-platform:PORT",
        ),
        (
            "deployment/cloud/aws/cloudformation_template.yaml",
            "Port: PORT",
        ),
        (
            "deployment/cloud/aws/ecs_deployment.yaml",
            "http://${WriterName}:PORT",
        ),
        ("deployment/systemd/config.yaml", "listen: 127.0.0.1:PORT"),
    ] {
        let call = call.replace("PORT", &usual);
        assert!(read(file).contains(&call), "{file}: no {call}");
    }
}

/// The paths that a file asks the server for.
fn paths(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|line| !is_comment(line)) {
        for key in [
            "path: ",
            "HealthCheckPath: ",
            "health_uri ",
            "READINESS_CHECK_PATH=",
            "{Values: [",
        ] {
            for part in line.split(key).skip(1) {
                let end = part.find([',', '}', ']', ' ', '\\']).unwrap_or(part.len());
                let path = plain(&part[..end]);
                if path.starts_with('/') {
                    found.insert(path.to_owned());
                }
            }
        }
    }
    found
}

#[tokio::test]
async fn every_path_is_a_route_of_the_server() {
    let server = Server::start().await;
    let mut seen = BTreeSet::new();
    for (file, text) in files() {
        if file.contains("grafana") {
            continue; // paths of its own disk
        }
        for path in paths(&text) {
            let status = server
                .request(Method::GET, &path)
                .send()
                .await
                .unwrap()
                .status();
            let is_route = status == 200 || (path.starts_with("/v1/") && status == 405);
            assert!(is_route, "{file}: {path}: {status}");
            seen.insert(path);
        }
    }
    let expected = ["/healthz", "/metrics", "/readyz", "/v1/predict"].map(String::from);
    assert_eq!(seen, BTreeSet::from(expected));
    server.stop().await;
}

#[test]
fn every_metric_is_one_of_the_server() {
    for (file, text) in files() {
        for name in names("titanic_", &text) {
            let whole = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|part| name.strip_suffix(part));
            let is_metric =
                NAMES.contains(&name) || whole.is_some_and(|name| NAMES.contains(&name));
            assert!(is_metric, "{file}: {name} is not on /metrics");
        }
    }
}

// --- image ---

#[test]
fn the_build_of_the_image_has_every_file_that_is_compiled_in() {
    fn walk(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for part in text.split("include_").skip(1) {
                let Some((_, rest)) = part.split_once("!(\"").filter(|(kind, _)| kind.len() < 6)
                else {
                    continue;
                };
                let mut at = path.parent().unwrap().to_path_buf();
                for step in rest.split('"').next().unwrap().split('/') {
                    if step == ".." {
                        at.pop();
                    } else {
                        at.push(step);
                    }
                }
                let name = at.strip_prefix(root()).unwrap().display().to_string();
                // Fixtures are of tests, sources are copied as a whole.
                if !name.starts_with("tests/") && !name.starts_with("src/") {
                    found.insert(name);
                }
            }
        }
    }
    let mut compiled = BTreeSet::new();
    walk(&root().join("src"), &mut compiled);
    assert!(
        compiled.contains("config.yaml") && compiled.contains("data/raw/train.csv"),
        "{compiled:?}"
    );
    let ignored = read(".dockerignore");
    for file in compiled
        .iter()
        .chain([&"Cargo.lock".into(), &".cargo/config.toml".into()])
    {
        let is_ignored = ignored
            .lines()
            .filter(|line| !line.starts_with(['#', '!']))
            .any(|pattern| {
                let suffix = pattern.strip_prefix('*').filter(|_| !file.contains('/'));
                file == pattern
                    || file.starts_with(&format!("{pattern}/"))
                    || suffix.is_some_and(|suffix| !suffix.is_empty() && file.ends_with(suffix))
            });
        assert!(
            !is_ignored,
            "{file} is compiled in, and .dockerignore keeps it out"
        );
    }
}
