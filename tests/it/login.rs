//! Login to the page with a token: the cookie's session has the scopes of the token, and other sites cannot use it.

use reqwest::header::{ACCEPT, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder, Response, redirect};
use titanic_platform::serve::options::{Auth, Scope, Token};

use crate::server::{Server, passenger};
use crate::socket;

async fn server(scope: Scope) -> (Server, tempfile::NamedTempFile) {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&secret, "a secret+token").unwrap();
    let token = Token {
        name: "reader".into(),
        scopes: vec![scope],
        secret_env: None,
        secret_file: Some(secret.path().into()),
    };
    let server = Server::with(|settings| {
        settings.server.auth = Some(Auth::Tokens(vec![token]));
        settings.server.hosts = vec!["models.example.org".into()];
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    (server.await, secret)
}

/// A browser that sends the request headers of a page.
struct Browser<'s> {
    client: Client,
    server: &'s Server,
    cookie: String,
}

impl Browser<'_> {
    fn new(server: &Server) -> Browser<'_> {
        crate::server::client(); // TLS is set up once
        let client = Client::builder().tls_certs_only([]);
        let client = client.redirect(redirect::Policy::none()).build().unwrap();
        Browser {
            client,
            server,
            cookie: String::new(),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, self.server.url(path));
        request.header("cookie", &self.cookie)
    }

    /// Opens a page as a user would.
    async fn open(&self, path: &str) -> Response {
        let request = self
            .request(Method::GET, path)
            .header(ACCEPT, "text/html,*/*");
        request
            .header("sec-fetch-site", "none")
            .send()
            .await
            .unwrap()
    }

    /// A request as our own page sends it.
    fn own(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path)
            .header(ORIGIN, self.server.url(""))
    }

    async fn sign_in(&mut self, token: &str) -> Response {
        let form = format!("token={token}");
        let request = self.own(Method::POST, "/login").body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let response = request.send().await.unwrap();
        if let Some(cookie) = response.headers().get(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            self.cookie = format!("theme=dark; {}", cookie.split(';').next().unwrap());
        }
        response
    }
}

fn header(response: &Response, name: reqwest::header::HeaderName) -> String {
    let value = response.headers().get(name);
    value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_leads_to_the_login_and_a_token_opens_it() {
    let (server, _secret) = server(Scope::Read).await;
    let mut browser = Browser::new(&server);
    for path in ["/", "/docs", "/metrics"] {
        let response = browser.open(path).await;
        let place = header(&response, LOCATION);
        assert_eq!(
            (response.status().as_u16(), &*place),
            (303, "/login"),
            "{path}"
        );
    }
    // Programs still get 401.
    let response = browser.request(Method::GET, "/").send().await.unwrap();
    assert_eq!(response.status(), 401);
    let form = browser.open("/login").await;
    assert_eq!(form.status(), 200);
    let policy = header(&form, reqwest::header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("form-action 'self'"), "{policy}");
    // With `no-referrer` browsers send the form with `Origin: null`, which is rejected.
    let referrer = header(&form, reqwest::header::REFERRER_POLICY);
    assert_eq!(referrer, "same-origin");
    assert!(form.text().await.unwrap().contains("name=\"token\""));

    let wrong = browser.sign_in("wrong").await;
    assert_eq!(wrong.status(), 401);
    assert!(wrong.text().await.unwrap().contains("not known"));
    assert_eq!(browser.cookie, "");
    let right = browser.sign_in("a+secret%2Btoken").await;
    assert_eq!(
        (right.status().as_u16(), &*header(&right, LOCATION)),
        (303, "/")
    );
    let cookie = header(&right, SET_COOKIE);
    for part in [
        "; HttpOnly",
        "; SameSite=Strict",
        "; Path=/",
        "; Max-Age=43200",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(
        !cookie.contains("Secure") && !cookie.contains("secret"),
        "{cookie}"
    );

    // The page offers what the token's scopes allow: with a read token there is no form for a row.
    let page = browser.open("/").await;
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains("id=\"logout\"") && !page.contains("id=\"form\""));
    assert!(
        page.contains("data-topics=\"predictions monitor alerts\""),
        "{page}"
    );
    assert!(page.contains("data-readonly"), "no buttons above the token");
    let own = |method, path| browser.own(method, path);
    let row = own(Method::POST, "/v1/predict").json(&passenger());
    assert_eq!(row.send().await.unwrap().status(), 403);
    let admin = own(Method::POST, "/v1/store/check").send().await.unwrap();
    assert_eq!(admin.status(), 403);

    let out = own(Method::POST, "/logout").send().await.unwrap();
    assert_eq!(
        (out.status().as_u16(), &*header(&out, LOCATION)),
        (303, "/login")
    );
    assert!(header(&out, SET_COOKIE).contains("Max-Age=0"));
    assert_eq!(
        browser.open("/").await.status(),
        303,
        "the session has ended"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cookie_counts_for_our_own_page_alone() {
    let (server, _secret) = server(Scope::Admin).await;
    let mut browser = Browser::new(&server);
    browser.sign_in("a+secret%2Btoken").await;
    let page = browser.open("/predict").await.text().await.unwrap();
    assert!(page.contains("id=\"form\""), "this token may predict");
    assert!(page.contains("data-topics=\"predictions models monitor alerts jobs\""));
    let status = async |request: RequestBuilder| request.send().await.unwrap().status().as_u16();
    let post = || {
        browser
            .request(Method::POST, "/v1/predict")
            .json(&passenger())
    };
    assert_eq!(status(post().header(ORIGIN, server.url(""))).await, 200);
    assert_eq!(status(post()).await, 401, "no Origin");
    assert_eq!(
        status(post().header(ORIGIN, "http://evil.example")).await,
        403
    );
    assert_eq!(
        status(post().header(ORIGIN, "http://localhost:1")).await,
        403,
        "the same site"
    );
    let get = || browser.request(Method::GET, "/v1/events");
    assert_eq!(
        status(get()).await,
        200,
        "browsers send no Origin with a GET"
    );
    for (site, expected) in [
        ("same-origin", 200),
        ("none", 200),
        ("same-site", 401),
        ("cross-site", 401),
    ] {
        assert_eq!(
            status(get().header("sec-fetch-site", site)).await,
            expected,
            "{site}"
        );
    }
    // A WebSocket opens only with our own Origin.
    for (origin, expected) in [
        (Some(server.url("")), 101),
        (None, 401),
        (Some("http://evil.example".into()), 403),
    ] {
        let got = socket::opened(&server, &browser.cookie, origin.as_deref()).await;
        assert_eq!(got, expected, "{origin:?}");
    }
    // A logout without our own Origin does not end the session.
    assert_eq!(status(browser.request(Method::POST, "/logout")).await, 303);
    assert_eq!(status(get()).await, 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_tls_the_cookie_is_secure() {
    let (server, _secret) = server(Scope::Read).await;
    let browser = Browser::new(&server);
    let request = browser
        .request(Method::POST, "/login")
        .body("token=a+secret%2Btoken");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "models.example.org");
    let response = request.send().await.unwrap();
    let cookie = header(&response, SET_COOKIE);
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    server.stop().await;
}

#[tokio::test]
async fn without_tokens_there_is_nothing_to_sign_in_to() {
    let server = Server::start().await;
    let mut browser = Browser::new(&server);
    assert_eq!(header(&browser.open("/login").await, LOCATION), "/");
    assert_eq!(browser.sign_in("anything").await.status(), 401);
    let page = browser.open("/predict").await.text().await.unwrap();
    assert!(page.contains("id=\"form\"") && !page.contains("id=\"logout\""));
    server.stop().await;
}
