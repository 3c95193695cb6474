//! A server below a base path, on a Unix socket, behind a real nginx with the configuration of `deployment/proxy`.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use reqwest::header::{CONTENT_TYPE, ORIGIN};
use serde_json::json;
use tempfile::TempDir;
use titanic_platform::config::Settings;
use titanic_platform::serve::options::{Auth, Scope, Token};

use super::driver::Browser;
use crate::cli::BINARY;
use crate::process::Process;
use crate::server::{self, Server, passenger, until};
use crate::tables;

/// A running nginx that passes `/ml/` to the socket in its folder.
struct Nginx {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Nginx {
    async fn start() -> Nginx {
        let folder = tempfile::tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let path = |name: &str| folder.path().join(name).display().to_string();
        let mut site =
            fs::read_to_string(tables::root().join("deployment/proxy/nginx.conf")).unwrap();
        for (from, to) in [
            (
                "    server unix:/run/titanic-platform/http.sock;",
                format!("    server unix:{};", path("http.sock")),
            ),
            ("    listen 80;", format!("    listen 127.0.0.1:{port};")),
        ] {
            assert_eq!(site.matches(from).count(), 1, "{from}");
            site = site.replace(from, &to);
        }
        fs::write(path("site.conf"), site).unwrap();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary
            .map(|name| format!("{name}_temp_path {};", path(name)))
            .join(" ");
        let main = format!(
            "user root; daemon off; worker_processes 1; pid {}; error_log stderr warn; events {{}}
             http {{ access_log off; {temporary} include {}; }}",
            path("pid"),
            path("site.conf"),
        );
        fs::write(path("nginx.conf"), main).unwrap();
        let child = Command::new("nginx")
            .args(["-e", "stderr", "-p"])
            .arg(folder.path())
            .args(["-c", &path("nginx.conf")])
            .spawn()
            .expect("nginx is installed");
        until("nginx listens", async || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        })
        .await;
        Nginx {
            child,
            port,
            folder,
        }
    }

    fn socket(&self) -> String {
        format!("unix:{}/http.sock", self.folder.path().display())
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The settings that the configuration of nginx names.
    fn settings(&self, settings: &mut Settings) {
        settings.server.listen = self.socket().parse().unwrap();
        settings.server.base_path = "/ml".parse().unwrap();
        settings.server.trusted_proxies = vec!["unix".parse().unwrap()];
    }
}

impl Drop for Nginx {
    /// The master ends its workers, which it could not if it were killed.
    fn drop(&mut self) {
        crate::process::signal(self.child.id(), "TERM");
        let _ = self.child.wait();
    }
}

async fn open(browser: &Browser, url: String) {
    browser.post("url", json!({"url": url})).await;
}

const LIVE: &str = "document.querySelector('#connection')?.dataset.state === 'live'";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx, chromium and chromedriver; .ci/run installs them"]
async fn the_page_works_behind_a_proxy() {
    let nginx = Nginx::start().await;
    let server = Server::with(|settings| nginx.settings(settings)).await;
    let browser = Browser::start().await;

    // A prediction from the form, over the WebSocket.
    open(&browser, nginx.url("/ml/predict")).await;
    browser.until(LIVE).await;
    let verdict = "document.querySelector('.verdict').innerText";
    browser
        .until(&format!("/\\d\\d?(\\.\\d)? ?%/.test({verdict})"))
        .await;
    let before = browser.run(&format!("return {verdict}")).await.to_string();
    browser.type_into("[data-column=Age] input", "3").await;
    browser.until(&format!("{verdict} !== {before}")).await;
    let request = nginx.url("/ml/v1/predict?explain=true");
    for snippet in ["curl", "python", "javascript"] {
        let text = browser
            .run(&format!(
                "return document.querySelector('#{snippet}').textContent"
            ))
            .await;
        assert!(text.as_str().unwrap().contains(&request), "{text}");
    }
    browser
        .until("document.querySelector('#what-if svg circle.s1')")
        .await;

    // The page follows what happens, and every page is reached by its link.
    open(&browser, nginx.url("/ml")).await;
    browser.until(LIVE).await;
    let (_, made) = server.post("/v1/predict", &passenger()).await;
    let shown =
        "[...document.querySelectorAll('#feed tbody td:last-child')].map(cell => cell.title)";
    browser
        .until(&format!("{shown}.includes({})", made["id"]))
        .await;
    for path in [
        "/ml/predict",
        "/ml/timeline",
        "/ml/models",
        "/ml/data",
        "/ml/alerts",
        "/ml/settings",
    ] {
        browser
            .run(&format!(
                "document.querySelector('nav a[href=\"{path}\"]').click()"
            ))
            .await;
        browser
            .until(&format!("location.pathname === '{path}' && {LIVE}"))
            .await;
    }
    // A button of the page.
    open(&browser, nginx.url("/ml/models/2")).await;
    browser.agree("[data-post$=promote]", "").await;
    assert_eq!(server.get("/v1/models").await["champion"], "titanic@2");
    browser.is_clean().await;
}

/// A token with the scope `read`, whose secret is `secret`.
fn token(folder: &Path) -> Token {
    let path = folder.join("secret");
    fs::write(&path, "secret").unwrap();
    Token {
        name: "reader".into(),
        scopes: vec![Scope::Read],
        secret_env: None,
        secret_file: Some(path),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx, chromium and chromedriver; .ci/run installs them"]
async fn a_token_opens_the_page_behind_a_proxy() {
    let nginx = Nginx::start().await;
    let secret = tempfile::tempdir().unwrap();
    let server = Server::with(|settings| {
        nginx.settings(settings);
        settings.server.auth = Some(Auth::Tokens(vec![token(secret.path())]));
    })
    .await;
    let browser = Browser::start().await;
    open(&browser, nginx.url("/ml/models")).await;
    browser.until("location.pathname === '/ml/login'").await;
    browser.type_into("input[name=token]", "secret").await;
    browser
        .run("document.querySelector('#login button').click()")
        .await;
    browser
        .until(&format!("location.pathname === '/ml/' && {LIVE}"))
        .await;
    open(&browser, nginx.url("/ml/models")).await;
    browser
        .until(&format!("location.pathname === '/ml/models' && {LIVE}"))
        .await;
    browser
        .run("document.querySelector('#logout').click()")
        .await;
    browser.until("location.pathname === '/ml/login'").await;
    open(&browser, nginx.url("/ml/models")).await;
    browser.until("location.pathname === '/ml/login'").await;
    browser.is_clean().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx; .ci/run installs it"]
async fn the_address_of_a_client_comes_from_trusted_proxies_alone() {
    let nginx = Nginx::start().await;
    let secret = tempfile::tempdir().unwrap();
    token(secret.path());
    let check = async |trusted: &str, expected: &str| {
        let state = server::state();
        let config = secret.path().join("config.yaml");
        fs::write(
            &config,
            format!(
                "server:\n  listen: {}\n  base_path: /ml\n  trusted_proxies: {trusted}\n  auth:\n    tokens:\n      - {{name: reader, scopes: [read], secret_file: {}/secret}}\n",
                nginx.socket(),
                secret.path().display()
            ),
        )
        .unwrap();
        let log = secret.path().join("log");
        let mut serve = Command::new(BINARY);
        serve
            .arg("serve")
            .arg("--config")
            .arg(&config)
            .arg("--state")
            .arg(state.path());
        serve.stderr(Stdio::from(fs::File::create(&log).unwrap()));
        let process = Process::of(serve);
        let form = server::client()
            .post(nginx.url("/ml/login"))
            .body("token=wrong");
        let form = form.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let form = form
            .header(ORIGIN, nginx.url(""))
            .header("x-forwarded-for", "203.0.113.9");
        assert_eq!(form.send().await.unwrap().status(), 401);
        until("the log has the client", async || {
            fs::read_to_string(&log)
                .unwrap()
                .contains("sign-in rejected")
        })
        .await;
        let log = fs::read_to_string(&log).unwrap();
        let line = log
            .lines()
            .find(|line| line.contains("sign-in rejected"))
            .unwrap();
        assert!(
            line.contains(&format!("client=\"{expected}\""))
                || line.ends_with(&format!("client={expected}")),
            "{trusted}: {line}"
        );
        drop(process);
    };
    // nginx appends the address of its own client, this test, to what the test claims.
    check("[unix]", "127.0.0.1").await;
    check("[unix, 127.0.0.1]", "203.0.113.9").await;
    check("[]", "unix").await;
}
