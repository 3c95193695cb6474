//! Finds the process that listens on an address, as far as Linux reveals it.

use std::fmt;
use std::fs;
use std::path::Path;

use crate::serve::address::Listen;

/// A process that listens.
#[derive(Debug, PartialEq, Eq)]
pub struct Holder {
    pid: u32,
    name: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} ({})", self.pid, self.name)
    }
}

/// The process that listens on an address; `None` if the system does not reveal it, as for processes of other users.
pub fn of(listen: &Listen) -> Option<Holder> {
    let tables: &[&str] = match listen {
        Listen::Ip(_) => &["/proc/net/tcp", "/proc/net/tcp6"],
        Listen::Unix(_) => &["/proc/net/unix"],
    };
    let inodes: Vec<String> = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| match listen {
            Listen::Ip(address) => listeners(&table, address.port()),
            Listen::Unix(path) => bound(&table, path),
        })
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let pid: u32 = pids.into_iter().find(|pid| holds(*pid, &inodes))?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Some(Holder {
        pid,
        name: name.trim().to_owned(),
    })
}

/// Inodes of the sockets that are bound to a path, from a kernel table (`proc_net_unix(5)`). The table has the path as the
/// process wrote it.
fn bound(table: &str, path: &Path) -> Vec<String> {
    let inode = |line: &str| {
        let mut fields = line.split_whitespace();
        let inode = fields.nth(6)?.to_owned();
        (Path::new(fields.next()?) == path).then_some(inode)
    };
    table.lines().skip(1).filter_map(inode).collect()
}

/// Inodes of the sockets that listen on a port, from a kernel table (`proc_net_tcp(5)`).
fn listeners(table: &str, port: u16) -> Vec<String> {
    const LISTEN: &str = "0A";
    let ends = format!(":{port:04X}");
    let inode = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens = fields.get(1)?.ends_with(&ends) && *fields.get(3)? == LISTEN;
        listens.then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
    };
    table.lines().skip(1).filter_map(inode).collect()
}

fn holds(pid: u32, sockets: &[String]) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    let mut links = files
        .flatten()
        .filter_map(|file| fs::read_link(file.path()).ok());
    links.any(|link| {
        sockets
            .iter()
            .any(|socket| link.as_os_str() == socket.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_listening_process_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let unix = Listen::Unix(folder.path().join("socket"));
        for listen in ["127.0.0.1:0".parse().unwrap(), unix] {
            let listener = crate::serve::listener::bind(&listen).unwrap();
            let holder = of(listener.bound.listen()).unwrap();
            assert_eq!(holder.pid, std::process::id());
            assert!(!holder.name.is_empty());
        }
    }
}
