//! Web APIs: pagination, failures, throttling, wrong responses, silence.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use titanic_platform::ingest::source::Options;
use titanic_platform::schema::Dialect;

use super::{Pulled, api, pull};

fn options(items: Option<&str>, next: Option<&str>) -> Options {
    Options {
        items: items.map(str::to_owned),
        next: next.map(|next| next.parse().unwrap()),
        ..Options::default()
    }
}

#[test]
fn pages_are_followed_in_every_way() {
    let api = api::start();
    let check = |path: &str, items, next, ids: &[&str]| -> Pulled {
        let pulled = pull(
            &format!("http://{api}{path}"),
            &options(items, Some(next)),
            None,
        )
        .ok();
        assert_eq!(pulled.ids(), ids, "{path}");
        pulled
    };
    check("/link", None, "link", &["1", "2", "3", "4", "5", "6"]);
    check(
        "/cursor",
        Some("data.rows"),
        "cursor:meta.next:after",
        &["1", "2", "3", "4", "5"],
    );
    check(
        "/cursor?after=3",
        Some("/data/rows"),
        "cursor:/meta/next:after",
        &["4", "5"],
    );
    check("/page", Some("items"), "page:p", &["1", "2", "3", "4"]);
    check("/ending", None, "page:p", &["1", "2"]);
    // A Link header is followed unless that is turned off.
    let url = format!("http://{api}/link");
    let all = pull(&url, &options(None, None), None).ok();
    assert_eq!(all.ids(), ["1", "2", "3", "4", "5", "6"]);
    let one = pull(&url, &options(None, Some("none")), None).ok();
    assert_eq!(one.rows, ["1 false 1.5|-|-", "2 true 1.5|-|-"]);
}

#[test]
fn a12_pages_without_an_end_and_pages_that_are_none_are_errors() {
    let api = api::start();
    let check = |path: &str, options: &Options, expected: &str| {
        let pulled = pull(&format!("http://{api}{path}"), options, None);
        assert!(pulled.said().contains(expected), "{path}: {pulled:?}");
    };
    let plain = Options::default();
    check("/itself", &plain, "it names itself as the next page");
    check(
        "/itself_by_cursor",
        &options(Some("rows"), Some("cursor:next:after")),
        "it names itself as the next page",
    );
    check(
        "/login",
        &plain,
        "the server answered with an HTML page; rows are",
    );
    check("/wrapped", &plain, "name it with --items data");
    check("/nan", &plain, "NaN at line 1 column 25 is not JSON");
    let one = pull(
        &format!("http://{api}/itself"),
        &options(None, Some("none")),
        None,
    );
    assert_eq!(one.ok().ids(), ["1"]);
}

#[test]
fn a6_a_charset_that_the_server_declares_is_honoured() {
    let api = api::start();
    let latin = pull(&format!("http://{api}/latin"), &Options::default(), None).ok();
    assert_eq!(latin.rows, ["1 - 2.5|-|Zürich"]);
    let said = pull(&format!("http://{api}/klingon"), &Options::default(), None);
    assert!(
        said.said().contains("\"klingon\", which is not known"),
        "{said:?}"
    );
    // The caller's encoding takes precedence.
    let named = Options {
        format: Dialect::AUTO
            .with(&["encoding=latin-1".parse().unwrap()])
            .unwrap(),
        ..Options::default()
    };
    let klingon = pull(&format!("http://{api}/klingon"), &named, None).ok();
    assert_eq!(klingon.rows, latin.rows);
}

#[test]
fn a_stored_cursor_goes_on_where_it_was() {
    let api = api::start();
    let check = |path: &str, items, next, again: &[&str]| {
        let url = format!("http://{api}{path}");
        let options = options(items, next);
        let first = pull(&url, &options, None).ok();
        let second = pull(&url, &options, first.cursor()).ok();
        // The last page is read again, because it may have grown.
        assert_eq!(second.ids(), again, "{path} {:?}", first.cursor());
        assert_eq!(second.cursor(), first.cursor(), "{path}");
    };
    check("/link", None, Some("link"), &["5", "6"]);
    check(
        "/cursor",
        Some("data.rows"),
        Some("cursor:meta.next:after"),
        &["5"],
    );
    check("/page", Some("items"), Some("page:p"), &["3", "4"]);
    // The same entity tag: nothing new.
    check("/tagged", None, None, &[]);
    check("/tagged?token=hush", None, None, &[]);
    let secret = pull(
        &format!("http://{api}/tagged?token=hush"),
        &Options::default(),
        None,
    );
    assert!(!secret.cursor().unwrap().contains("hush"));
}

#[test]
fn bodies_are_read_as_what_they_are() {
    let api = api::start();
    let read = |path: &str| pull(&format!("http://{api}{path}"), &Options::default(), None).ok();
    let csv = read("/csv");
    assert_eq!(csv.rows, ["1 true 2.5|-|-", "3 - -|-|-"]);
    let bad = &csv.bad[0];
    assert_eq!(
        (bad.line, bad.column.as_str(), bad.value.as_str()),
        (Some(3), "weight", "99")
    );
    assert_eq!(bad.source, format!("http://{api}/csv"));
    let lines = read("/lines");
    assert_eq!((lines.ids(), lines.bad[0].line), (vec!["1"], Some(3)));
    assert_eq!(read("/zipped").ids(), ["1", "2", "3", "4"]);
    assert_eq!(read("/here").ids(), ["1", "3"]);
}

#[test]
fn failures_are_tried_again_with_growing_waits() {
    let api = api::start();
    let flaky = pull(&format!("http://{api}/flaky"), &Options::default(), None).ok();
    assert_eq!(flaky.ids(), ["1", "2"]);
    assert_eq!(flaky.waits, [500, 1000].map(Duration::from_millis));
    assert!(
        flaky.notes[0]
            .contains("500 Internal Server Error: the disk is on fire; try 2 of 6 in 0.5 s"),
        "{:?}",
        flaky.notes
    );
    // The wait that the server requests, plus the backoff.
    let throttled = pull(
        &format!("http://{api}/throttled"),
        &Options::default(),
        None,
    )
    .ok();
    assert_eq!(
        (throttled.ids(), throttled.waits.clone()),
        (vec!["1"], vec![Duration::from_millis(7500)])
    );
    let closed = pull(&format!("http://{api}/closed"), &Options::default(), None);
    assert!(
        closed
            .said()
            .contains("asks to wait 3600 s, more than the 300 s"),
        "{closed:?}"
    );
}

#[test]
fn what_does_not_pass_is_told_at_once() {
    let api = api::start();
    let check = |path: &str, options: &Options, expected: &str| {
        let pulled = pull(&format!("http://ann:hush@{api}{path}"), options, None);
        let said = pulled.said();
        assert!(
            said.contains(expected) && said.contains("http://ann:***@"),
            "{said}"
        );
        assert!(!said.contains("hush") && pulled.waits.is_empty(), "{said}");
        assert!(pulled.notes.is_empty(), "{pulled:?}");
    };
    let plain = Options::default();
    check("/none", &plain, "it answers 404 Not Found");
    check("/refusing", &plain, "it answers 403 Forbidden: no such key");
    check("/elsewhere", &plain, "it redirects to http://localhost:");
    check("/huge", &plain, "more than 64 MiB");
    check(
        "/cursor",
        &options(Some("data.row"), None),
        "there is no field `data.row` in the body; it has data, meta",
    );
    check(
        "/cursor",
        &options(Some("meta"), None),
        "the field `meta` is not a list of rows",
    );
    check("/csv", &options(Some("rows"), None), "not readable as JSON");
    check(
        "/same",
        &options(None, Some("page:p")),
        "the same as the page before",
    );
    check("/circle", &options(None, Some("link")), "goes in circles");
    assert_eq!(
        pull(&format!("http://ann:hush@{api}/private"), &plain, None)
            .ok()
            .ids(),
        ["1"]
    );
}

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nConnection: close\r\n";
const ROWS: &str = "parcel,weight\n1,1\n2,2\n";

fn honest(mut stream: TcpStream) {
    let _ = write!(stream, "{HEAD}Content-Length: {}\r\n\r\n{ROWS}", ROWS.len());
}

fn lying(mut stream: TcpStream) {
    let _ = write!(
        stream,
        "{HEAD}Content-Length: {}\r\n\r\n{ROWS}",
        ROWS.len() + 100
    );
}

fn cut(mut stream: TcpStream) {
    let _ = write!(
        stream,
        "{HEAD}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{ROWS}\r\n",
        ROWS.len()
    );
}

/// Sends nothing more until the client gives up.
fn silent(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}

fn mumbling(mut stream: TcpStream) {
    let _ = write!(stream, "{HEAD}Content-Length: 1000\r\n\r\n{ROWS}");
    silent(stream);
}

fn nonsense(mut stream: TcpStream) {
    let _ = write!(stream, "220 mail.example.org ESMTP\r\n");
}

/// A response body that is cut off gives no rows; the client fetches it again.
#[test]
fn a_body_that_breaks_off_is_fetched_again() {
    for half in [lying, cut, nonsense] {
        let api = api::raw(vec![half, honest]);
        let pulled = pull(&format!("http://{api}/rows"), &Options::default(), None).ok();
        assert_eq!((pulled.ids(), pulled.waits.len()), (vec!["1", "2"], 1));
        let api = api::raw(vec![half]);
        let pulled = pull(&format!("http://{api}/rows"), &Options::default(), None);
        assert!(pulled.rows.is_empty() && pulled.waits.len() == 5);
        assert!(
            pulled.said().contains("is incomplete")
                && pulled.said().contains("given up after 6 tries"),
            "{pulled:?}"
        );
    }
}

#[test]
fn silence_is_waited_for_no_longer_than_allowed() {
    for server in [silent, mumbling] {
        let api = api::raw(vec![server]);
        let options = Options {
            timeout: Duration::from_millis(200),
            retries: 1,
            ..Options::default()
        };
        let pulled = pull(&format!("http://{api}/rows"), &options, None);
        assert!(
            pulled
                .said()
                .ends_with("no answer within 0.2 s (given up after 2 tries)"),
            "{pulled:?}"
        );
        assert!(pulled.rows.is_empty());
    }
    let nobody = pull(
        "http://127.0.0.1:1/rows",
        &Options {
            retries: 0,
            ..Options::default()
        },
        None,
    );
    assert!(nobody.said().contains("no connection: "), "{nobody:?}");
}
