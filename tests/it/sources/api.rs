//! Web APIs to pull from: one that uses every supported kind of pagination, and servers that misbehave.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use actix_web::http::header;
use actix_web::web::{self, Query};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde_json::{Value, json};

/// Rows of one page.
fn rows(from: usize, to: usize) -> Vec<Value> {
    (from..=to)
        .map(|id| json!({"parcel": id, "weight": 1.5, "lost": id % 2 == 0}))
        .collect()
}

#[derive(serde::Deserialize)]
struct Asked {
    #[serde(default)]
    p: usize,
    #[serde(default)]
    after: usize,
}

/// Three pages of two rows each, linked by headers.
async fn link(asked: Query<Asked>) -> HttpResponse {
    let p = asked.p.max(1);
    let mut answer = HttpResponse::Ok();
    if p < 3 {
        answer.append_header((header::LINK, "</link>; rel=\"first\""));
        answer.append_header((header::LINK, format!("<?p={}>; rel=\"next\"", p + 1)));
    }
    answer.json(rows(2 * p - 1, 2 * p))
}

/// Rows after an id, two per page, five in all.
async fn cursor(asked: Query<Asked>) -> HttpResponse {
    let last = (asked.after + 2).min(5);
    let next = (last < 5).then_some(last);
    HttpResponse::Ok()
        .json(json!({"data": {"rows": rows(asked.after + 1, last)}, "meta": {"next": next}}))
}

/// Numbered pages: two full ones, then empty ones.
async fn page(asked: Query<Asked>) -> HttpResponse {
    match asked.p.max(1) {
        p @ (1 | 2) => HttpResponse::Ok().json(json!({"items": rows(2 * p - 1, 2 * p)})),
        _ => HttpResponse::Ok().json(json!({"items": []})),
    }
}

/// Numbered pages that end with 404.
async fn ending(asked: Query<Asked>) -> HttpResponse {
    match asked.p.max(1) {
        p @ (1 | 2) => HttpResponse::Ok().json(rows(p, p)),
        _ => HttpResponse::NotFound().finish(),
    }
}

/// The same page for every request.
async fn same() -> HttpResponse {
    HttpResponse::Ok().json(rows(1, 2))
}

/// Links that form a cycle.
async fn circle(asked: Query<Asked>) -> HttpResponse {
    HttpResponse::Ok()
        .append_header((
            header::LINK,
            format!("<?p={}>; rel=next", (asked.p + 1) % 2),
        ))
        .json(rows(1, 1))
}

async fn tagged(request: HttpRequest) -> HttpResponse {
    const TAG: &str = "\"v1\"";
    let known = request.headers().get(header::IF_NONE_MATCH);
    let mut answer = match known.is_some_and(|tag| tag == TAG) {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    answer.append_header((header::ETAG, TAG));
    match known.is_some_and(|tag| tag == TAG) {
        true => answer.finish(),
        false => answer.json(rows(1, 3)),
    }
}

/// Fails twice, then succeeds.
async fn flaky(tries: web::Data<Tries>) -> HttpResponse {
    match tries.flaky.fetch_add(1, Ordering::SeqCst) {
        0 => HttpResponse::InternalServerError().body("the disk is on fire"),
        1 => HttpResponse::BadGateway().finish(),
        _ => HttpResponse::Ok().json(rows(1, 2)),
    }
}

/// Asks the client to wait, then succeeds.
async fn throttled(tries: web::Data<Tries>) -> HttpResponse {
    match tries.throttled.fetch_add(1, Ordering::SeqCst) {
        0 => HttpResponse::TooManyRequests()
            .append_header((header::RETRY_AFTER, "7"))
            .finish(),
        _ => HttpResponse::Ok().json(rows(1, 1)),
    }
}

/// Asks the client to wait for an hour.
async fn closed() -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .append_header((header::RETRY_AFTER, "3600"))
        .finish()
}

/// A body of many MiB.
async fn huge() -> HttpResponse {
    let chunk = || Ok::<_, actix_web::Error>(web::Bytes::from(vec![b' '; 1 << 20]));
    let chunks = futures_util::stream::iter((0..80).map(move |_| chunk()));
    HttpResponse::Ok()
        .content_type("application/json")
        .streaming(chunks)
}

async fn csv() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .body("parcel,weight,lost\n1,2.5,true\n2,99,false\n3,,\n")
}

/// A page whose next page is itself.
async fn itself() -> HttpResponse {
    HttpResponse::Ok()
        .append_header((header::LINK, "</itself>; rel=\"next\""))
        .json(rows(1, 1))
}

/// Like [`itself`], with a cursor that does not advance.
async fn itself_by_cursor() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({"rows": rows(1, 1), "next": 1}))
}

async fn login() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body("\n<!DOCTYPE html><html><body>Log in</body></html>")
}

async fn wrapped() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({"data": rows(1, 1), "count": 1}))
}

async fn nan() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body("[{\"parcel\": 1,\"weight\": NaN}]")
}

const LATIN: &[u8] = b"parcel,weight,postcode\n1,2.5,Z\xfcrich\n";

async fn latin() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/csv; charset=ISO-8859-1")
        .body(LATIN)
}

async fn klingon() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/csv; charset=klingon")
        .body(LATIN)
}

async fn lines() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .body("{\"parcel\": 1, \"weight\": 2}\n\n{\"parcel\": 2, \"weight\": \"x\"}\n")
}

async fn zipped() -> HttpResponse {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&serde_json::to_vec(&rows(1, 4)).unwrap())
        .unwrap();
    HttpResponse::Ok()
        .content_type("application/json")
        .append_header((header::CONTENT_ENCODING, "gzip"))
        .body(gzip.finish().unwrap())
}

async fn elsewhere(request: HttpRequest) -> HttpResponse {
    let port = request.app_config().local_addr().port();
    HttpResponse::Found()
        .append_header((header::LOCATION, format!("http://localhost:{port}/csv")))
        .finish()
}

async fn here() -> HttpResponse {
    HttpResponse::Found()
        .append_header((header::LOCATION, "/csv"))
        .finish()
}

async fn refusing() -> HttpResponse {
    HttpResponse::Forbidden().body("no  such\nkey")
}

/// Checks whether the credentials in the URL were sent.
async fn private(request: HttpRequest) -> HttpResponse {
    const ANN: &str = "Basic YW5uOmh1c2g="; // ann:hush
    let given = request.headers().get(header::AUTHORIZATION);
    match given.is_some_and(|v| v == ANN) {
        true => HttpResponse::Ok().json(rows(1, 1)),
        false => HttpResponse::Unauthorized().finish(),
    }
}

#[derive(Default)]
struct Tries {
    flaky: AtomicUsize,
    throttled: AtomicUsize,
}

/// Starts the API on a free port; it runs until the process ends.
pub fn start() -> SocketAddr {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let tries = web::Data::new(Tries::default());
            let server = HttpServer::new(move || {
                App::new()
                    .app_data(tries.clone())
                    .route("/link", web::get().to(link))
                    .route("/cursor", web::get().to(cursor))
                    .route("/page", web::get().to(page))
                    .route("/ending", web::get().to(ending))
                    .route("/same", web::get().to(same))
                    .route("/circle", web::get().to(circle))
                    .route("/tagged", web::get().to(tagged))
                    .route("/flaky", web::get().to(flaky))
                    .route("/throttled", web::get().to(throttled))
                    .route("/closed", web::get().to(closed))
                    .route("/huge", web::get().to(huge))
                    .route("/csv", web::get().to(csv))
                    .route("/lines", web::get().to(lines))
                    .route("/itself", web::get().to(itself))
                    .route("/itself_by_cursor", web::get().to(itself_by_cursor))
                    .route("/login", web::get().to(login))
                    .route("/wrapped", web::get().to(wrapped))
                    .route("/nan", web::get().to(nan))
                    .route("/latin", web::get().to(latin))
                    .route("/klingon", web::get().to(klingon))
                    .route("/zipped", web::get().to(zipped))
                    .route("/elsewhere", web::get().to(elsewhere))
                    .route("/here", web::get().to(here))
                    .route("/refusing", web::get().to(refusing))
                    .route("/private", web::get().to(private))
            });
            let server = server
                .workers(1)
                .disable_signals()
                .bind("127.0.0.1:0")
                .unwrap();
            tell.send(server.addrs()[0]).unwrap();
            server.run().await.unwrap();
        });
    });
    told.recv().unwrap()
}

/// A server that handles each connection with the next of these functions, then with the last one.
pub fn raw(answers: Vec<fn(TcpStream)>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for (i, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let answer = answers[i.min(answers.len() - 1)];
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]); // the request
                answer(stream);
            });
        }
    });
    address
}
