//! The same actix server, reading the same body and answering a constant of the same length.

use std::process::Command;

use actix_web::{App, HttpResponse, HttpServer, web};

/// Starts it as a process of its own.
pub fn command() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("--bare");
    command
}

/// Is it.
pub fn serve() {
    const ANSWER: &str = r#"{"id":"019dc2a0-0000-7000-8000-000000000000","label":0,"probability":0.12345678901234567,"model":"titanic@1","warnings":[]}"#;
    let answer = |_: web::Bytes| async {
        HttpResponse::Ok()
            .content_type("application/json")
            .body(ANSWER)
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    println!("ready http://{}", listener.local_addr().unwrap());
    actix_web::rt::System::new()
        .block_on(async {
            HttpServer::new(move || App::new().route("/v1/predict", web::post().to(answer)))
                .workers(2)
                .listen(listener)?
                .run()
                .await
        })
        .unwrap();
}
