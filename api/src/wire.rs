//! Connections that neither ask nor take their answers. actix-web limits the time for the head of a connection's *first*
//! request and for silence after an answer. It has no limit for the head of a later request, for a body that no handler
//! reads, or for a client that does not take its answer: such a connection is cut here.

use crate::limits::Wire;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;
use prometheus_client::metrics::gauge::Gauge;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::any::Any;
use std::collections::HashMap;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// How many handles the server needs besides connections: databases, files, the log.
const OTHER_FILES: usize = 128;

/// How much the system keeps for whoever listens and does not take it, in bytes; Linux doubles it.
const SEND_BUFFER: usize = 32 * 1024;

/// The open connections of this process.
pub(crate) struct Connections {
    began: Instant,
    /// How long nothing may be under way on a connection.
    patience: Duration,
    open: Mutex<HashMap<usize, Arc<Line>>>,
    opened: AtomicUsize,
    count: Gauge,
}

/// A connection.
struct Line {
    /// A second handle of its socket, to cut it by.
    socket: std::net::TcpStream,
    /// Requests that are being answered.
    busy: AtomicUsize,
    /// Milliseconds since [`Connections::began`] at which something last happened.
    touched: AtomicU64,
}

/// A connection, for as long as it is open: part of its data.
pub(crate) struct Open {
    number: usize,
    line: Arc<Line>,
    all: Arc<Connections>,
}

/// A request that is being answered, and its answer that is being taken.
pub(crate) struct Busy {
    line: Arc<Line>,
    all: Arc<Connections>,
    answered: bool,
}

impl Connections {
    /// `count` is how many there are.
    pub(crate) fn new(wire: &Wire, count: Gauge) -> Arc<Self> {
        let patience = wire.idle + wire.head;
        Arc::new(Self {
            began: Instant::now(),
            patience,
            open: Mutex::default(),
            opened: AtomicUsize::new(0),
            count,
        })
    }

    /// Takes a new connection in.
    pub(crate) fn open(self: &Arc<Self>, connection: &dyn Any, data: &mut Extensions) {
        let socket = connection.downcast_ref::<TcpStream>().map(|stream| stream.as_fd().try_clone_to_owned());
        match socket {
            Some(Ok(socket)) => {
                let number = self.opened.fetch_add(1, Ordering::Relaxed);
                let line = Arc::new(Line {
                    socket: socket.into(),
                    busy: AtomicUsize::new(0),
                    touched: AtomicU64::new(self.now()),
                });
                self.lock().insert(number, line.clone());
                self.count.inc();
                data.insert(Open { number, line, all: self.clone() });
            }
            Some(Err(error)) => tracing::warn!(%error, "a connection cannot be watched"),
            None => tracing::warn!("a connection of an unknown kind cannot be watched"),
        }
    }

    /// Cuts what stands still, for ever.
    pub(crate) async fn watch(&self) {
        let mut looks = tokio::time::interval((self.patience / 8).min(Duration::from_secs(1)));
        let patience = u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX);
        loop {
            looks.tick().await;
            let now = self.now();
            let still = |line: &&Arc<Line>| {
                line.busy.load(Ordering::SeqCst) == 0
                    && now.saturating_sub(line.touched.load(Ordering::SeqCst)) > patience
            };
            for line in self.lock().values().filter(still) {
                // Its task sees the end and lets go of it. That it is gone already is no fault.
                let _ = line.socket.shutdown(Shutdown::Both);
            }
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<usize, Arc<Line>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many connections as the system gives handles for, two each and some for everything else: a server without handles
/// cannot reach its database. Takes all handles that the system lets us have: what a shell lets us begin with is few.
pub(crate) fn bearable(connections: usize) -> usize {
    let all = getrlimit(Resource::Nofile).maximum;
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: all, maximum: all }) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
    let Some(most) = getrlimit(Resource::Nofile).current.map(connections_of) else { return connections };
    if most < connections {
        tracing::info!(
            connections,
            most,
            "fewer connections than set: raise the limit of open files (ulimit -Hn)"
        );
    }
    connections.min(most)
}

/// How many connections the system would give handles for; `None` when it has no limit.
pub(crate) fn most_connections() -> Option<usize> {
    getrlimit(Resource::Nofile).maximum.map(connections_of)
}

fn connections_of(files: u64) -> usize {
    usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(OTHER_FILES).max(2) / 2
}

impl Drop for Open {
    fn drop(&mut self) {
        self.all.lock().remove(&self.number);
        self.all.count.dec();
    }
}

impl Open {
    /// It is a WebSocket from now on. What its client does not take waits here, in numbers, and not in the system.
    pub(crate) fn is_upgraded(&self) {
        if let Err(error) = socket2::SockRef::from(&self.line.socket).set_send_buffer_size(SEND_BUFFER) {
            tracing::debug!(%error, "the system's buffer stays as it is");
        }
    }

    /// A request has come.
    pub(crate) fn busy(&self) -> Busy {
        self.line.busy.fetch_add(1, Ordering::SeqCst);
        Busy { line: self.line.clone(), all: self.all.clone(), answered: false }
    }
}

impl Busy {
    /// It is not the client who is waited for.
    fn waiting(&mut self) {
        if std::mem::replace(&mut self.answered, false) {
            self.line.busy.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// There is something to take: from now on it is the client's turn.
    fn answered(&mut self) {
        self.line.touched.store(self.all.now(), Ordering::SeqCst);
        if !std::mem::replace(&mut self.answered, true) {
            self.line.busy.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.answered();
    }
}

/// A body whose every piece that is asked for shows that the client takes them: the server asks for the next one only when
/// there is room for it.
pub(crate) struct Taken {
    body: BoxBody,
    busy: Option<Busy>,
}

impl Taken {
    pub(crate) fn new(body: BoxBody, mut busy: Option<Busy>) -> Self {
        if let Some(busy) = &mut busy {
            busy.answered();
        }
        Self { body, busy }
    }
}

impl MessageBody for Taken {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let piece = Pin::new(&mut self.body).poll_next(context);
        if let Some(busy) = &mut self.busy {
            match &piece {
                Poll::Ready(_) => busy.answered(),
                // A feed with nothing to tell.
                Poll::Pending => busy.waiting(),
            }
        }
        piece
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { body, busy } = self;
        body.try_into_bytes().map_err(|body| Self { body, busy })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn connections_are_as_many_as_there_are_handles_for() {
        assert_eq!([connections_of(1_024), connections_of(20_128), connections_of(3)], [448, 10_000, 1]);
        let many = bearable(usize::MAX);
        assert!(bearable(1) == 1 && many > 1);
        assert_eq!(most_connections().unwrap_or(usize::MAX), many, "all that there may be were taken");
    }

    #[test]
    fn a_client_is_waited_for_only_while_there_is_something_to_take() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let all = Connections::new(&Wire::default(), Gauge::default());
        let line = Arc::new(Line { socket, busy: AtomicUsize::new(0), touched: AtomicU64::new(0) });
        let open = Open { number: 0, line: line.clone(), all };
        let busy = || line.busy.load(Ordering::SeqCst);
        let mut first = open.busy();
        assert_eq!(busy(), 1);
        first.answered();
        first.answered();
        assert_eq!(busy(), 0);
        first.waiting();
        first.waiting();
        assert_eq!(busy(), 1);
        drop(first);
        assert_eq!(busy(), 0);
    }
}
