//! Supervision of the background tasks: each has a name, is run again after a panic or an
//! error, and ends with the server.
//!
//! A task that dies unseen is a fault that shows weeks later: alerts are recorded as ever,
//! but no backup was taken and no certificate renewed since. So whatever runs in the
//! background is started here, what ends it is logged and counted, and `algohook doctor` and
//! `/metrics` say so. It is run again with growing pauses, since the usual causes (a full
//! disk, a file that is being replaced) pass by themselves.

mod board;
mod pauses;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use crate::metrics::Metrics;

use board::Status;
pub use board::{Board, State};
use pauses::Pauses;

/// The end of a task that was not stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It has nothing left to do.
    Finished,
    /// It cannot go on, and is run again.
    Failed(String),
}

/// The wish that a task ends, for those that finish what they have in hand.
#[derive(Debug, Clone)]
pub struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Ends when the task is to stop.
    pub async fn wished(&mut self) {
        // Nobody is left to stop it where the sender is gone.
        let _ = self.0.wait_for(|is_stopping| *is_stopping).await;
    }

    /// True if the task is to stop.
    #[must_use]
    pub fn is_wished(&self) -> bool {
        *self.0.borrow()
    }
}

/// The background tasks of a server.
pub struct Workers {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
    board: Board,
    metrics: Arc<Metrics>,
}

impl Workers {
    /// Workers without a task.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            tasks: JoinSet::new(),
            stop: watch::Sender::new(false),
            board: Board::default(),
            metrics,
        }
    }

    /// States of the tasks.
    #[must_use]
    pub fn board(&self) -> Board {
        self.board.clone()
    }

    /// Runs a task that can be ended between any two of its steps; `start` begins it, and
    /// begins it anew after a failure.
    pub fn run<F>(&mut self, name: &'static str, mut start: impl FnMut() -> F + Send + 'static)
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        self.supervise(name, false, move |_| start());
    }

    /// Runs a task that ends by itself when it is told to, for it has things in hand that
    /// should not be left half done.
    pub fn run_to_end<F>(
        &mut self,
        name: &'static str,
        start: impl FnMut(Stopping) -> F + Send + 'static,
    ) where
        F: Future<Output = Outcome> + Send + 'static,
    {
        self.supervise(name, true, start);
    }

    fn supervise<F>(
        &mut self,
        name: &'static str,
        finishes: bool,
        start: impl FnMut(Stopping) -> F + Send + 'static,
    ) where
        F: Future<Output = Outcome> + Send + 'static,
    {
        // Counted from zero on, so that the first failure is seen as an increase.
        drop(self.metrics.worker_restarts(name));
        let supervisor = Supervisor {
            name,
            finishes,
            status: self.board.add(name),
            metrics: Arc::clone(&self.metrics),
            stopping: Stopping(self.stop.subscribe()),
        };
        self.tasks.spawn(supervisor.run(start));
    }

    /// Ends all tasks, and waits until they have ended, but not beyond `deadline`.
    pub async fn stop(mut self, deadline: Instant) {
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout_at(deadline, ended).await.is_err() {
            let unfinished = self.board.unfinished();
            tracing::warn!(?unfinished, "background tasks had to be ended");
        }
    }
}

/// Looks after one task.
struct Supervisor {
    name: &'static str,
    /// True if it finishes what it has in hand when it is to stop.
    finishes: bool,
    status: Arc<Status>,
    metrics: Arc<Metrics>,
    stopping: Stopping,
}

impl Supervisor {
    async fn run<F>(mut self, mut start: impl FnMut(Stopping) -> F)
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut pauses = Pauses::default();
        while !self.stopping.is_wished() {
            let began = Instant::now();
            self.note(State::Running);
            let Some(why) = self.failure(start(self.stopping.clone())).await else {
                break;
            };
            let pause = pauses.after(began.elapsed());
            self.note_failure(&why, pause);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stopping.wished() => {}
            }
        }
        self.note(State::Ended);
    }

    /// Runs the task until it ends; returns why, where that is a failure.
    async fn failure<F>(&mut self, task: F) -> Option<String>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        // On a task of its own, so that a panic ends nothing else. Dropped, the set ends it.
        let mut running = JoinSet::new();
        running.spawn(or_fault(task));
        let ended = tokio::select! {
            ended = running.join_next() => ended,
            () = self.stopping.wished() => {
                if !self.finishes {
                    running.abort_all();
                }
                running.join_next().await
            }
        };
        match ended? {
            Ok(Outcome::Finished) => None,
            Ok(Outcome::Failed(why)) => Some(why),
            Err(error) => panic_of(error),
        }
    }

    fn note(&self, state: State) {
        let is_up = state == State::Running;
        self.status.set(state);
        self.metrics.worker_up(self.name).set(is_up.into());
    }

    fn note_failure(&self, why: &str, pause: Duration) {
        let worker = self.name;
        tracing::error!(worker, why, retry_in = ?pause, "a background task failed and is run again");
        self.metrics.worker_restarts(worker).inc();
        let now = jiff::Timestamp::now().as_second();
        self.metrics.worker_failed_at(worker).set(now);
        self.note(State::Failing(why.to_owned()));
    }
}

/// The words of a panic; none where the task was ended instead.
fn panic_of(error: JoinError) -> Option<String> {
    let panic = error.try_into_panic().ok()?;
    let words = panic
        .downcast_ref::<&'static str>()
        .map(|words| (*words).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    Some(format!(
        "panic: {}",
        words.as_deref().unwrap_or("without words")
    ))
}

/// Runs a task. In debug builds all of them panic on SIGUSR2, for the tests to see what
/// comes of that.
async fn or_fault(task: impl Future<Output = Outcome>) -> Outcome {
    #[cfg(all(debug_assertions, unix))]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut fault) = signal(SignalKind::user_defined2()) {
            tokio::select! {
                outcome = task => return outcome,
                _ = fault.recv() => panic!("a panic that was asked for"),
            }
        }
        Outcome::Failed("signals cannot be waited for".to_owned())
    }
    #[cfg(not(all(debug_assertions, unix)))]
    task.await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::mpsc;

    use super::*;

    fn workers() -> (Workers, Arc<Metrics>) {
        let metrics = Arc::new(Metrics::default());
        (Workers::new(Arc::clone(&metrics)), metrics)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[tokio::test]
    async fn what_panics_or_fails_is_run_again_and_counted() {
        let (mut workers, metrics) = workers();
        let (runs, mut seen) = mpsc::unbounded_channel();
        let count = AtomicU32::new(0);
        workers.run("shaky", move || {
            let run = count.fetch_add(1, Ordering::Relaxed);
            let runs = runs.clone();
            async move {
                runs.send(run).unwrap();
                match run {
                    0 => panic!("no {run}"),
                    1 => Outcome::Failed("no file".to_owned()),
                    _ => std::future::pending().await,
                }
            }
        });
        for run in 0..3 {
            assert_eq!(seen.recv().await, Some(run));
        }
        let text = metrics.encode().unwrap();
        let restarts = "algohook_worker_restarts_total{worker=\"shaky\"} 2";
        assert!(text.contains(restarts), "{text}");
        assert!(
            text.contains("algohook_worker_up{worker=\"shaky\"} 1"),
            "{text}"
        );
        assert_eq!(workers.board().faults(), Vec::<String>::new());
        workers.stop(soon()).await;
    }

    #[tokio::test]
    async fn what_keeps_failing_is_a_fault_with_its_reason() {
        let (mut workers, _) = workers();
        let board = workers.board();
        workers.run("broken", || async { panic!("no {}", "way") });
        while board.faults().is_empty() {
            tokio::task::yield_now().await;
        }
        let faults = board.faults();
        assert!(faults[0].contains("broken"), "{faults:?}");
        assert!(faults[0].contains("no way"), "{faults:?}");
        workers.stop(soon()).await;
    }

    #[tokio::test]
    async fn a_stop_waits_for_what_finishes_and_ends_the_rest() {
        let (mut workers, _) = workers();
        let board = workers.board();
        let finished = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&finished);
        workers.run_to_end("finishes", move |mut stopping| {
            let counted = Arc::clone(&counted);
            async move {
                stopping.wished().await;
                // The others are ended meanwhile.
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                counted.fetch_add(1, Ordering::Relaxed);
                Outcome::Finished
            }
        });
        workers.run("endless", std::future::pending);
        workers.run("done", || async { Outcome::Finished });
        tokio::task::yield_now().await;
        workers.stop(soon()).await;
        assert_eq!(finished.load(Ordering::Relaxed), 1);
        assert_eq!(board.unfinished(), Vec::<&str>::new());
    }

    #[tokio::test]
    async fn a_stop_waits_for_nobody_beyond_its_deadline() {
        let (mut workers, _) = workers();
        workers.run_to_end("deaf", |_| std::future::pending());
        tokio::task::yield_now().await;
        let board = workers.board();
        workers
            .stop(Instant::now() + Duration::from_millis(50))
            .await;
        assert_eq!(board.unfinished(), ["deaf"]);
    }
}
