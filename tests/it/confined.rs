//! The command lines of the deployment files, run as systemd or a container would run them: on a read-only root with nothing
//! but the binary, the C library and the mounts that the file names, as process 1, by a user without rights.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::BINARY;
use crate::deployment::{command_lines, read, variables};
use crate::process::{Process, signal};
use crate::server::{self, passenger};

/// Builds the root, whose mounts end with the process. Arguments: root, binary, state, whether it is "ro" or "rw", a folder for
/// /run, settings file, user; then those of the binary.
const SCRIPT: &str = r#"
set -e
root=$1 binary=$2 state=$3 access=$4 run=$5 settings=$6 user=$7
shift 7
mount -t tmpfs -o mode=755 root "$root"
cd "$root"
mkdir -p usr/local/bin usr/lib lib lib64 etc/titanic-platform var/lib/titanic-platform run proc dev
for folder in lib lib64 usr/lib dev; do
  [ ! -d "/$folder" ] || mount --rbind "/$folder" "$folder"
done
mount -t proc proc proc
touch usr/local/bin/titanic-platform
mount --bind "$binary" usr/local/bin/titanic-platform
mount --bind "$run" run
mount --bind "$state" var/lib/titanic-platform
[ "$access" = rw ] || mount -o remount,bind,ro var/lib/titanic-platform
cp "$settings" etc/titanic-platform/config.yaml
chmod 644 etc/titanic-platform/config.yaml
mount -o remount,ro "$root"
exec chroot --userspec="$user" "$root" /usr/local/bin/titanic-platform "$@"
"#;

/// What a process finds beside its arguments.
struct Confined {
    root: TempDir,
    run: TempDir,
    settings: PathBuf,
    state: PathBuf,
    access: &'static str,
    user: String,
    variables: BTreeMap<String, String>,
}

impl Confined {
    /// With the settings of a file of the repository, and a state that belongs to `owner`, given as the numbers of user and group.
    fn new(settings: &str, state: &Path, [user, group]: [u32; 2]) -> Confined {
        let run = tempfile::tempdir().unwrap();
        std::fs::set_permissions(run.path(), PermissionsExt::from_mode(0o755)).unwrap();
        Confined {
            root: tempfile::tempdir().unwrap(),
            run,
            settings: Path::new(env!("CARGO_MANIFEST_DIR")).join(settings),
            state: state.to_owned(),
            access: "rw",
            user: format!("{user}:{group}"),
            variables: BTreeMap::new(),
        }
    }

    fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--pid", "--fork", "--kill-child"])
            .args(["sh", "-c", SCRIPT, "sh"])
            .arg(self.root.path())
            .arg(BINARY)
            .arg(&self.state)
            .arg(self.access)
            .arg(self.run.path())
            .arg(&self.settings)
            .arg(&self.user)
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .envs(&self.variables)
            // The ports of the files may be taken here.
            .env("TITANIC_SERVER__LISTEN", "127.0.0.1:0");
        command
    }

    fn start(&self, arguments: &[String]) -> Running {
        let outer = Process::of(self.command(arguments));
        let children = format!("/proc/{0}/task/{0}/children", outer.id());
        let children = std::fs::read_to_string(children).unwrap();
        Running {
            url: outer.url.clone(),
            inner: children.trim().parse().unwrap(),
            outer: Some(outer),
        }
    }
}

/// A confined server.
struct Running {
    url: String,
    /// The process that made the namespaces.
    outer: Option<Process>,
    /// The server, as it is numbered outside.
    inner: u32,
}

impl Running {
    /// Ends the server as its supervisor would; it must stop by itself.
    fn stop(mut self) {
        signal(self.inner, "TERM");
        let outer = self.outer.take().unwrap();
        assert_eq!(outer.ended(), Some(0));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Of a failed test. That it changed its user undid the wish of unshare to have it killed.
        if self.outer.is_some() {
            signal(self.inner, "KILL");
        }
    }
}

/// An empty folder of this user.
fn folder_of([user, group]: [u32; 2], mode: u32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(mode)).unwrap();
    chown(folder.path(), Some(user), Some(group)).unwrap();
    folder
}

/// The command line that serves, as a follower or not.
fn line(file: &str, follows: bool) -> Vec<String> {
    let lines = command_lines(&read(file));
    let mut lines = lines
        .into_iter()
        .filter(|line| line[0] == "serve" && line.contains(&"--follow".into()) == follows);
    let line = lines.next();
    line.unwrap_or_else(|| panic!("{file}: no such command line"))
}

async fn predict(url: &str, token: Option<&str>) -> (StatusCode, Value) {
    let request = server::client().request(Method::POST, format!("{url}/v1/predict"));
    let request = request.json(&passenger());
    server::answer(match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the rights of root for mounts and users"]
async fn the_unit_of_systemd_runs_as_a_user_without_rights() {
    const UNIT: &str = "deployment/systemd/titanic-platform.service";
    let user = [23_456, 23_456];
    let state = folder_of(user, 0o700);
    let mut confined = Confined::new("deployment/systemd/config.yaml", state.path(), user);
    let secret = "0123456789abcdef0123456789abcdef";
    let credentials = "credentials/titanic-platform.service";
    let credentials = confined.run.path().join(credentials);
    std::fs::create_dir_all(&credentials).unwrap();
    std::fs::write(credentials.join("admin"), secret).unwrap();
    let socket = confined.run.path().join("notify");
    let notified = tokio::net::UnixDatagram::bind(&socket).unwrap();
    std::fs::set_permissions(&socket, PermissionsExt::from_mode(0o777)).unwrap();
    confined.variables = BTreeMap::from([
        ("NOTIFY_SOCKET".into(), "/run/notify".into()),
        ("WATCHDOG_USEC".into(), "2000000".into()),
    ]);
    let next = async || {
        let mut bytes = [0; 256];
        let message = tokio::time::timeout(server::PATIENCE, notified.recv(&mut bytes));
        let length = message.await.expect("a message").unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };

    let server = confined.start(&line(UNIT, false));
    assert_eq!(next().await.trim(), "READY=1");
    assert_eq!(next().await.trim(), "WATCHDOG=1");
    assert_eq!(predict(&server.url, None).await.0, 401);
    let (status, prediction) = predict(&server.url, Some(secret)).await;
    assert_eq!(status, 200, "{prediction}");
    server.stop();
    let mut last = next().await;
    while last.trim() == "WATCHDOG=1" {
        last = next().await;
    }
    assert_eq!(last.trim(), "STOPPING=1");
    let events = std::fs::metadata(state.path().join("events.redb")).unwrap();
    assert_eq!([events.uid(), events.gid()], user);
    let id = prediction["id"].as_str().unwrap();
    let stored = titanic_platform::store::open(state.path()).unwrap();
    let mut found = false;
    titanic_platform::store::maintenance::events(&stored, |record| {
        found |= record.line().contains(id);
        true
    })
    .unwrap();
    assert!(found, "a prediction before the stop is stored");
}

/// The user of the image is any number, in the group 0.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the rights of root for mounts and users"]
async fn the_services_of_compose_run_as_any_user_on_a_read_only_root() {
    const COMPOSE: &str = "docker-compose.yml";
    let image = variables(&read("Dockerfile"));
    let user = [1_000_680_000, 0];
    let (ours, theirs) = (folder_of(user, 0o770), folder_of(user, 0o770));
    let mut writer = Confined::new("deployment/compose/platform.yaml", ours.path(), user);
    writer.variables = image.clone();
    let writing = writer.start(&line(COMPOSE, false));

    let mut follower = Confined::new("deployment/compose/follower.yaml", theirs.path(), user);
    follower.variables = image;
    let follow = line(COMPOSE, true).into_iter().map(|word| {
        // The name of the service is one of the network of compose.
        if word == "http://platform:5000" {
            writing.url.clone()
        } else {
            word
        }
    });
    let following = follower.start(&follow.collect::<Vec<_>>());
    let (status, prediction) = predict(&following.url, None).await;
    assert_eq!(status, 200, "{prediction}");
    following.stop();
    let path = prediction["id"].as_str().unwrap();
    let path = format!("{}/v1/predictions/{path}", writing.url);
    let stored = server::answer(server::client().get(path)).await;
    assert_eq!(stored.0, 200, "sent before the stop: {}", stored.1);
    writing.stop();
}

/// Nothing can be written, the state belongs to another user, and the model of an image is in it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the rights of root for mounts and users"]
async fn predict_only_needs_no_place_to_write() {
    let state = server::state();
    for folder in [state.path().to_owned(), state.path().join("models")] {
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
    }
    for file in std::fs::read_dir(state.path().join("models")).unwrap() {
        let mode = PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(file.unwrap().path(), mode).unwrap();
    }
    let user = [54_321, 54_321];
    let mut confined = Confined::new("deployment/compose/follower.yaml", state.path(), user);
    confined.access = "ro";
    confined.variables = variables(&read("Dockerfile"));
    let arguments = ["serve", "--predict-only"].map(str::to_owned);
    let server = confined.start(&arguments);
    let (status, prediction) = predict(&server.url, None).await;
    assert_eq!(status, 200, "{prediction}");
    server.stop();
    assert!(!state.path().join("events.redb").exists());
}

/// A state that belongs to another user is refused by its name, not half used.
#[test]
#[ignore = "needs the rights of root for mounts and users"]
fn a_state_of_another_user_is_an_error() {
    let state = folder_of([23_456, 23_456], 0o700);
    let confined = Confined::new(
        "deployment/compose/platform.yaml",
        state.path(),
        [54_321, 54_321],
    );
    let arguments = ["serve", "--state", "/var/lib/titanic-platform"].map(str::to_owned);
    let output = confined.command(&arguments).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.contains("/var/lib/titanic-platform") && error.contains("Permission denied"),
        "{error}"
    );
    assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0);
}
