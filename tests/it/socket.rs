//! A WebSocket client for tests.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::server::Server;

/// One connection.
pub struct Socket(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects to the WebSocket at this URL.
    pub async fn at(url: &str) -> Socket {
        Socket(connect_async(url).await.unwrap().0)
    }

    /// Connects to a server.
    pub async fn open(server: &Server) -> Socket {
        Socket(connect_async(server.ws()).await.unwrap().0)
    }

    /// Connects to a server that requires a token.
    pub async fn with_token(server: &Server, token: &str) -> Socket {
        let mut request = server.ws().into_client_request().unwrap();
        let bearer = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", bearer);
        Socket(connect_async(request).await.unwrap().0)
    }

    /// Sends a document.
    pub async fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string()).await;
    }

    /// Sends any text.
    pub async fn send_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// Receives the next document.
    pub async fn next(&mut self) -> Value {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Sends a document and returns the next one received.
    pub async fn ask(&mut self, message: Value) -> Value {
        self.send(&message).await;
        self.next().await
    }

    /// Subscribes; returns the sequence number of the last event so far.
    pub async fn subscribe(&mut self, topics: &[&str]) -> u64 {
        let answer = self
            .ask(json!({"type": "subscribe", "ref": "s", "topics": topics}))
            .await;
        assert_eq!(answer["type"], "subscribed", "{answer}");
        answer["seq"].as_u64().unwrap()
    }

    /// Reads to the end; returns the number of documents and the close frame.
    pub async fn end(&mut self) -> (usize, Option<CloseFrame>) {
        let mut documents = 0;
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(_))) => documents += 1,
                Some(Ok(Message::Close(frame))) => return (documents, frame),
                Some(Ok(_)) => {}
                None | Some(Err(Error::ConnectionClosed)) => return (documents, None),
                Some(Err(error)) => panic!("{error}"),
            }
        }
    }

    /// The code it was closed with.
    pub async fn close_code(&mut self) -> u16 {
        self.end().await.1.expect("a close frame").code.into()
    }
}

/// Status of the WebSocket handshake with a cookie.
pub async fn opened(server: &Server, cookie: &str, origin: Option<&str>) -> u16 {
    let mut request = server.ws().into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("cookie", cookie.parse().unwrap());
    if let Some(origin) = origin {
        headers.insert("origin", origin.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((_, response)) => response.status().as_u16(),
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("{other}"),
    }
}
