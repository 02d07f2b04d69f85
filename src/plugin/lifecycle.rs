//! When the plugin ends: Terraform asks, a signal asks, or nobody is left to serve.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::acceptor::Peers;
use super::{Error, Mode};
use crate::platform;

/// SIGXFSZ, whose number is the same on Linux and macOS.
const FILE_SIZE: i32 = 25;

/// How long work may take to come to an end once it has been told to stop.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// How long a plugin without a connection waits for another before it counts as orphaned.
const ORPHAN_GRACE: Duration = Duration::from_secs(2);

/// How often to look whether the parent still lives, while nobody has connected yet.
const PARENT_POLL: Duration = Duration::from_secs(1);

/// The service's operations in flight, some of which outlive the call that began them.
#[derive(Clone)]
pub struct Work {
    tracker: TaskTracker,
    stop: Arc<dyn Fn() + Send + Sync>,
}

impl Work {
    /// Operations run in `tracker`; `stop` tells them all to come to an end soon, as `StopProvider` does.
    pub fn new(tracker: TaskTracker, stop: impl Fn() + Send + Sync + 'static) -> Self {
        // A closed tracker still takes tasks; only then can it be waited for.
        tracker.close();
        Self {
            tracker,
            stop: Arc::new(stop),
        }
    }

    /// Stops everything, and waits for it a limited time.
    async fn drain(&self) {
        (self.stop)();
        if timeout(DRAIN_LIMIT, self.tracker.wait()).await.is_err() {
            let left = self.tracker.len();
            tracing::warn!(left, "left operations behind that did not stop in time");
        }
    }
}

/// Resolves when the plugin is to leave. `Shutdown` is obeyed at once, also while work is still being stopped.
///
/// `signalled` resolves when a signal asks for the end; `host` is the parent process at the start.
pub(super) async fn ended(
    mode: Mode,
    shutdown: &CancellationToken,
    signalled: impl Future<Output = ()>,
    host: u32,
    peers: watch::Receiver<Peers>,
    work: &Work,
) {
    let drained = async {
        tokio::select! {
            () = signalled => tracing::info!("a signal ends the plugin"),
            () = orphaned(peers, host, parent), if mode == Mode::Terraform => {
                tracing::info!("nobody is connected any more: the plugin ends");
            }
        }
        work.drain().await;
    };
    tokio::select! {
        () = shutdown.cancelled() => tracing::debug!("Terraform ends the plugin"),
        () = drained => {}
    }
}

/// Resolves when the host is gone: its connection is lost, or it died before it made one.
async fn orphaned(mut peers: watch::Receiver<Peers>, host: u32, parent: impl Fn() -> u32) {
    tokio::select! {
        _ = peers.wait_for(|peers| peers.ever > 0) => {}
        () = bereaved(host, parent) => return,
    }
    loop {
        // Errors mean that nobody can connect any more.
        if peers.wait_for(|peers| peers.open == 0).await.is_err() {
            return;
        }
        let again = peers.wait_for(|peers| peers.open > 0);
        match timeout(ORPHAN_GRACE, again).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

/// Resolves when the parent is no longer `host`, which happens only when that process has ended.
async fn bereaved(host: u32, parent: impl Fn() -> u32) {
    while parent() == host {
        sleep(PARENT_POLL).await;
    }
}

/// The id of the parent process.
pub(super) fn parent() -> u32 {
    std::os::unix::process::parent_id()
}

/// The signals that are no longer left to the system, from the moment this exists until the process ends.
#[derive(Debug)]
pub(super) struct Signals {
    hangup: Option<Signal>,
    interrupt: Signal,
    terminate: Option<Signal>,
    /// Never looked at. The signal that a write beyond the file size limit (`ulimit -f`) causes
    /// would end the process; taken over, it leaves the write to fail, and whoever wrote does
    /// without the file.
    _file_size: Signal,
}

impl Signals {
    /// Takes over the signals, apart from those that this process is to ignore.
    ///
    /// `nohup terraform apply` is to survive the end of its terminal, and Terraform does: so must its plugins. An
    /// interrupt is taken over in any case, since it ends no plugin that Terraform started.
    pub(super) fn install() -> Result<Self, Error> {
        let ignored = platform::Ignored::now();
        let handle = |kind| signal(kind).map_err(Error::Signals);
        let unless_ignored = |kind, which| match ignored.contains(which) {
            true => Ok(None),
            false => handle(kind).map(Some),
        };
        Ok(Self {
            hangup: unless_ignored(SignalKind::hangup(), platform::Signal::Hangup)?,
            interrupt: handle(SignalKind::interrupt())?,
            terminate: unless_ignored(SignalKind::terminate(), platform::Signal::Terminate)?,
            _file_size: handle(SignalKind::from_raw(FILE_SIZE))?,
        })
    }

    /// Resolves at a signal that ends the plugin.
    ///
    /// Ctrl-C reaches Terraform and its plugins alike. Terraform answers it with `StopProvider` and still wants the
    /// results, so it must not end a plugin that Terraform started.
    pub(super) async fn ended(mut self, mode: Mode) {
        loop {
            tokio::select! {
                () = received(self.hangup.as_mut()) => return,
                () = received(self.terminate.as_mut()) => return,
                _ = self.interrupt.recv() => match mode {
                    Mode::Debug => return,
                    Mode::Terraform => tracing::debug!("left an interrupt to Terraform"),
                },
            }
        }
    }
}

/// Resolves at the next signal; never where it is ignored.
async fn received(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use tokio::time::Instant;

    use super::*;

    fn alive() -> u32 {
        1
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_connection_ends_the_plugin_after_the_grace() {
        let (peers, watched) = watch::channel(Peers::default());
        let started = Instant::now();
        let ended = tokio::spawn(orphaned(watched, alive(), alive));

        sleep(Duration::from_secs(3600)).await;
        assert!(
            !ended.is_finished(),
            "nobody has connected, the parent lives"
        );
        peers.send_replace(Peers { open: 1, ever: 1 });
        sleep(Duration::from_secs(3600)).await;
        assert!(!ended.is_finished(), "a connection is open");

        peers.send_replace(Peers { open: 0, ever: 1 });
        sleep(ORPHAN_GRACE - Duration::from_millis(1)).await;
        peers.send_replace(Peers { open: 1, ever: 2 });
        sleep(ORPHAN_GRACE * 2).await;
        assert!(!ended.is_finished(), "another came within the grace");

        peers.send_replace(Peers { open: 0, ever: 2 });
        let lost = Instant::now();
        ended.await.unwrap();
        assert_eq!(lost.elapsed(), ORPHAN_GRACE);
        assert!(started.elapsed() > Duration::from_secs(7200));
    }

    #[tokio::test(start_paused = true)]
    async fn a_parent_that_dies_before_it_connects_ends_the_plugin() {
        let (_peers, watched) = watch::channel(Peers::default());
        let parent = Arc::new(AtomicU32::new(7));
        let seen = Arc::clone(&parent);
        let ended = tokio::spawn(orphaned(watched, 7, move || seen.load(Ordering::SeqCst)));
        sleep(Duration::from_secs(60)).await;
        assert!(!ended.is_finished());
        parent.store(1, Ordering::SeqCst);
        timeout(PARENT_POLL * 2, ended).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn draining_stops_work_and_waits_for_it_but_not_for_ever() {
        let tracker = TaskTracker::new();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let work = Work::new(tracker.clone(), move || stopped.cancel());
        let finished = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&finished);
        tracker.spawn(async move {
            stop.cancelled().await;
            sleep(Duration::from_secs(1)).await;
            done.store(true, Ordering::SeqCst);
        });
        work.drain().await;
        assert!(finished.load(Ordering::SeqCst));

        tracker.spawn(std::future::pending::<()>());
        let started = Instant::now();
        work.drain().await;
        assert_eq!(started.elapsed(), DRAIN_LIMIT);
    }

    /// Work that takes `time` to stop, and what ends it.
    fn stopping_in(time: Duration) -> Work {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let stopped = stop.clone();
        tracker.spawn(async move {
            stopped.cancelled().await;
            sleep(time).await;
        });
        Work::new(tracker, move || stop.cancel())
    }

    /// One connection that is gone, and a door through which none can come any more.
    fn one_lost() -> watch::Receiver<Peers> {
        watch::channel(Peers { open: 0, ever: 1 }).1
    }

    #[tokio::test(start_paused = true)]
    async fn an_orphan_finishes_its_work_first() {
        let (peers, watched) = watch::channel(Peers { open: 0, ever: 1 });
        let work = stopping_in(Duration::from_secs(3));
        let started = Instant::now();
        let (shutdown, never) = (CancellationToken::new(), std::future::pending());
        ended(Mode::Terraform, &shutdown, never, parent(), watched, &work).await;
        drop(peers);
        // Timers fire on the next whole millisecond.
        let late = started.elapsed() - (ORPHAN_GRACE + Duration::from_secs(3));
        assert!(late < Duration::from_millis(5), "{late:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_does_not_wait_for_work() {
        let work = stopping_in(Duration::from_secs(3));
        let shutdown = CancellationToken::new();
        let asked = shutdown.clone();
        tokio::spawn(async move {
            sleep(Duration::from_secs(1)).await;
            asked.cancel();
        });
        let started = Instant::now();
        let signalled = std::future::ready(());
        ended(
            Mode::Terraform,
            &shutdown,
            signalled,
            parent(),
            one_lost(),
            &work,
        )
        .await;
        let late = started.elapsed() - Duration::from_secs(1);
        assert!(late < Duration::from_millis(5), "{late:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn debug_mode_outlives_its_connections() {
        let work = stopping_in(Duration::ZERO);
        let started = Instant::now();
        let shutdown = CancellationToken::new();
        let signalled = sleep(Duration::from_secs(3600));
        ended(
            Mode::Debug,
            &shutdown,
            signalled,
            parent(),
            one_lost(),
            &work,
        )
        .await;
        assert!(started.elapsed() >= Duration::from_secs(3600));
    }
}
