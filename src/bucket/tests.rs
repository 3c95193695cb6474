//! Tests against servers of their own that behave as bad buckets do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::*;

/// What a bucket responds to a request; none: nothing at all.
type Respond = fn(&str) -> Option<String>;

/// A bucket behind a server of the test, with an archive `a` of 1,000 bytes as far as it says.
fn bucket(respond: Respond) -> Bucket {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // The thread ends with the process.
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming().flatten() {
            silent.extend(serve(stream, respond));
        }
    });
    let limits = Limits {
        connect: Duration::from_millis(200),
        silence: Duration::from_millis(200),
        retries: Duration::from_millis(500),
        part: 1 << 20,
    };
    at(&url, limits)
}

fn at(url: &str, limits: Limits) -> Bucket {
    let environment = [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ACCESS_KEY_ID", "a-key"),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let address = Address {
        cloud: Cloud::S3,
        bucket: "shop".into(),
        prefix: "backups".into(),
    };
    Bucket::with(address, limits, &environment.map(owned)).unwrap()
}

/// Responds to one request; returns a connection that is left open in silence.
fn serve(mut stream: TcpStream, respond: Respond) -> Option<TcpStream> {
    let mut head = String::new();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    while lines.read_line(&mut head).unwrap_or(0) > 2 {}
    let lower = head.to_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: u64 = length.map_or(0, |length| length.parse().unwrap_or(0));
    let _ = std::io::copy(&mut lines.take(length), &mut std::io::sink());
    match respond(&head) {
        Some(response) => {
            let _ = stream.write_all(response.as_bytes());
            None
        }
        None => Some(stream),
    }
}

fn response(status: &str, length: usize, body: &str) -> Option<String> {
    Some(format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\
         Last-Modified: Sat, 31 Jan 2026 09:15:00 GMT\r\nETag: \"e\"\r\n\r\n{body}"
    ))
}

fn denied(_: &str) -> Option<String> {
    let body = "<Error><Code>AccessDenied</Code><Message>not yours</Message></Error>";
    response("403 Forbidden", body.len(), body)
}

/// Everything that is done with a bucket, and its error.
fn errors(bucket: &Bucket) -> Vec<String> {
    vec![
        bucket.list().unwrap_err().to_string(),
        bucket.read("a").err().unwrap().to_string(),
        bucket.write("a").err().unwrap().to_string(),
        bucket.fetch("a", None, 4096).unwrap_err().to_string(),
        bucket.put("a", b"bytes").unwrap_err().to_string(),
        bucket.remove("a").unwrap_err().to_string(),
    ]
}

#[test]
fn a_bucket_that_refuses_is_named_and_no_secret_is() {
    for error in errors(&bucket(denied)) {
        assert!(error.starts_with("s3://shop/backups"), "{error}");
        assert!(error.contains("403"), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }
}

#[test]
fn a_bucket_that_hangs_is_an_error_within_its_limits() {
    let begun = Instant::now();
    let errors = errors(&bucket(|_| None));
    assert!(begun.elapsed() < Duration::from_secs(10));
    for error in errors {
        assert!(error.starts_with("s3://shop/backups"), "{error}");
    }
}

#[test]
fn half_an_object_is_an_error_that_says_so() {
    // It closes the connection in the middle, or says that it returns less than was requested.
    let cut: Respond = |head| match head.starts_with("HEAD") {
        true => response("200 OK", 1000, ""),
        false => Some(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-999/1000\r\n\
             Content-Length: 1000\r\nLast-Modified: Sat, 31 Jan 2026 09:15:00 GMT\r\n\
             ETag: \"e\"\r\n\r\nhalf"
                .into(),
        ),
    };
    let less: Respond = |head| match head.starts_with("HEAD") {
        true => response("200 OK", 1000, ""),
        false => Some(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-999/1000\r\n\
             Content-Length: 4\r\nConnection: close\r\n\
             Last-Modified: Sat, 31 Jan 2026 09:15:00 GMT\r\nETag: \"e\"\r\n\r\nhalf"
                .into(),
        ),
    };
    for respond in [cut, less] {
        let bucket = bucket(respond);
        let mut download = bucket.read("a").unwrap();
        let mut bytes = Vec::new();
        let error = download.read_to_end(&mut bytes).unwrap_err().to_string();
        assert!(error.starts_with("s3://shop/backups/a: "), "{error}");
        assert!(bytes.is_empty());
        let again = download.read(&mut [0; 8]).unwrap_err().to_string();
        assert_eq!(again, error, "it does not go on as if nothing had been");
    }
}

#[test]
fn an_object_that_ends_early_is_no_object() {
    let cut = bucket(|_| response("200 OK", 1000, "half"));
    let error = cut.fetch("a", None, 4096).unwrap_err().to_string();
    assert!(error.starts_with("s3://shop/backups/a: "), "{error}");
}

#[test]
fn an_object_is_fetched_only_if_it_changed() {
    let known = bucket(|head| match head.contains("if-none-match: \"e\"") {
        true => {
            Some("HTTP/1.1 304 Not Modified\r\nETag: \"e\"\r\nConnection: close\r\n\r\n".into())
        }
        false => response("200 OK", 4, "text"),
    });
    let Fetched::Read { bytes, tag } = known.fetch("a", None, 4096).unwrap() else {
        panic!("it is there");
    };
    assert_eq!(
        (bytes.as_slice(), tag.as_deref()),
        (b"text".as_slice(), Some("\"e\""))
    );
    let again = known.fetch("a", tag.as_deref(), 4096).unwrap();
    assert!(matches!(again, Fetched::Same), "{again:?}");
    let missing = bucket(|_| response("404 Not Found", 0, ""));
    let fetched = missing.fetch("a", None, 4096).unwrap();
    assert!(matches!(fetched, Fetched::Missing), "{fetched:?}");
    assert_eq!(missing.size("a").unwrap(), None);
}

/// Responds to requests of a large object, in the time that a slow connection takes.
#[test]
fn what_comes_slowly_is_read_and_written_for_as_long_as_it_moves() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || slow(&mut stream));
        }
    });
    let limits = Limits {
        connect: Duration::from_secs(1),
        silence: Duration::from_secs(1),
        retries: Duration::ZERO,
        part: 1 << 20,
    };
    let bucket = at(&url, limits);
    let begun = Instant::now();
    let read = std::sync::atomic::AtomicU64::new(0);
    let Fetched::Read { bytes, .. } = bucket.whole("a", 1000, &read).unwrap() else {
        panic!("it is there");
    };
    assert_eq!(bytes, [b'x'; 1000]);
    assert_eq!(read.into_inner(), 1000);
    assert!(begun.elapsed() > limits.silence, "{:?}", begun.elapsed());
    let read = std::sync::atomic::AtomicU64::new(0);
    let larger = bucket.whole("a", 999, &read).unwrap();
    assert!(matches!(larger, Fetched::TooLarge), "{larger:?}");
}

/// Sends 1,000 bytes in ten pieces.
fn slow(stream: &mut TcpStream) {
    let mut head = String::new();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    while lines.read_line(&mut head).unwrap_or(0) > 2 {}
    let mut text = response("200 OK", 1000, "").unwrap();
    if head.starts_with("GET") {
        text = text.replace(
            "200 OK",
            "206 Partial Content\r\nContent-Range: bytes 0-999/1000",
        );
    }
    let _ = stream.write_all(text.as_bytes());
    if head.starts_with("GET") {
        for _ in 0..10 {
            // A slow connection is what is tested: each piece comes within the limit, all together do not.
            std::thread::sleep(Duration::from_millis(150));
            let _ = stream.write_all(&[b'x'; 100]);
        }
    }
}

#[test]
fn a_large_object_is_written_in_parts() {
    // What S3 responds to the steps of an upload in parts.
    let parts: Respond = |head| {
        let first = head.lines().next().unwrap_or_default();
        match (first.split(' ').next().unwrap_or_default(), first) {
            ("POST", line) if line.contains("uploads") => {
                let body = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
                response("200 OK", body.len(), body)
            }
            ("POST", _) => {
                let body =
                    "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>";
                response("200 OK", body.len(), body)
            }
            ("PUT", line) if line.contains("partNumber=") => response("200 OK", 0, ""),
            ("HEAD", _) => response("200 OK", (2 << 20) + 5, ""),
            _ => response("400 Bad Request", 0, ""),
        }
    };
    let bucket = bucket(parts);
    bucket.put("a", &vec![7; (2 << 20) + 5]).unwrap();
    // A whole object in one request is refused by this bucket.
    assert!(bucket.put("a", b"small").is_err());
}
