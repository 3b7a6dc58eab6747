//! Somebody who listens to the live feed.

use crate::client::Caller;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Longer than anything takes that is to come.
const EVER: Duration = Duration::from_secs(20);

/// A connection to the live feed.
pub struct Listener {
    socket: WebSocketStream<TcpStream>,
    /// What the last message says for `after`.
    pub cursor: String,
}

/// Why there is no connection: status and problem.
#[derive(Debug)]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// The problem.
    pub json: Value,
}

impl Listener {
    /// Listens to what `wants` says, on the server of `caller`. The first message is taken.
    pub async fn to(caller: &Caller, wants: &Value) -> Self {
        Self::after(caller, wants, None).await
    }

    /// The same, after what was heard before.
    pub async fn after(caller: &Caller, wants: &Value, cursor: Option<&str>) -> Self {
        let mut listener = Self::open(caller, &url(caller, wants, cursor).await).await.expect("let in");
        let first = listener.next().await;
        assert_eq!(first["type"], "ready", "{first}");
        listener
    }

    /// Connects to a path with its ticket.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn open(caller: &Caller, path: &str) -> Result<Self, Refused> {
        Self::with_buffer(caller, path, None).await
    }

    /// The same; the system keeps so many bytes for it.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn with_buffer(caller: &Caller, path: &str, buffer: Option<u32>) -> Result<Self, Refused> {
        let host = caller.base().trim_start_matches("http://");
        let socket = TcpSocket::new_v4().expect("a socket");
        if let Some(buffer) = buffer {
            socket.set_recv_buffer_size(buffer).expect("a buffer");
        }
        let wire = socket.connect(host.parse().expect("an address")).await.expect("the server listens");
        match client_async(format!("ws://{host}{path}"), wire).await {
            Ok((socket, _)) => Ok(Self { socket, cursor: String::new() }),
            Err(Error::Http(answer)) => {
                let body = answer.body().as_deref().unwrap_or_default();
                let json = serde_json::from_slice(body).unwrap_or_default();
                Err(Refused { status: answer.status().as_u16(), json })
            }
            Err(error) => panic!("no WebSocket: {error}"),
        }
    }

    /// The next message.
    pub async fn next(&mut self) -> Value {
        match self.any().await {
            Ok(message) => message,
            Err(code) => panic!("the connection was closed: {code}"),
        }
    }

    /// The next message, which must be an event: its kind and its ticket's id.
    pub async fn event(&mut self) -> (String, String) {
        let message = self.next().await;
        assert_eq!(message["type"], "event", "{message}");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        (text(&message["event"]["kind"]), text(&message["event"]["ticket"]["id"]))
    }

    /// With which code the connection is closed, after all that still comes; 0 when it is cut.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.any().await {
                return code;
            }
        }
    }

    /// The next message, which must come soon.
    ///
    /// # Errors
    /// The code with which the connection was closed; 0 when it was cut.
    pub async fn any(&mut self) -> Result<Value, u16> {
        timeout(EVER, self.hear()).await.expect("something comes")
    }

    /// The next message, whenever it comes.
    ///
    /// # Errors
    /// The code with which the connection was closed; 0 when it was cut.
    pub async fn hear(&mut self) -> Result<Value, u16> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    self.cursor = message["cursor"].as_str().expect("a cursor").to_owned();
                    return Ok(message);
                }
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(0),
            }
        }
    }

    /// Says something, and waits until it was answered: all that was told before has come by then, or waits to be read.
    pub async fn ping(&mut self) {
        self.socket.send(Message::Ping(Bytes::from_static(b"?"))).await.expect("it is taken");
        loop {
            match timeout(EVER, self.socket.next()).await.expect("it is answered") {
                Some(Ok(Message::Pong(_))) => return,
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("not what was asked for: {other:?}"),
            }
        }
    }
}

/// A path with a ticket to what `wants` says.
pub async fn url(caller: &Caller, wants: &Value, after: Option<&str>) -> String {
    let ticket = caller.post("/live/tickets", wants.clone()).await.expect(201);
    assert_eq!(ticket.json["expires_in"], json!(60));
    let after = after.map_or(String::new(), |after| format!("&after={after}"));
    format!("{}{after}", ticket.str("url"))
}
