//! A wire that can be cut and held, and that counts: a TCP proxy in front of the database, for what happens when it is
//! away or slow, and for how often a call goes there; or in front of the server, for answers that do not arrive whole.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// PostgreSQL's message `Sync`, whole.
const SYNC: &[u8] = b"S\0\0\0\x04";

/// A proxy on a free port of loopback.
#[derive(Debug)]
pub struct Proxy {
    /// Where to connect to.
    pub address: SocketAddr,
    whole: Arc<watch::Sender<bool>>,
    gate: Gate,
    statements: Arc<AtomicUsize>,
    /// How many bytes of answers go on before a connection is cut.
    spared: Arc<AtomicI64>,
}

impl Proxy {
    /// Begins to pass on what comes to `target`.
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let whole = Arc::new(watch::Sender::new(true));
        let statements = Arc::new(AtomicUsize::new(0));
        let spared = Arc::new(AtomicI64::new(i64::MAX));
        let gate = Gate::open();
        let (state, count, left) = (whole.clone(), statements.clone(), spared.clone());
        let passing = gate.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (mut state, count, gate) = (state.subscribe(), count.clone(), passing.clone());
                let left = left.clone();
                if !*state.borrow() {
                    continue;
                }
                tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(target).await else { return };
                    let ((near_read, near_write), (far_read, far_write)) =
                        (near.into_split(), far.into_split());
                    tokio::select! {
                        _ = questions(near_read, far_write, gate) => {}
                        _ = answers(far_read, near_write, (&count, &left)) => {}
                        _ = state.wait_for(|whole| !whole) => {}
                    }
                });
            }
        });
        Self { address, whole, gate, statements, spared }
    }

    /// Cuts every connection and lets none through.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Cuts one connection, the one whose answer has this byte from now on, and passes on what comes before it.
    pub fn cut_in_answer(&self, bytes: u32) {
        self.spared.store(bytes.into(), Ordering::SeqCst);
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.whole.send_replace(true);
    }

    /// Holds back what is sent from now on, until [`Self::release`].
    pub fn hold(&self) {
        self.gate.held.send_replace(0);
        self.gate.passed.send_replace(0);
        self.gate.passes.send_replace(0);
    }

    /// Waits until so many messages have been held back since [`Self::hold`].
    pub async fn held(&self, count: usize) {
        let mut held = self.gate.held.subscribe();
        let held = tokio::time::timeout(Duration::from_secs(30), held.wait_for(|held| *held >= count));
        held.await.expect("something is sent").expect("the proxy is there");
    }

    /// Lets one message through, and holds the next.
    pub fn let_one_through(&self) {
        self.gate.passes.send_modify(|passes| *passes = passes.saturating_add(1));
    }

    /// Lets through what was held back, and all that comes.
    pub async fn release(&self) {
        self.gate.passes.send_replace(usize::MAX);
        let held = *self.gate.held.borrow();
        let mut passed = self.gate.passed.subscribe();
        passed.wait_for(|passed| *passed >= held).await.expect("the proxy is there");
    }

    /// How many statements PostgreSQL has carried out: each is a round trip that a request waits for. (sqlx also tests a
    /// connection when it is given back; no statement, and nobody waits for it.)
    pub fn statements(&self) -> usize {
        self.statements.load(Ordering::SeqCst)
    }
}

/// How many messages may still pass, and how many have had to wait.
#[derive(Debug, Clone)]
struct Gate {
    passes: Arc<watch::Sender<usize>>,
    held: Arc<watch::Sender<usize>>,
    /// How many of those that had to wait have passed.
    passed: Arc<watch::Sender<usize>>,
}

impl Gate {
    fn open() -> Self {
        let count = |count| Arc::new(watch::Sender::new(count));
        Self { passes: count(usize::MAX), held: count(0), passed: count(0) }
    }

    async fn pass(&self) {
        let mut waiting = self.passes.subscribe();
        let take = |passes: &mut usize| match *passes {
            0 => false,
            usize::MAX => true,
            _ => {
                *passes -= 1;
                true
            }
        };
        if *self.passes.borrow() == usize::MAX {
            return;
        }
        // Counted before it may pass: a pass that it takes from under another's nose must not leave the count behind.
        self.held.send_modify(|held| *held += 1);
        loop {
            // The sender is in `self`, so there is always something to wait for.
            let _ = waiting.wait_for(|passes| *passes > 0).await;
            if self.passes.send_if_modified(take) {
                break;
            }
        }
        self.passed.send_modify(|passed| *passed += 1);
    }
}

/// Passes on what is sent, when the gate is open.
async fn questions(mut near: OwnedReadHalf, mut far: OwnedWriteHalf, gate: Gate) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = near.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        let mut rest = &buffer[..read];
        // A bare `Sync` is sqlx testing a connection that was given back; no request waits for it. What a request sends
        // next may come in the same piece.
        while let Some(next) = rest.strip_prefix(SYNC) {
            far.write_all(SYNC).await?;
            rest = next;
        }
        if !rest.is_empty() {
            gate.pass().await;
            far.write_all(rest).await?;
        }
    }
}

/// Passes answers on and counts `CommandComplete`. Each message of PostgreSQL begins with a letter and its length in four
/// bytes, which count themselves; what is not of that form (Redis) is passed on all the same.
async fn answers(
    mut far: OwnedReadHalf,
    mut near: OwnedWriteHalf,
    (count, spared): (&AtomicUsize, &AtomicI64),
) -> std::io::Result<()> {
    let (mut head, mut to_skip) = (Vec::with_capacity(5), 0usize);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = far.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        for byte in &buffer[..read] {
            if to_skip > 0 {
                to_skip -= 1;
                continue;
            }
            head.push(*byte);
            if let [letter, a, b, c, d] = head[..] {
                count.fetch_add(usize::from(letter == b'C'), Ordering::SeqCst);
                to_skip =
                    usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX).saturating_sub(4);
                head.clear();
            }
        }
        let passes = pass(spared, read);
        near.write_all(&buffer[..passes]).await?;
        if passes < read {
            return Ok(());
        }
    }
}

/// How much of a piece of an answer passes. Whoever takes the last byte that is spared is cut, and nobody after.
fn pass(spared: &AtomicI64, piece: usize) -> usize {
    let taken = spared.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
        let piece = i64::try_from(piece).unwrap_or(i64::MAX);
        (left != i64::MAX).then(|| if left < piece { i64::MAX } else { left - piece })
    });
    taken.map_or(piece, |left| usize::try_from(left).map_or(piece, |left| left.min(piece)))
}
