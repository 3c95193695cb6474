//! Tests of the layers through the public interface: precedence, rejected values and error messages.

use super::*;

fn load(
    file: Option<&str>,
    variables: &[(&str, &str)],
    flags: &[(&str, &str)],
) -> Result<Settings, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.yaml");
    std::fs::write(&path, file.unwrap_or_default()).unwrap();
    let variables = variables
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()));
    let flags = flags.iter().map(|(key, value)| Flag {
        name: format!("--{}", key.rsplit('.').next().unwrap()),
        key: key.to_string(),
        value: value.to_string(),
    });
    Settings::load(file.map(|_| path.as_path()), variables, flags)
}

/// The error message of rejected settings, without the folder of the file.
fn refused(file: Option<&str>, variables: &[(&str, &str)]) -> String {
    let text = load(file, variables, &[]).unwrap_err().to_string();
    match text.find("my.yaml") {
        Some(at) => text[at..].into(),
        None => text,
    }
}

#[test]
fn a_socket_and_a_base_path_come_from_every_layer() {
    let check = |file: Option<&str>, variables: &[(&str, &str)], listen: &str, base: &str| {
        let server = load(file, variables, &[]).unwrap().server;
        let found = (server.listen.to_string(), server.base_path.to_string());
        assert_eq!(found, (listen.to_owned(), base.to_owned()));
    };
    let file = "server: {listen: unix:/run/a, base_path: /ml}";
    check(None, &[], "127.0.0.1:5000", "");
    check(Some(file), &[], "unix:/run/a", "/ml");
    check(
        Some(file),
        &[("PORT", "80"), ("TITANIC_SERVER__HOST", "0.0.0.0")],
        "unix:/run/a",
        "/ml",
    );
    check(
        Some(file),
        &[("TITANIC_SERVER__LISTEN", "[::1]:1")],
        "[::1]:1",
        "/ml",
    );
    let variables = [
        ("TITANIC_SERVER__LISTEN", "unix:b"),
        ("TITANIC_SERVER__BASE_PATH", "/"),
    ];
    check(Some(file), &variables, "unix:b", "");
}

#[test]
fn the_built_in_settings_are_complete() {
    let settings = Settings::built_in();
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:5000");
    assert_eq!(settings.server.limits.body.bytes(), 16 << 20);
    assert_eq!(settings.server.heartbeat.to_string(), "15s");
    assert!(
        settings.threads.is_none()
            && settings.server.auth.is_none()
            && settings.server.hosts.is_empty()
    );
    assert_eq!(
        (
            settings.retrain.folds,
            settings.retrain.repeats.get(),
            settings.train.seed
        ),
        (5, 1, 0)
    );
    assert_eq!(
        settings.train.promote,
        crate::promotion::policy::Promote::Auto
    );
    assert!(settings.leaves().all(|leaf| leaf.origin == Origin::BuiltIn));
    assert_eq!(settings.leaves().count(), 148);
}

#[test]
fn every_key_of_the_built_in_file_has_a_comment() {
    let mut commented = false;
    for line in BUILT_IN.lines() {
        let text = line.trim_start();
        let key = !text.starts_with('#') && text.contains(':');
        let section = key && text.ends_with(':');
        assert!(!key || commented || section, "{line}");
        commented = text.starts_with('#');
    }
}

#[test]
fn each_layer_is_stronger_than_the_one_before() {
    let file = "server: {listen: 127.0.0.1:1, shutdown: 1s}\nfeed:\nstate: there\n";
    let listen = |settings: &Settings| {
        (
            settings.server.listen.ip().unwrap().port(),
            settings.origin("server.listen").unwrap().to_string(),
        )
    };
    let settings = load(Some(file), &[], &[]).unwrap();
    assert_eq!(settings.server.listen.ip().unwrap().port(), 1);
    assert_eq!(settings.state, Path::new("there"));
    assert!(matches!(
        settings.origin("server.shutdown"),
        Some(Origin::File(_))
    ));
    assert_eq!(settings.origin("server.heartbeat"), Some(&Origin::BuiltIn));
    let port = ("PORT", "2");
    assert_eq!(
        listen(&load(None, &[port], &[]).unwrap()),
        (2, "PORT".into())
    );
    assert_eq!(listen(&load(Some(file), &[port], &[]).unwrap()).0, 1);
    let variable = ("TITANIC_SERVER__LISTEN", "127.0.0.1:3");
    assert_eq!(
        listen(&load(Some(file), &[variable, port], &[]).unwrap()),
        (3, variable.0.into())
    );
    let flag = ("server.listen", "127.0.0.1:4");
    assert_eq!(
        listen(&load(Some(file), &[variable, port], &[flag]).unwrap()),
        (4, "--listen".into())
    );
    assert!(
        load(Some(file), &[], &[])
            .unwrap()
            .origin("server.nothing")
            .is_none()
    );
}

#[test]
fn the_platform_gives_a_port_and_the_host_an_address() {
    let listen = |file, variables: &[(&str, &str)]| {
        let settings = load(file, variables, &[]).unwrap();
        settings.server.listen.to_string()
    };
    let (port, vertex) = (("PORT", "2"), ("AIP_HTTP_PORT", "3"));
    let host = ("TITANIC_SERVER__HOST", "0.0.0.0");
    assert_eq!(listen(None, &[port, vertex]), "127.0.0.1:3");
    assert_eq!(listen(None, &[port, ("AIP_HTTP_PORT", "")]), "127.0.0.1:2");
    assert_eq!(listen(None, &[port, host]), "0.0.0.0:2");
    assert_eq!(listen(None, &[("TITANIC_SERVER__HOST", "::")]), "[::]:5000");
    // An address that is written out is stronger.
    let file = Some("server: {listen: 127.0.0.1:1}\n");
    assert_eq!(listen(file, &[vertex, host]), "127.0.0.1:1");
    let whole = ("TITANIC_SERVER__LISTEN", "127.0.0.1:4");
    assert_eq!(listen(None, &[whole, vertex, host]), "127.0.0.1:4");
    let six = ("TITANIC_SERVER__LISTEN", "[::1]:5");
    assert_eq!(listen(None, &[six]), "[::1]:5");
    assert_eq!(
        refused(None, &[("TITANIC_SERVER__HOST", "localhost")]),
        "TITANIC_SERVER__HOST: server.host: `localhost` is not an address; write an IP address, such as 0.0.0.0 or ::"
    );
    let routes = [("AIP_HEALTH_ROUTE", "/h"), ("AIP_PREDICT_ROUTE", "/p")];
    let platform = load(None, &routes, &[]).unwrap().server.platform;
    assert_eq!(platform.health_route.as_deref(), Some("/h"));
    assert_eq!(platform.predict_route.as_deref(), Some("/p"));
    for (key, value, part) in [
        ("MODEL_NAME", "7", "read as a version"),
        ("MODEL_NAME", "titanic@7", "read as a version"),
        ("HEALTH_ROUTE", "h", "is no path"),
        ("PREDICT_ROUTE", "/{x}", "is no path"),
    ] {
        let variable = format!("TITANIC_SERVER__PLATFORM__{key}");
        let fault = refused(None, &[(&variable, value)]);
        assert!(fault.contains(part), "{fault}");
    }
}

#[test]
fn variables_hold_numbers_texts_lists_and_null() {
    let variables = [
        ("TITANIC_STATE", "1234"),
        ("TITANIC_THREADS", "3"),
        ("TITANIC_SERVER__WORKERS", "null"),
        ("TITANIC_SERVER__HOSTS", "a.example, b.example"),
        ("TITANIC_SERVER__ORIGINS", "[\"https://a.example\"]"),
        ("TITANIC_SERVER__LIMITS__MESSAGE", "65536"),
        (
            "TITANIC_SERVER__AUTH",
            "{tokens: [{name: ci, scopes: [predict, admin], secret_env: TITANIC_CI}]}",
        ),
        ("TITANIC_CI", "hush"),
        ("TITANIC_LOG__FORMAT", "json"),
        ("HOME", "/root"),
    ];
    let settings = load(None, &variables, &[]).unwrap();
    assert_eq!(settings.state, Path::new("1234"));
    assert_eq!(settings.threads.unwrap().get(), 3);
    assert_eq!(settings.server.hosts, ["a.example", "b.example"]);
    assert_eq!(settings.server.origins, ["https://a.example"]);
    assert_eq!(settings.server.limits.message.to_string(), "64KiB");
    let Some(options::Auth::Tokens(tokens)) = &settings.server.auth else {
        panic!("{settings:?}")
    };
    assert_eq!(
        tokens[0].scopes,
        [options::Scope::Predict, options::Scope::Admin]
    );
    let shown: Vec<Leaf> = settings
        .leaves()
        .filter(|leaf| leaf.key.starts_with("server.auth"))
        .collect();
    assert_eq!(shown[0].key, "server.auth.tokens.0.name");
    assert_eq!(
        shown[0].origin,
        Origin::Environment("TITANIC_SERVER__AUTH".into())
    );
    assert_eq!(
        load(None, &[("TITANIC_SERVER__AUTH", "none")], &[])
            .unwrap()
            .server
            .auth,
        Some(options::Auth::None)
    );
}

#[test]
fn unknown_keys_are_refused_with_a_suggestion() {
    let check = |file: &str, expected: &str| assert_eq!(refused(Some(file), &[]), expected);
    check(
        "server:\n  # port\n  listn: x\n",
        "my.yaml:3: there is no setting `server.listn`; did you mean `server.listen`?",
    );
    check(
        "listen: x\n",
        "my.yaml:1: there is no setting `listen`; did you mean `server.listen`?",
    );
    check(
        "sever:\n  listen: x\n",
        "my.yaml:1: there is no setting `sever`; did you mean `server`?",
    );
    check(
        "zzz: 1\n",
        "my.yaml:1: there is no setting `zzz`; `config show` lists all there are",
    );
    check(
        "server:\n  auth:\n    tokens:\n      - name: ci\n        scopes: []\n        secret: hush\n",
        "my.yaml:6: there is no setting `server.auth.tokens.0.secret`; did you mean `server.auth.tokens.0.secret_env`?",
    );
    assert_eq!(
        refused(None, &[("TITANIC_SERVER__LISTN", "x")]),
        "the environment variable TITANIC_SERVER__LISTN names no setting; did you mean `TITANIC_SERVER__LISTEN`?"
    );
    let flag = load(None, &[], &[("retrain.fold", "3")])
        .unwrap_err()
        .to_string();
    assert_eq!(
        flag,
        "--fold: there is no setting `retrain.fold`; did you mean `retrain.folds`?"
    );
}

#[test]
fn wrong_values_name_key_place_and_what_is_allowed() {
    let check = |file: &str, expected: &str| assert_eq!(refused(Some(file), &[]), expected);
    check(
        "\nthreads: many\n",
        "my.yaml:2: threads: `many` is not allowed; write a whole number, 1 or more",
    );
    check(
        "threads: 0\n",
        "my.yaml:1: threads: integer `0` is not allowed; write a whole number, 1 or more",
    );
    check(
        "log: {format: xml}\n",
        "my.yaml:1: log.format: `xml` is not allowed; write text or json",
    );
    check(
        "server: 5000\n",
        "my.yaml:1: server: `5000` stands where a section belongs; give its keys, one a line",
    );
    check(
        "server: {hosts: 1}\n",
        "my.yaml:1: server.hosts: integer `1` is not allowed; write a list, such as [a, b]",
    );
    check(
        "server: {auth: some}\n",
        "my.yaml:1: server.auth: `some` is not allowed; write none or tokens",
    );
    check(
        "retrain:\n  folds: 1\n",
        "my.yaml:2: retrain.folds: 1 is not allowed; write a whole number, 2 or more: one fold has nothing to be tested on",
    );
    check(
        "server: {auth: {tokens: [{name: a, scopes: [root]}]}}",
        "my.yaml:1: server.auth.tokens.0.scopes.0: `root` is not allowed; write predict or label or read or admin",
    );
    check(
        "server: {listen: example.org}",
        "my.yaml:1: server.listen: `example.org` is not an address; write IP:PORT, such as 127.0.0.1:5000 or [::1]:0, or unix:PATH",
    );
    check(
        "server: {listen: 'unix:'}",
        "my.yaml:1: server.listen: `unix:` names no socket; write unix: and a path, such as unix:/run/titanic/http.sock",
    );
    for wrong in ["ml", "/ml/", "//ml", "/../ml", "/ml?a", "/a b"] {
        let fault = refused(Some(&format!("server: {{base_path: \"{wrong}\"}}")), &[]);
        let begin =
            format!("my.yaml:1: server.base_path: `{wrong}` is not a base path; write a slash");
        assert!(fault.starts_with(&begin), "{fault}");
        let fault = refused(None, &[("TITANIC_SERVER__BASE_PATH", wrong)]);
        assert!(
            fault.starts_with("TITANIC_SERVER__BASE_PATH: server.base_path: "),
            "{fault}"
        );
    }
    for hiding in ["/metrics", "/v1", "/healthz"] {
        let fault = refused(Some(&format!("server: {{base_path: {hiding}}}")), &[]);
        let begin = format!("my.yaml:1: server.base_path: `{hiding}` would hide /");
        assert!(fault.starts_with(&begin), "{fault}");
    }
    check(
        "server: {trusted_proxies: [proxy.example.org]}",
        "my.yaml:1: server.trusted_proxies.0: \"proxy.example.org\" is not an address; write one like 10.0.0.7, a range like 10.0.0.0/8, or unix",
    );
    let span = refused(Some("server: {shutdown: 10}"), &[]);
    assert!(
        span.starts_with("my.yaml:1: server.shutdown: `10` is not a duration; write"),
        "{span}"
    );
    let size = refused(None, &[("TITANIC_SERVER__LIMITS__BODY", "lots")]);
    assert!(
        size.starts_with(
            "TITANIC_SERVER__LIMITS__BODY: server.limits.body: `lots` is not a size; write"
        ),
        "{size}"
    );
    assert_eq!(
        refused(None, &[("PORT", "http")]),
        "PORT: server.listen: `http` is not a port; write a number from 0 to 65535"
    );
    let missing = Settings::load(Some(Path::new("/none/x.yaml")), std::iter::empty(), [])
        .unwrap_err()
        .to_string();
    assert!(
        missing.starts_with("cannot read the settings in /none/x.yaml"),
        "{missing}"
    );
}

#[test]
fn tokens_are_checked_as_a_whole() {
    let check = |tokens: &str, expected: &str| {
        let fault = refused(
            Some(&format!("server: {{auth: {{tokens: {tokens}}}}}")),
            &[],
        );
        assert!(
            fault.starts_with("my.yaml:1: server.auth.tokens: ") && fault.contains(expected),
            "{fault}"
        );
    };
    check("[]", "no client could call the server");
    check(
        "[{name: a, scopes: []}]",
        "`a` needs either secret_env or secret_file",
    );
    check(
        "[{name: a, scopes: [], secret_env: A}, {name: a, scopes: [], secret_env: B}]",
        "two tokens are called `a`",
    );
}

#[test]
fn sources_are_typed_and_checked() {
    let file = "sources:\n  api: {from: 'https://ann:hush@a.example/rows?token=hush', every: 60s, items: rows, next: 'cursor:next:after'}\n  db:\n    from: postgres://ann:hush@db/shop\n    query: select * from t where id > :cursor\n    cursor: id\n    every: 10s\n    retries: 2\n";
    let settings = load(Some(file), &[], &[]).unwrap();
    assert_eq!(settings.sources["db"].retries, 2);
    assert_eq!(settings.sources["api"].timeout.to_string(), "30s");
    assert_eq!(
        settings.sources["api"].source().unwrap().name(),
        "https://ann:***@a.example/rows?token=***"
    );
    assert!(settings.leaves().any(|leaf| leaf.key == "sources.db.from"));
    assert!(settings.leaves().all(|leaf| !leaf.value.contains("hush")));
    let variables = [("TITANIC_SOURCES__DB__FROM", "mysql://bob@db/shop")];
    let settings = load(Some(file), &variables, &[]).unwrap();
    assert_eq!(settings.sources["db"].from, "mysql://bob@db/shop");
}

#[test]
fn wrong_sources_name_key_and_remedy() {
    let check = |source: &str, expected: &str| {
        let said = refused(Some(&format!("sources:\n  api: {{{source}}}\n")), &[]);
        assert!(
            said.starts_with("my.yaml:2: ") && !said.contains("hush"),
            "{said}"
        );
        assert!(said.contains(expected), "{said}");
    };
    check(
        "from: 'http://a/', evry: 1s",
        "there is no setting `sources.api.evry`; did you mean `sources.api.every`?",
    );
    check("every: 1s", "sources.api: `from` is missing here; add it");
    check(
        "from: 'http://a/', every: 60",
        "sources.api.every: `60` is not a duration",
    );
    check(
        "from: 'http://a/', every: 0s",
        "sources.api.every: 0s is not allowed; write 1s or longer",
    );
    check(
        "from: 'http://a/', every: 1s, timeout: 0s",
        "sources.api.timeout: 0s is not allowed",
    );
    check(
        "from: '-', every: 1s",
        "sources.api.from: standard input can be read but once",
    );
    check(
        "from: 'http://a/', every: 1s, next: pages",
        "sources.api.next: `pages` does not say how the next page is found; write link,",
    );
    check(
        "from: t.csv, every: 1s, items: rows",
        "sources.api: `items` is for JSON; a file of csv does not have it, leave it out",
    );
    check("from: t.xlsx, every: 1s", "does not say its format");
    check(
        "from: 'ftp://a:hush@b/t.csv', every: 1s",
        "nothing is read from ftp://",
    );
    check(
        "from: 'postgres://a:hush@b/t', every: 1s",
        "give `query` or `table`",
    );
    check(
        "from: 'mysql://a:hush@b/t', every: 1s, query: select 1, cursor: id",
        "does not say where to go on",
    );
}

#[test]
fn a_monitor_that_makes_no_sense_is_refused() {
    let check = |monitor: &str, part: &str| {
        let fault = refused(Some(&format!("monitor: {monitor}")), &[]);
        assert!(fault.contains(part), "{monitor}: {fault}");
    };
    check("{window: 0}", "monitor.window: integer `0` is not allowed");
    check("{labels: 0}", "monitor.labels: integer `0` is not allowed");
    for level in ["0", "1", "-0.5", "2"] {
        check(
            &format!("{{level: {level}}}"),
            "is not a chance of a false alarm; give a number above 0 and below 1",
        );
    }
    check("{widow: 5}", "did you mean `monitor.window`");
    check("{slices: {a: 1}}", "monitor.slices");
    let settings = load(
        Some("monitor: {window: 1, slices: [plan, region]}"),
        &[],
        &[],
    )
    .unwrap();
    assert_eq!(
        (settings.monitor.window.get(), settings.monitor.slices.len()),
        (1, 2)
    );
}

#[test]
fn alerts_are_read_with_their_defaults() {
    use crate::alert::Rule;

    let file = "alerts:
  channels:
    hook: {type: webhook, url: 'https://hooks.example.org/a', secret_env: [TITANIC_NEW, OLD]}
    mail: {type: email, host: smtp.example.org, from: a@example.org, to: [b@example.org]}
  rules:
    drift: {repeat: 1h, channels: [hook]}
    latency: {enabled: false}
";
    let variables = [
        ("TITANIC_NEW", "whsec_c2Vjb25k"),
        ("TITANIC_ALERTS__RETRY__FIRST", "1s"),
    ];
    let settings = load(Some(file), &variables, &[]).unwrap();
    let options = settings.alerts.options();
    assert_eq!(options.channels, ["hook", "mail", "log"]);
    assert_eq!(options.retry.first.as_secs(), 1);
    let drift = &options.rules[&Rule::Drift];
    assert_eq!((drift.repeat.as_secs(), drift.wait.as_secs()), (3600, 0));
    assert!(drift.goes_to("hook") && !drift.goes_to("mail"));
    assert!(options.rules[&Rule::Store].goes_to("mail"));
    assert!(!options.rules.contains_key(&Rule::Latency));
    assert_eq!(options.rules.len(), 10);
    assert_eq!(
        options.rules[&Rule::DroppedPredictions].inhibited_by,
        [Rule::Store]
    );
    let missing = settings.alerts.open_one("hook").unwrap_err().to_string();
    assert!(
        missing.starts_with("alerts.channels.hook: its secret belongs"),
        "{missing}"
    );
    let unknown = settings.alerts.open_one("phone").unwrap_err().to_string();
    assert!(unknown.ends_with("there are hook, mail, log"), "{unknown}");
    settings.alerts.open_one("log").unwrap();
}

#[test]
fn alerts_that_make_no_sense_are_refused() {
    let check = |alerts: &str, expected: &str| {
        let found = refused(Some(&format!("alerts: {alerts}\n")), &[]);
        assert!(found.contains(expected), "{alerts}: {found}");
    };
    check(
        "{rules: {drift: {channels: [hok]}}}",
        "alerts.rules.drift.channels: `hok`: there is no such channel; there are log",
    );
    check(
        "{rules: {drift: {repeat: 0s}}}",
        "alerts.rules.drift.repeat: 0s is not allowed",
    );
    check("{rules: {weather: {repeat: 1s}}}", "alerts.rules.weather");
    check(
        "{rules: {drift: {inhibited_by: [stroe]}}}",
        "`stroe` is not allowed; write drift or decay",
    );
    check(
        "{rules: {store: {inhibited_by: [dropped_predictions]}}}",
        "alerts.rules.store.inhibited_by: it would keep itself quiet",
    );
    check("{rules: {quarantine: {share: 1}}}", "1 is not a share");
    check(
        "{rules: {rejected: {share: -0.1}}}",
        "alerts.rules.rejected.share: -0.1 is not a share",
    );
    check(
        "{rules: {rejected: {over: 2d}}}",
        "alerts.rules.rejected.over: 2d is not allowed",
    );
    check(
        "{rules: {quarantine: {rows: 0}}}",
        "write a whole number, 1 or more",
    );
    check("{rules: {latency: {over: 0s}}}", "write 1s to 1d");
    check(
        "{rules: {latency: {p99: 0s}}}",
        "alerts.rules.latency.p99: 0s is not allowed",
    );
    check("{timeout: 0s}", "alerts.timeout: 0s is not allowed");
    check(
        "{retry: {first: 2h}}",
        "alerts.retry.max: 1h is shorter than retry.first, 2h",
    );
    check("{allow: [metadata]}", "alerts.allow.0");
    check(
        "{channels: {hook: {type: pager}}}",
        "`pager` is not allowed; write webhook or email or log",
    );
    check(
        "{channels: {hook: {type: webhook}}}",
        "`url` is missing here",
    );
    check(
        "{channels: {hook: {url: 'http://a'}}}",
        "`type` is missing here",
    );
    check(
        "{channels: {hook: {type: webhook, url: 'http://a', secret: x}}}",
        "there is no setting `alerts.channels.hook.secret`",
    );
    check(
        "{channels: {hook: {type: webhook, url: 'http://169.254.169.254/'}}}",
        "link-local address, which alerts never reach",
    );
    check(
        "{channels: {log: {type: webhook, url: 'http://a'}}}",
        "belongs to the log",
    );
    check("{channels: {'a b': {type: log}}}", "letters, digits");
    check(
        "{channels: {mail: {type: email, host: a, from: b, to: [c@d.org]}}}",
        "`b` is not a mail address",
    );
    load(Some("alerts: {allow: [169.254.1.1], channels: {h: {type: webhook, url: 'http://169.254.1.1/'}}}"), &[], &[]).unwrap();
}

#[test]
fn all_faults_of_all_stages_are_found_at_once() {
    let file = "server: {lissen: 1, limits: {rows: none}, auth: {tokens: [{name: ci, scopes: [predict], secret_env: NOT_SET_ANYWHERE}]}}\n\
                retrain: {folds: 1}\n\
                alerts: {channels: {hook: {type: webhook, url: \"https://example.org\", secret_file: /nowhere/secret}}, rules: {drift: {channels: [hook]}}}\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.yaml");
    std::fs::write(&path, file).unwrap();
    let variables = [("TITANIC_SERVER_LISTEN", "127.0.0.1:1")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let faults = Settings::faults(Some(&path), variables.into_iter(), []);
    let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
    for part in [
        "did you mean `server.listen`",
        "did you mean `TITANIC_SERVER__LISTEN`",
        "server.limits.rows",
        "retrain.folds",
        "NOT_SET_ANYWHERE, which is not set",
        "alerts.channels.hook",
    ] {
        let found = texts.iter().filter(|text| text.contains(part)).count();
        assert_eq!(found, 1, "{part}: {texts:#?}");
    }
    assert_eq!(texts.len(), 6, "{texts:#?}");
}

#[test]
fn the_hint_for_a_variable_is_a_setting() {
    for (variable, hint) in [
        ("TITANIC_SERVER_LISTEN", "TITANIC_SERVER__LISTEN"),
        ("TITANIC_SERVER__LISEN", "TITANIC_SERVER__LISTEN"),
        ("TITANIC_SERVER_LIMITS_BODY", "TITANIC_SERVER__LIMITS__BODY"),
        ("TITANIC_STATES", "TITANIC_STATE"),
    ] {
        let text = refused(None, &[(variable, "1")]);
        assert!(text.contains(&format!("did you mean `{hint}`?")), "{text}");
    }
}

#[test]
fn a_channel_that_cannot_be_read_makes_no_other_fault() {
    let file = "alerts: {channels: {hook: {type: webhuk}}, rules: {drift: {channels: [hook]}}}\nretrain: {folds: 1}\n";
    let text = load(Some(file), &[], &[]).unwrap_err().to_string();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(
        text.contains("webhuk") && text.contains("retrain.folds"),
        "{text}"
    );
}

#[test]
fn a_flag_of_one_command_shows_in_the_settings_with_its_name() {
    let mut settings = load(None, &[], &[]).unwrap();
    settings.record(Flag {
        name: "--listen".into(),
        key: "server.listen".into(),
        value: "[::1]:6010".into(),
    });
    let leaf = settings.leaves().find(|leaf| leaf.key == "server.listen");
    let leaf = leaf.unwrap();
    assert_eq!(
        (&*leaf.value, &*leaf.origin.to_string()),
        ("[::1]:6010", "--listen")
    );
}
