//! On PostgreSQL what comes while somebody is at work waits, and whoever works next takes it all. So an idle server does each
//! thing at once, and a busy one shares round trips, plans and flushes of the log.
//!
//! A request that went away cancels nothing that is queued.

use super::error::StoreError;
use super::patience::{PATIENCE, patience};
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, PgConnection, PgPool, Postgres};
use sea_orm::{DbErr, RuntimeErr};
use std::collections::VecDeque;
use std::fmt::Debug;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

/// How many work at once at most. One is enough, and the more it does together, the less each costs; more begin where there
/// is more than that, or where one takes long.
const HANDS: u32 = 4;
/// After how long another one begins: the first may wait for somebody.
const SLOW: Duration = Duration::from_millis(50);
/// How long a hand stays for more: whoever begins anew takes another connection, which may have to learn the statement, and
/// the pool tests each that is given back.
const LINGER: Duration = Duration::from_millis(20);
/// How much is done together at most.
pub(super) const GROUP: usize = 64;
/// How many may wait. More than that is a database that does not keep up, and whoever asks is told so.
const QUEUE: usize = 4096;

/// Work that can be done together.
pub(super) trait Together: Debug + Sized + Send + Sync + 'static {
    /// What is asked for.
    type Question: Debug + Send;
    /// What comes of it.
    type Answer: Debug + Send;

    /// Takes out of what waits what is done together next.
    fn take(waiting: &mut Waiting<Self>) -> Vec<Waits<Self>>;

    /// Does it, and tells whoever asked. There is something to do.
    fn work(
        self: &Arc<Self>,
        connection: &mut Kept,
        questions: Vec<Self::Question>,
        asked: Vec<Asked<Self::Answer>>,
    ) -> impl Future<Output = ()> + Send;
}

/// A question, and who asks.
pub(super) type Waits<T> = (<T as Together>::Question, Asked<<T as Together>::Answer>);

/// What waits, in the order in which it came.
pub(super) type Waiting<T> = VecDeque<Waits<T>>;

/// Who waits for an answer.
#[derive(Debug)]
pub(super) struct Asked<A> {
    answer: oneshot::Sender<Result<A, StoreError>>,
    came: Instant,
}

impl<A> Asked<A> {
    /// Somebody, and where they hear the answer.
    pub(super) fn now() -> (Self, oneshot::Receiver<Result<A, StoreError>>) {
        let (answer, answered) = oneshot::channel();
        (Self { answer, came: Instant::now() }, answered)
    }

    /// Whoever asked has given up by now and was told so; and who erases or hands over counts on nothing being written
    /// later.
    pub(super) fn is_too_late(&self) -> bool {
        self.came.elapsed() > PATIENCE
    }

    /// A request that went away has no ears; what was done stands all the same.
    pub(super) fn tell(self, answer: Result<A, StoreError>) {
        drop(self.answer.send(answer));
    }
}

/// A connection that is kept from one group to the next: the pool tests each that is given back.
#[derive(Debug)]
pub(super) struct Kept {
    pool: PgPool,
    connection: Option<PoolConnection<Postgres>>,
}

impl Kept {
    pub(super) async fn get(&mut self) -> Result<&mut PgConnection, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => acquire(&self.pool).await?,
        };
        Ok(self.connection.insert(connection))
    }

    /// Gives it back, as after an error that it may be the cause of.
    pub(super) fn give_back(&mut self) {
        self.connection = None;
    }
}

/// A connection of the pool. Where there is none, whatever the database says of it, it is nobody's fault.
pub(super) async fn acquire(pool: &PgPool) -> Result<PoolConnection<Postgres>, StoreError> {
    let not_let_in = |error: sqlx::Error| DbErr::Conn(RuntimeErr::SqlxError(error.into()));
    Ok(Box::pin(pool.acquire()).await.map_err(not_let_in)?)
}

/// The work that waits, and those who do it.
#[derive(Debug)]
pub(super) struct Queue<T: Together> {
    work: Arc<T>,
    pool: PgPool,
    waiting: Mutex<Waiting<T>>,
    hands: Arc<Semaphore>,
    more: Notify,
    runtime: Handle,
}

impl<T: Together> Queue<T> {
    /// Must be called on the runtime that is to do the work.
    pub(super) fn new(pool: &PgPool, work: T) -> Arc<Self> {
        Arc::new(Self {
            work: Arc::new(work),
            pool: pool.clone(),
            waiting: Mutex::default(),
            hands: Arc::new(Semaphore::new(HANDS as usize)),
            more: Notify::new(),
            runtime: Handle::current(),
        })
    }

    /// Has it done with whatever else waits.
    pub(super) async fn ask(self: &Arc<Self>, question: T::Question) -> Result<T::Answer, StoreError> {
        let (asked, answered) = Asked::now();
        if let Some(hand) = self.push((question, asked))? {
            self.runtime.spawn(self.clone().run(hand));
        }
        let mut answered = pin!(answered);
        let answered = async {
            if let Ok(answered) = timeout(SLOW, answered.as_mut()).await {
                return answered;
            }
            if let Ok(hand) = self.hands.clone().try_acquire_owned() {
                self.runtime.spawn(self.clone().run(hand));
            }
            answered.await
        };
        let ended = |_| StoreError::Unavailable("who was to answer has ended".into());
        patience(async { answered.await.map_err(ended)? }).await
    }

    /// Takes no more, and waits for all that is queued.
    pub(super) async fn close(&self) -> &T {
        // Nobody else closes them, and what comes from here on is told that nobody works any more.
        let _ = self.hands.acquire_many(HANDS).await;
        self.hands.close();
        &self.work
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a job; with a permit when somebody has to begin.
    fn push(&self, job: Waits<T>) -> Result<Option<OwnedSemaphorePermit>, StoreError> {
        let mut waiting = self.waiting();
        if waiting.len() >= QUEUE || self.hands.is_closed() {
            return Err(StoreError::Unavailable("too many requests wait, or the server ends".into()));
        }
        waiting.push_back(job);
        if self.hands.available_permits() == HANDS as usize || waiting.len() >= GROUP {
            return Ok(self.hands.clone().try_acquire_owned().ok());
        }
        self.more.notify_one();
        Ok(None)
    }

    /// What is done together next.
    fn next(&self) -> Option<Vec<Waits<T>>> {
        let mut waiting = self.waiting();
        (!waiting.is_empty()).then(|| T::take(&mut waiting))
    }

    /// Gives the permit back when nothing waits, so that whoever comes next begins anew.
    fn leave(&self, hand: OwnedSemaphorePermit) -> Option<OwnedSemaphorePermit> {
        let waiting = self.waiting();
        (!waiting.is_empty()).then_some(hand)
    }

    async fn run(self: Arc<Self>, mut hand: OwnedSemaphorePermit) {
        let mut connection = Kept { pool: self.pool.clone(), connection: None };
        loop {
            while let Some(jobs) = self.next() {
                // What is too late is taken, too, and not done.
                if !jobs.is_empty() {
                    let (questions, asked) = jobs.into_iter().unzip();
                    self.work.work(&mut connection, questions, asked).await;
                }
            }
            if timeout(LINGER, self.more.notified()).await.is_err() {
                match self.leave(hand) {
                    Some(kept) => hand = kept,
                    None => return,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use sea_orm::sqlx::postgres::PgPoolOptions;
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

    /// Tells of each group, and waits for a word before it answers.
    #[derive(Debug)]
    struct Slowly {
        groups: UnboundedSender<Vec<u32>>,
        word: Semaphore,
    }

    impl Together for Slowly {
        type Question = u32;
        type Answer = u32;

        fn take(waiting: &mut Waiting<Self>) -> Vec<Waits<Self>> {
            waiting.drain(..).collect()
        }

        async fn work(self: &Arc<Self>, _: &mut Kept, questions: Vec<u32>, asked: Vec<Asked<u32>>) {
            self.groups.send(questions.clone()).unwrap();
            self.word.acquire().await.unwrap().forget();
            for (question, asked) in questions.into_iter().zip(asked) {
                asked.tell(Ok(question));
            }
        }
    }

    fn queue() -> (Arc<Queue<Slowly>>, UnboundedReceiver<Vec<u32>>) {
        let (groups, told) = unbounded_channel();
        let pool = PgPoolOptions::new().connect_lazy("postgres://127.0.0.1:1/none").unwrap();
        (Queue::new(&pool, Slowly { groups, word: Semaphore::new(0) }), told)
    }

    fn ask(queue: &Arc<Queue<Slowly>>, question: u32) -> tokio::task::JoinHandle<u32> {
        let queue = queue.clone();
        tokio::spawn(async move { queue.ask(question).await.unwrap() })
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_while_one_is_at_work_is_done_together_next() {
        let (queue, mut groups) = queue();
        let first = ask(&queue, 1);
        assert_eq!(groups.recv().await, Some(vec![1]));
        let others = [ask(&queue, 2), ask(&queue, 3)];
        tokio::task::yield_now().await;
        queue.work.word.add_permits(2);
        assert_eq!(groups.recv().await, Some(vec![2, 3]));
        assert_eq!((first.await.unwrap(), join_all(others).await.len()), (1, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn another_begins_when_one_takes_long_and_all_have_left_in_the_end() {
        let (queue, mut groups) = queue();
        let stuck = ask(&queue, 1);
        assert_eq!(groups.recv().await, Some(vec![1]));
        let waits = ask(&queue, 2);
        assert_eq!(groups.recv().await, Some(vec![2]), "after {SLOW:?}");
        queue.work.word.add_permits(2);
        assert_eq!((stuck.await.unwrap(), waits.await.unwrap()), (1, 2));
        tokio::time::sleep(LINGER * 2).await;
        assert_eq!(queue.hands.available_permits(), HANDS as usize);
        queue.close().await;
        queue.ask(3).await.unwrap_err();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn everybody_is_answered_once() {
        let (queue, _groups) = queue();
        queue.work.word.add_permits(10_000);
        let asked: Vec<_> = (0..5_000).map(|n| ask(&queue, n % 64)).collect();
        assert_eq!(join_all(asked).await.len(), 5_000);
        queue.close().await;
    }
}
