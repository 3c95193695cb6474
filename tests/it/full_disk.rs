//! A server whose disk is full: it responds, reports what it cannot store, and recovers when there is space again.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use reqwest::Method;
use serde_json::json;
use titanic_platform::store::Health;

use crate::server::{Server, passenger, until};

/// A simulated disk that can be full; its content survives closing and opening.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    memory: Arc<InMemoryBackend>,
    /// Whether it is full.
    pub is_full: Arc<AtomicBool>,
}

impl Disk {
    fn room(&self) -> io::Result<()> {
        match self.is_full.load(Ordering::SeqCst) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.memory.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.memory.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.room()?;
        self.memory.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.room()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.room()?;
        self.memory.write(offset, data)
    }
}

async fn page(server: &Server, path: &str) -> String {
    let response = server.request(Method::GET, path).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_tells_of_it_and_of_what_is_lost() {
    let disk = Disk::default();
    let plug = disk.clone();
    let server = Server::on(Box::new(move || Ok(Box::new(plug.clone())))).await;
    assert!(!page(&server, "/").await.contains("alarm"));

    disk.is_full.store(true, Ordering::SeqCst);
    let rows = json!(vec![json!({"Pclass": 3, "Sex": "male"}); 70_000]);
    // Together more rows than may wait for the disk, in the writer and in its queue.
    for _ in 0..2 {
        let (status, _) = server.post("/v1/predict", &rows).await;
        assert_eq!(status, 200, "it answers all the same");
    }
    let durable = server.post("/v1/predict?durable=true", &passenger()).await;
    assert_eq!(
        durable.0, 503,
        "what cannot be kept is not said to be: {durable:?}"
    );
    let lost = "predictions were made and could not be stored";
    until("the loss on the page", || async {
        page(&server, "/fragments/loop").await.contains(lost)
    })
    .await;
    let mut health = server.app().store().health();
    let is_failing = |health: &Health| matches!(health, Health::Failing(_));
    health.wait_for(is_failing).await.unwrap();
    let (status, problem) = server.post("/v1/rows", &passenger()).await;
    assert_eq!(status, 503, "{problem}");
    let shown = page(&server, "/").await;
    assert!(
        shown.contains("<p class=\"alarm\">The store cannot write: "),
        "{shown}"
    );
    assert!(
        shown.contains("<h3>titanic@2 "),
        "what is known without it stays"
    );

    disk.is_full.store(false, Ordering::SeqCst);
    health
        .wait_for(|health| *health == Health::Writing)
        .await
        .unwrap();
    // The alert keeps firing for a while, so that it does not flap.
    let shown = page(&server, "/fragments/loop").await;
    assert!(
        !shown.contains("cannot write") && shown.contains(lost),
        "{shown}"
    );
    let metrics = server.metrics().await;
    let counted = metrics.lines().find_map(|line| {
        let count = line.strip_prefix("titanic_store_dropped_predictions_total ")?;
        count.parse::<u64>().ok()
    });
    assert_eq!(server.app().store().lost(), counted.unwrap());
    server.stop().await;
}
