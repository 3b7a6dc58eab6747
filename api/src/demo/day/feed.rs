//! Somebody who listens to the live feed while the day is played, and counts what comes.

use super::super::client::{Client, Failed};
use super::cast::Cast;
use super::screen::{Count, Screen};
use anyhow::Context;
use futures_util::StreamExt;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

/// Listens until the day is over: to all tickets of the county, and to the supervisor's messages.
pub(super) async fn listen(client: &Client, cast: &Cast<'_>, screen: &Screen) {
    if let Err(error) = hear(client, cast, screen).await {
        screen.failure(&format!("实时推送：{error:#}"));
    }
    // The day goes on without it.
    std::future::pending::<()>().await;
}

async fn hear(client: &Client, cast: &Cast<'_>, screen: &Screen) -> anyhow::Result<()> {
    let wants = json!({"place": cast.county, "inbox": true});
    let ticket = client.post("/live/tickets", cast.token(cast.supervisor), &wants).await;
    let ticket = ticket.map_err(|Failed { why, .. }| anyhow::anyhow!("{why}"))?;
    let path = ticket["url"].as_str().context("没有连接地址")?;
    let host = client.base().trim_start_matches("http://");
    let wire = TcpStream::connect(client.address()?).await?;
    let (mut socket, _) = client_async(format!("ws://{host}{path}"), wire).await?;
    while let Some(message) = socket.next().await {
        if let Message::Text(text) = message?
            && !text.contains("\"type\":\"ready\"")
        {
            screen.add(Count::Pushes, 1);
        }
    }
    anyhow::bail!("连接断了")
}
