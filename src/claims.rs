//! Who may start a number's migration: one resource at a time, of all processes of this user on
//! this host.
//!
//! Within a process that is a set. Between processes, such as those of two aliases or of two
//! applies, it is a lock on a file named after the number, held from before the number is looked
//! for until it is known what became of its migration: who comes second then finds the number.
//! Where the file can't be had, the number is still looked for before anything is started.
//!
//! A file that was deleted is no claim any more, although its lock is still held: the next process
//! makes a new one. So the claim is checked when the request that starts the migration is about to
//! leave, and taken again if it is gone ([`Claim::witness`], [`Claim::renew`]). What is deleted
//! after that is what [`mark`] is for.
//!
//! This file is longer than 300 lines because each way to lose a claim has a test beside it.

mod mark;

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use base::fingerprint::fingerprint;
use base::foreign_text;
use base::private_file;
use cams::Bounds;
use terraform_plugin::framework::diagnostic::Diagnostic;

use mark::Mark;

use super::numbers::Target;

/// How often a lock that another process holds is tried.
const PAUSE: Duration = Duration::from_millis(50);

/// After how long the log warns of the wait for another process, which may be right to take as
/// long.
const LONG: Duration = Duration::from_secs(30);

/// The numbers whose migration this process has started, and where it meets other processes.
#[derive(Clone, Debug, Default)]
pub struct Claims(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    taken: Mutex<BTreeSet<Target>>,
    directory: Option<PathBuf>,
    /// Why the files could not be used, if they could not.
    trouble: Mutex<Option<String>>,
}

/// Why a number can't be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Another process had it until the time was over.
    Busy,
    /// Another resource of this run has it.
    Duplicate,
    /// The user asked to stop before it was free.
    Stopped,
}

/// The right to start one number's migration. Dropped, it is given back, unless kept.
#[derive(Debug)]
pub struct Claim {
    claims: Claims,
    target: Target,
    kept: bool,
    held: Held,
}

/// What keeps other processes from the number. In this order, since nobody waits for the mark
/// without the lock.
#[derive(Debug, Default)]
struct Held {
    _mark: Option<Mark>,
    lock: Option<Lock>,
}

impl Claims {
    /// Claims that are shared with the other processes which use the same directory.
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self(Arc::new(Inner {
            directory,
            ..Inner::default()
        }))
    }

    /// Takes the number, after waiting for other processes that have it.
    pub async fn claim(&self, call: &Bounds, target: &Target) -> Result<Claim, Refused> {
        // A number that is written in another way is the same one, here and for other processes.
        let target = target.canonical();
        if !self.taken().insert(target.clone()) {
            return Err(Refused::Duplicate);
        }
        let mut claim = Claim {
            claims: self.clone(),
            target,
            kept: false,
            held: Held::default(),
        };
        claim.renew(call).await?;
        Ok(claim)
    }

    /// The name under which processes meet for a number. It tells nobody which number it is.
    fn name(target: &Target) -> String {
        // Whichever credentials start it, it is the same number: they are not part of the name.
        let number = target.number.to_string();
        fingerprint(&[&target.cust_space_id, &number])
    }

    async fn hold(&self, target: &Target) -> Held {
        let name = Self::name(target);
        let directory = self.0.directory.as_ref();
        let lock = match directory.map(|directory| directory.join(format!("{name}.number"))) {
            Some(path) => lock(&path).await.map_err(|error| self.cannot(&error)).ok(),
            None => None,
        };
        // Processes without a directory meet nobody: they are told to, as tests are.
        let mark = match directory {
            Some(directory) => Mark::take(&mark_name(directory, &name)).await,
            None => None,
        };
        Held { _mark: mark, lock }
    }

    /// What to tell if this process could not take turns at numbers with the others of this
    /// machine.
    pub fn notice(&self) -> Option<Diagnostic> {
        let directory = self.0.directory.as_ref()?.display().to_string();
        let directory = foreign_text::line(&directory);
        let trouble = self
            .0
            .trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let reason = trouble.as_ref()?;
        Some(Diagnostic::warning(
            "Numbers Not Claimed Among Processes",
            format!(
                "The provider's processes on this machine take turns at a number by way of files \
                 in {directory}, which cannot be used: {reason}. The provider still looks for each \
                 number before it starts its migration. But do not run another apply with the same \
                 numbers at the same time.\n\nLet it be a directory of this user alone (chmod \
                 700), or name another one by throttle.state_directory or \
                 CAMS_THROTTLE_STATE_DIRECTORY."
            ),
        ))
    }

    fn cannot(&self, error: &io::Error) {
        tracing::debug!(%error, "numbers can't be claimed among processes");
        let mut trouble = self
            .0
            .trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *trouble = Some(error.to_string());
    }

    fn taken(&self) -> MutexGuard<'_, BTreeSet<Target>> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim {
    /// Takes the number again, after waiting for other processes that have it: what was held is
    /// given up first. Whoever had it in between may have started the migration.
    pub async fn renew(&mut self, call: &Bounds) -> Result<(), Refused> {
        self.held = Held::default();
        self.held = tokio::select! {
            // A number that is free is taken even if the time is over: nobody else has it.
            biased;
            held = self.claims.hold(&self.target) => held,
            () = call.stopped() => return Err(Refused::Stopped),
            () = sleep_until(call.deadline()) => return Err(Refused::Busy),
        };
        Ok(())
    }

    /// Tells whether the claim is still one: whether the file that is locked is the one that others
    /// would find. Where there was no file to lock, there is nothing to lose.
    pub fn witness(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let lock = self.held.lock.as_ref();
        let lock = lock.map(|lock| (lock.path.clone(), Arc::clone(&lock.file)));
        move || match &lock {
            // If the system cannot tell, others may not find the file either.
            Some((path, file)) => private_file::is_at(file, path).unwrap_or(false),
            None => true,
        }
    }

    /// The migration has started, or may have, or is about to: nobody else may start it in this
    /// run.
    pub fn keep(&mut self) {
        self.kept = true;
    }

    /// It has certainly not started: another may.
    pub fn give_back(mut self) {
        self.kept = false;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.held = Held::default();
        if !self.kept {
            self.claims.taken().remove(&self.target);
        }
    }
}

/// The name of the mark. Processes that use different directories keep apart here too.
fn mark_name(directory: &Path, name: &str) -> String {
    // Two directories whose names are not Unicode may share a mark: they then wait for each other.
    fingerprint(&[&directory.to_string_lossy(), name])
}

/// A locked file, which is gone with its lock.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    file: Arc<File>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is still locked, and unless it was replaced, so that nobody else's is deleted.
        // One that stays does no harm.
        if private_file::is_at(&self.file, &self.path).unwrap_or(false) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Waits for the lock.
///
/// # Errors
///
/// If the file cannot be used.
async fn lock(path: &Path) -> io::Result<Lock> {
    let began = Instant::now();
    let (mut told, mut told_long) = (false, false);
    loop {
        if let Some(file) = try_lock(path)? {
            return Ok(Lock {
                path: path.to_owned(),
                file: Arc::new(file),
            });
        }
        if !told {
            tracing::info!(
                "another process is starting the migration of the same number; waiting for it"
            );
            told = true;
        }
        if !told_long && began.elapsed() >= LONG {
            tracing::warn!(
                "still waiting for the process that has {} locked and starts the same number: it \
                 may be stopped (Ctrl-Z)",
                path.display()
            );
            told_long = true;
        }
        sleep(PAUSE).await;
    }
}

/// `None` while another process has it.
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    loop {
        let file = private_file::open(path)?;
        match file.try_lock() {
            // Whoever had it deleted it, between our opening and our locking.
            Ok(()) if !private_file::is_at(&file, path)? => {}
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use cams::phone::PhoneNumber;

    use super::*;

    fn target(mobile_number: &str) -> Target {
        Target {
            cust_space_id: "s".into(),
            number: PhoneNumber::parse("86", mobile_number).expect("a number"),
        }
    }

    fn call(timeout: Duration) -> Bounds {
        Bounds::new(timeout, CancellationToken::new())
    }

    const ENOUGH: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_number_is_claimed_once_until_given_back() {
        let (claims, call) = (Claims::default(), call(ENOUGH));
        let number = target("13900001234");
        let claim = claims.claim(&call, &number).await.expect("the first");
        let second = claims.claim(&call, &number).await;
        assert_eq!(second.expect_err("taken"), Refused::Duplicate);
        claims
            .claim(&call, &target("13900001235"))
            .await
            .expect("another number");
        drop(claim);
        let mut claim = claims.claim(&call, &number).await.expect("given back");
        claim.keep();
        drop(claim);
        claims.claim(&call, &number).await.expect_err("kept");
    }

    #[tokio::test]
    async fn another_form_of_a_number_is_claimed_with_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let claims = || Claims::new(Some(directory.path().join("state")));
        let (here, elsewhere, call) = (claims(), claims(), call(ENOUGH));
        let number = |mobile_number: &str| Target {
            cust_space_id: "s".into(),
            number: PhoneNumber::parse("55", mobile_number).expect("a number"),
        };
        let _claim = here
            .claim(&call, &number("31996883193"))
            .await
            .expect("the first");
        let second = here.claim(&call, &number("3196883193")).await;
        assert_eq!(second.expect_err("taken"), Refused::Duplicate);
        let soon = self::call(Duration::from_millis(120));
        let late = elsewhere.claim(&soon, &number("3196883193")).await;
        assert_eq!(late.expect_err("held"), Refused::Busy);
    }

    #[tokio::test]
    async fn what_has_certainly_not_started_may_be_started_by_another() {
        let (claims, call) = (Claims::default(), call(ENOUGH));
        let mut claim = claims
            .claim(&call, &target("13900001234"))
            .await
            .expect("the first");
        claim.keep();
        claim.give_back();
        claims
            .claim(&call, &target("13900001234"))
            .await
            .expect("given back");
    }

    #[tokio::test]
    async fn other_processes_wait_for_it_and_leave_nothing_behind() {
        let directory = tempfile::tempdir().expect("a directory");
        let state = directory.path().join("state");
        let (one, other) = (
            Claims::new(Some(state.clone())),
            Claims::new(Some(state.clone())),
        );
        let number = target("13900001234");
        let mut claim = one.claim(&call(ENOUGH), &number).await.expect("the first");
        let late = other
            .claim(&call(Duration::from_millis(120)), &number)
            .await;
        assert_eq!(late.expect_err("held"), Refused::Busy);
        claim.keep();
        let free = async {
            tokio::task::yield_now().await;
            drop(claim);
        };
        let call = call(ENOUGH);
        let (second, ()) = tokio::join!(other.claim(&call, &number), free);
        drop(second.expect("its turn"));
        assert_eq!(std::fs::read_dir(&state).expect("a directory").count(), 0);
    }

    #[tokio::test]
    async fn a_stop_ends_the_wait_and_is_told_as_one() {
        let directory = tempfile::tempdir().expect("a directory");
        let claims = || Claims::new(Some(directory.path().join("state")));
        let number = target("13900001234");
        let _held = claims()
            .claim(&call(ENOUGH), &number)
            .await
            .expect("the first");
        let stop = CancellationToken::new();
        stop.cancel();
        let waiting = claims().claim(&Bounds::new(ENOUGH, stop), &number).await;
        assert_eq!(waiting.expect_err("stopped"), Refused::Stopped);
    }

    #[tokio::test]
    async fn a_deleted_claim_is_none_and_can_be_renewed() {
        let directory = tempfile::tempdir().expect("a directory");
        let state = directory.path().join("state");
        let claims = Claims::new(Some(state.clone()));
        let number = target("13900001234");
        let mut claim = claims.claim(&call(ENOUGH), &number).await.expect("a claim");
        let witness = claim.witness();
        assert!(witness());
        // Moved away, the file still exists, and nobody finds it.
        std::fs::rename(&state, directory.path().join("moved")).expect("a directory");
        assert!(!witness());
        claim.renew(&call(ENOUGH)).await.expect("its turn");
        assert!(claim.witness()());
        std::fs::remove_dir_all(&state).expect("a directory");
        assert!(!claim.witness()());
    }

    /// What the lock alone can't keep: that another process gets the number as soon as the file is
    /// deleted.
    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn a_deleted_claim_lets_nobody_in_before_it_is_given_back() {
        let directory = tempfile::tempdir().expect("a directory");
        let state = directory.path().join("state");
        let (one, other) = (
            Claims::new(Some(state.clone())),
            Claims::new(Some(state.clone())),
        );
        let number = target("13900001234");
        let claim = one.claim(&call(ENOUGH), &number).await.expect("the first");
        std::fs::remove_dir_all(&state).expect("a directory");
        let soon = call(Duration::from_millis(120));
        let early = other.claim(&soon, &number).await;
        assert_eq!(early.expect_err("held"), Refused::Busy);
        drop(claim);
        other.claim(&call(ENOUGH), &number).await.expect("its turn");
    }

    #[tokio::test]
    async fn without_a_directory_of_its_own_it_goes_on() {
        let directory = tempfile::tempdir().expect("a directory");
        let taken = directory.path().join("file");
        std::fs::write(&taken, "").expect("a file");
        let claims = Claims::new(Some(taken.join("state")));
        claims
            .claim(&call(ENOUGH), &target("13900001234"))
            .await
            .expect("a claim");
        let notice = claims.notice().expect("a notice");
        assert!(notice.detail.contains("file/state"), "{}", notice.detail);
    }
}
