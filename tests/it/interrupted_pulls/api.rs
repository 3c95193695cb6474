//! A web API that returns rows in pages with a cursor.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use actix_web::web::{Data, Query, get};
use actix_web::{App, HttpServer};
use serde_json::{Value, json};

use super::{Feed, ROWS, numbering};
use crate::case::Case;

const PAGE: u64 = 1000;

/// The API; it runs until the process ends.
pub struct Api {
    address: SocketAddr,
    last: Arc<AtomicU64>,
}

#[derive(serde::Deserialize)]
struct Asked {
    #[serde(default)]
    after: u64,
}

/// The rows that the API serves.
struct Rows {
    numbered: Box<dyn Fn(u64) -> Value + Send + Sync>,
    last: Arc<AtomicU64>,
}

async fn page(asked: Query<Asked>, rows: Data<Rows>) -> actix_web::web::Json<Value> {
    let last = rows.last.load(Ordering::SeqCst);
    let to = (asked.after + PAGE).min(last);
    let page: Vec<Value> = (asked.after + 1..=to).map(|n| (rows.numbered)(n)).collect();
    actix_web::web::Json(json!({"rows": page, "next": (to < last).then_some(to)}))
}

impl Feed for Api {
    async fn new(case: &'static Case) -> Api {
        let last = Arc::new(AtomicU64::new(ROWS));
        let rows = Data::new(Rows {
            numbered: Box::new(numbering(case)),
            last: last.clone(),
        });
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || App::new().app_data(rows.clone()).route("/", get().to(page));
                let server = HttpServer::new(app).workers(1).disable_signals();
                let server = server.bind("127.0.0.1:0").unwrap();
                tell.send(server.addrs()[0]).unwrap();
                server.run().await.unwrap();
            });
        });
        let address = told.recv().unwrap();
        Api { address, last }
    }

    fn settings(&self) -> Value {
        json!({"from": format!("http://{}/", self.address), "items": "rows", "next": "cursor:next:after"})
    }

    async fn one_more(&self) {
        self.last.store(ROWS + 1, Ordering::SeqCst);
    }
}
