//! Tests of the connection phases with a paused clock.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Duration, sleep};

use super::*;

fn pair() -> (DuplexStream, Timed<DuplexStream>) {
    let (client, server) = duplex(64);
    (client, Timed::new(server))
}

async fn read(stream: &mut Timed<DuplexStream>) -> io::Result<usize> {
    stream.read(&mut [0; 64]).await
}

/// The outcome of a read within `wait`; none if it is still pending then.
async fn within(
    stream: &mut Timed<DuplexStream>,
    wait: Duration,
) -> Option<Result<usize, io::ErrorKind>> {
    let done = tokio::time::timeout(wait, read(stream)).await;
    done.ok().map(|read| read.map_err(|error| error.kind()))
}

const SHORTER: Duration = Duration::from_millis(4_900);
const REST: Duration = Duration::from_millis(200);
const TIMED_OUT: Option<Result<usize, io::ErrorKind>> = Some(Err(io::ErrorKind::TimedOut));
const LONG: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn b3_a_second_head_has_its_time_too() {
    let (mut client, mut stream) = pair();
    for _ in 0..3 {
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        read(&mut stream).await.unwrap();
        stream.connection().begin(false);
        stream.connection().end(false);
        assert_eq!(within(&mut stream, LONG).await, None); // idle: the service's own limit
    }
    client.write_all(b"GET / HTT").await.unwrap();
    read(&mut stream).await.unwrap();
    assert_eq!(within(&mut stream, SHORTER).await, None);
    client.write_all(b"P").await.unwrap(); // a byte now and then gains nothing
    assert_eq!(within(&mut stream, SHORTER).await, Some(Ok(1)));
    assert_eq!(within(&mut stream, REST).await, TIMED_OUT);
}

#[tokio::test(start_paused = true)]
async fn b3_half_a_head_behind_a_request_has_its_time_once_that_is_answered() {
    let (mut client, mut stream) = pair();
    client
        .write_all(b"GET / HTTP/1.1\r\n\r\nGET / HTT")
        .await
        .unwrap();
    read(&mut stream).await.unwrap();
    stream.connection().begin(false);
    assert_eq!(within(&mut stream, LONG).await, None); // it is being answered, however long
    stream.connection().end(false);
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    assert_eq!(within(&mut stream, SHORTER).await, None);
    assert_eq!(within(&mut stream, REST).await, TIMED_OUT);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_head_may_come_by_itself() {
    let (mut client, mut stream) = pair();
    for piece in ["GET / HTTP/1.1\r\nhost: a\r\n", "\r", "\n"] {
        client.write_all(piece.as_bytes()).await.unwrap();
        read(&mut stream).await.unwrap();
    }
    stream.connection().begin(false);
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    stream.connection().end(false);
    assert_eq!(within(&mut stream, LONG).await, None);
    client.write_all(b"\r\n").await.unwrap();
    read(&mut stream).await.unwrap();
    assert_eq!(within(&mut stream, LONG).await, None);
}

#[tokio::test(start_paused = true)]
async fn b3_bodies_and_websockets_are_no_heads() {
    let (mut client, mut stream) = pair();
    client.write_all(b"POST / HTTP/1.1\r\n\r\n{").await.unwrap();
    read(&mut stream).await.unwrap();
    stream.connection().begin(true);
    client.write_all(b"}").await.unwrap();
    read(&mut stream).await.unwrap();
    stream.connection().body_read();
    stream.connection().end(false);
    assert_eq!(within(&mut stream, LONG).await, None);
    client.write_all(b"GET /ws HTTP/1.1\r\n\r\n").await.unwrap();
    read(&mut stream).await.unwrap();
    stream.connection().begin(false);
    stream.connection().end(true);
    client.write_all(b"\x81\x00").await.unwrap();
    read(&mut stream).await.unwrap();
    assert_eq!(within(&mut stream, LONG).await, None);
}

#[tokio::test(start_paused = true)]
async fn b3_an_answer_that_nobody_reads_ends() {
    let (mut client, mut stream) = pair();
    let begun = tokio::time::Instant::now();
    let writer = async {
        let done = stream.write_all(&[b'x'; 640]).await;
        (done.unwrap_err().kind(), begun.elapsed())
    };
    let reader = async {
        for _ in 0..5 {
            sleep(Duration::from_secs(25)).await; // slow, but it reads
            client.read_exact(&mut [0; 64]).await.unwrap();
        }
    };
    let ((kind, after), ()) = tokio::join!(writer, reader);
    assert_eq!(kind, io::ErrorKind::TimedOut);
    assert!((after.as_secs_f64() - 155.0).abs() < 1.0, "{after:?}");
}

#[tokio::test]
async fn a_closed_side_is_known() {
    let (mut client, mut stream) = pair();
    client.write_all(b"GET").await.unwrap();
    client.shutdown().await.unwrap();
    read(&mut stream).await.unwrap();
    assert!(!stream.connection().has_ended());
    assert_eq!(read(&mut stream).await.unwrap(), 0);
    assert!(stream.connection().has_ended());
}
