//! Tests of Unix sockets: their files, and servers that meet at one path.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use socket2::{Domain, SockAddr, Socket, Type};

use super::unix::{MODE, UnixListener};
use super::*;

fn at(folder: &tempfile::TempDir, name: &str) -> Listen {
    Listen::Unix(folder.path().join(name))
}

fn path(listen: &Listen) -> &Path {
    match listen {
        Listen::Unix(path) => path,
        Listen::Ip(_) => unreachable!(),
    }
}

#[test]
fn a_socket_file_belongs_to_its_user_and_to_its_listener() {
    let folder = tempfile::tempdir().unwrap();
    let listen = at(&folder, "a");
    let listener = bind(&listen).unwrap();
    let mode = fs::metadata(path(&listen)).unwrap().mode();
    assert_eq!(mode & 0o7777, MODE);
    assert!(UnixStream::connect(path(&listen)).is_ok());
    assert!(matches!(bind(&listen), Err(ListenError::Held(_))));
    assert!(
        UnixStream::connect(path(&listen)).is_ok(),
        "it is still there"
    );
    let kept = listener.bound.clone();
    drop(listener);
    assert!(path(&listen).exists());
    drop(kept);
    assert!(!path(&listen).exists());
}

#[test]
fn a_file_that_was_left_behind_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let listen = at(&folder, "a");
    drop(UnixListener::bind(path(&listen)).unwrap());
    assert!(path(&listen).exists());
    let listener = bind(&listen).unwrap();
    assert!(UnixStream::connect(path(&listen)).is_ok());
    // What took its place is not removed.
    fs::remove_file(path(&listen)).unwrap();
    let _other = UnixListener::bind(path(&listen)).unwrap();
    drop(listener);
    assert!(path(&listen).exists());
}

#[test]
fn a_listener_with_a_full_queue_is_live() {
    let folder = tempfile::tempdir().unwrap();
    let listen = at(&folder, "a");
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    socket
        .bind(&SockAddr::unix(path(&listen)).unwrap())
        .unwrap();
    socket.listen(0).unwrap();
    let waiting: Vec<Socket> = (0..3)
        .map(|_| {
            let client = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
            client.set_nonblocking(true).unwrap();
            let _ = client.connect(&SockAddr::unix(path(&listen)).unwrap());
            client
        })
        .collect();
    assert!(matches!(bind(&listen), Err(ListenError::Held(_))));
    drop(waiting);
}

#[test]
fn what_is_not_a_socket_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = at(&folder, "file");
    fs::write(path(&file), "precious").unwrap();
    let link = at(&folder, "link");
    std::os::unix::fs::symlink(path(&file), path(&link)).unwrap();
    let inside = at(&folder, "inside");
    fs::create_dir(path(&inside)).unwrap();
    for listen in [&file, &link, &inside] {
        assert!(matches!(bind(listen), Err(ListenError::NotASocket(_))));
    }
    assert_eq!(fs::read_to_string(path(&link)).unwrap(), "precious");
    let nowhere = at(&folder, "missing/a");
    assert!(matches!(bind(&nowhere), Err(ListenError::Io { .. })));
}

#[test]
fn of_many_that_start_at_once_one_listens() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let listen = at(&folder, &round.to_string());
        drop(UnixListener::bind(path(&listen)).unwrap());
        let begin = std::sync::Barrier::new(4);
        let bound: Vec<_> = std::thread::scope(|scope| {
            let one = || {
                begin.wait();
                bind(&listen).ok()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            threads
                .into_iter()
                .filter_map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(bound.len(), 1);
        assert!(UnixStream::connect(path(&listen)).is_ok());
    }
}
