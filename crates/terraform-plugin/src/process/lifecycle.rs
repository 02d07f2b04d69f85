//! When the plugin ends: because Terraform calls `Shutdown`, because a signal asks for it, or
//! because Terraform is gone.
//!
//! This file is longer than 300 lines because each way to end has a test beside it.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::acceptor::Peers;
use super::{Mode, ServeError};
use crate::framework::operations::Operations;
use base::platform;

/// The signal SIGXFSZ, whose number is the same on Linux and macOS.
const FILE_SIZE: i32 = 25;

/// How long operations may take to end once they are asked to stop. Terraform itself waits as long
/// as it takes. This limit is for an end by a signal or by the loss of Terraform, after which the
/// process has to end soon.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// How long a plugin whose last connection is lost waits for another before it ends.
const ORPHAN_GRACE: Duration = Duration::from_secs(2);

/// How often to check, before the first connection, whether the parent process still runs.
const PARENT_POLL: Duration = Duration::from_secs(1);

/// Resolves when the process is to end.
///
/// A signal, or the loss of Terraform, first stops the operations and waits for them, so that what
/// they know of an object still reaches Terraform, if it is there. `Shutdown` ends the process at
/// once, even during that wait: Terraform calls it when it expects nothing more.
///
/// `shutdown` is cancelled by that call. `signalled` resolves when a signal asks for the end.
/// `host` is the parent process as it was at the start.
pub(crate) async fn ended(
    mode: Mode,
    shutdown: &CancellationToken,
    signalled: impl Future<Output = ()>,
    host: u32,
    peers: watch::Receiver<Peers>,
    operations: &Operations,
) {
    let drained = async {
        tokio::select! {
            () = signalled => tracing::info!("a signal ends the plugin"),
            () = orphaned(peers, host, parent), if mode == Mode::Terraform => {
                tracing::info!("Terraform is no longer connected: the plugin ends");
            }
        }
        drain(operations).await;
    };
    tokio::select! {
        () = shutdown.cancelled() => tracing::debug!("Terraform ends the plugin"),
        () = drained => {}
    }
}

/// Stops all operations, and waits for their end for a limited time.
async fn drain(operations: &Operations) {
    operations.end();
    let tracker = operations.tracker();
    if timeout(DRAIN_LIMIT, tracker.wait()).await.is_err() {
        let left = tracker.len();
        tracing::warn!(left, "left operations behind that did not stop in time");
    }
}

/// Resolves when the host is gone: its connection is lost and no other came within the grace
/// period, or the process ended before it connected.
async fn orphaned(mut peers: watch::Receiver<Peers>, host: u32, parent: impl Fn() -> u32) {
    tokio::select! {
        _ = peers.wait_for(|peers| peers.ever > 0) => {}
        () = parent_ended(host, parent) => return,
    }
    loop {
        // An error means that the acceptor has ended, and that no connection can be made.
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

/// Resolves when the parent process is no longer `host`. A process gets another parent only when
/// its own has ended.
async fn parent_ended(host: u32, parent: impl Fn() -> u32) {
    while parent() == host {
        sleep(PARENT_POLL).await;
    }
}

/// The id of the parent process.
pub(crate) fn parent() -> u32 {
    std::os::unix::process::parent_id()
}

/// The signals that the plugin handles itself.
///
/// From the moment this value exists until the process ends, they no longer have the effect that
/// the operating system gives them, which is to end the process. That remains so after it is
/// dropped.
#[derive(Debug)]
pub(crate) struct Signals {
    hangup: Option<Signal>,
    interrupt: Signal,
    terminate: Option<Signal>,
    /// Never looked at. The signal that a write beyond the file size limit (`ulimit -f`) causes
    /// would end the process; with a handler, the write fails instead, and the code that writes
    /// goes on without the file.
    _file_size: Signal,
}

impl Signals {
    /// Installs handlers, except for hang-up and terminate where this process was started with them
    /// ignored.
    ///
    /// `nohup terraform apply` survives the end of its terminal because `nohup` has the hang-up
    /// ignored. Its plugins inherit that, and must survive too. The interrupt gets a handler in any
    /// case, since it never ends a plugin that Terraform started.
    pub(crate) fn install() -> Result<Self, ServeError> {
        let ignored = platform::Ignored::now();
        let handle = |kind| signal(kind).map_err(ServeError::cannot("handle signals"));
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
    /// An interrupt is not one, unless a person started the process. A terminal sends Ctrl-C to
    /// Terraform and to all its plugins at once. Terraform then calls `StopProvider`, and stores
    /// what the operations under way still return. A plugin that ended would lose that.
    pub(crate) async fn ended(mut self, mode: Mode) {
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

/// Resolves at the next signal, or never if the signal is ignored.
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
    use std::sync::Arc;
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
            "no connection yet, and the parent lives"
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
        let operations = Operations::default();
        let (tracker, stop) = (operations.tracker(), operations.token());
        let finished = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&finished);
        tracker.spawn(async move {
            stop.cancelled().await;
            sleep(Duration::from_secs(1)).await;
            done.store(true, Ordering::SeqCst);
        });
        drain(&operations).await;
        assert!(finished.load(Ordering::SeqCst));

        tracker.spawn(std::future::pending::<()>());
        let started = Instant::now();
        drain(&operations).await;
        assert_eq!(started.elapsed(), DRAIN_LIMIT);
    }

    /// One operation that takes `time` to end once it is to stop.
    fn stopping_in(time: Duration) -> Operations {
        let operations = Operations::default();
        let stopped = operations.token();
        operations.tracker().spawn(async move {
            stopped.cancelled().await;
            sleep(time).await;
        });
        operations
    }

    /// The state after one connection was opened and lost, when no other can come any more.
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
