//! A quota's state in a small file that all processes of this user on this host share.
//!
//! The file is locked for the microseconds that one step takes, never while anybody sleeps or calls. The kernel drops the
//! lock of a process that dies, and a record that it left half written is not believed. Times are those of the monotonic
//! clock, which is the same for all processes since the boot that the record names; setting the wall clock changes nothing.

use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::fs::OFlags;

use super::QuotaKey;
use super::guarded::{Failure, Primary};
use super::record::{self, BYTES, Distrust};
use super::slots::{Command, FORWARD, Micros, Reply, State};

/// How often the lock is tried in a row before the caller is left to wait elsewhere.
const TRIES: usize = 40;

/// How long a caller that waits elsewhere pauses between tries, and after how many it gives up: about a second.
const PAUSE: Duration = Duration::from_millis(1);
const PAUSES: usize = 500;

/// The clock that all processes of a host share.
#[derive(Clone)]
pub(super) struct Machine {
    /// Tells one run of the clock from another.
    pub(super) boot: u64,
    /// Microseconds since some moment before the boot's first process.
    pub(super) now: Arc<dyn Fn() -> Micros + Send + Sync>,
}

/// The file of one quota, opened at first use.
#[derive(Debug)]
pub(super) struct Host {
    path: Option<PathBuf>,
    machine: Machine,
    file: Mutex<Handle>,
}

#[derive(Debug, Default)]
struct Handle {
    open: Option<File>,
    stranger: Option<Stranger>,
    /// Whether a file that others used is gone, so that this one is not to be trusted at first.
    replaced: bool,
}

/// A record of a later version.
#[derive(Debug)]
struct Stranger {
    /// What it looks like, and since when it has.
    bytes: Vec<u8>,
    since: Micros,
    /// For how long someone may rely on a record that stays the same.
    patience: Micros,
}

impl Host {
    /// The file for `key` in `directory`, which only this user may enter. `None` is a directory that can't be used.
    pub(super) fn new(directory: Option<&Path>, key: &QuotaKey, machine: Machine) -> Self {
        Self {
            path: directory.map(|directory| directory.join(format!("{}.quota", key.fingerprint()))),
            machine,
            file: Mutex::default(),
        }
    }

    /// One step, or `None` while another process holds the lock.
    fn attempt(&self, command: Command) -> Result<Option<Reply>, Failure> {
        let Some(path) = &self.path else {
            let reason = "neither XDG_RUNTIME_DIR nor HOME names a directory for it";
            return Err(Failure(reason.into()));
        };
        let explain = |error: io::Error| Failure(format!("{}: {error}", path.display()));
        let mut handle = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..TRIES {
            let file = match handle.open.take() {
                Some(file) => file,
                None => open(path).map_err(explain)?,
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    handle.open = Some(file);
                    std::thread::yield_now();
                    continue;
                }
                Err(TryLockError::Error(error)) => return Err(explain(error)),
            }
            // Closing the file on the way out of an error gives the lock back too.
            if file.metadata().map_err(explain)?.nlink() == 0 {
                handle.replaced = true;
                continue;
            }
            let reply = handle
                .step(&file, &self.machine, command)
                .map_err(explain)?;
            file.unlock().map_err(explain)?;
            handle.open = Some(file);
            return Ok(Some(reply));
        }
        Ok(None)
    }
}

impl Primary for Host {
    fn try_step(&self, command: Command) -> Option<Result<Reply, Failure>> {
        self.attempt(command).transpose()
    }

    async fn step(&self, command: Command) -> Result<Reply, Failure> {
        for _ in 0..PAUSES {
            if let Some(reply) = self.attempt(command)? {
                return Ok(reply);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Failure("another process holds the lock on its file".into()))
    }
}

impl Handle {
    /// One step under the lock.
    fn step(&mut self, file: &File, machine: &Machine, command: Command) -> io::Result<Reply> {
        // Read under the lock, so that time never runs backwards from one step to the next.
        let now = (machine.now)();
        let bytes = read(file)?;
        let window = match command {
            Command::Ask { terms, .. } => Some(terms.window),
            _ => None,
        };
        let mut state = match (record::decode(&bytes, machine.boot), window) {
            (Ok(state), _) => state,
            (Err(Distrust::Empty), _) if !self.replaced => State::default(),
            (Err(Distrust::Newer), _) if !self.abandoned(&bytes, now, window) => {
                return Err(io::Error::other("a later version of this provider uses it"));
            }
            (Err(_), Some(window)) => State::lost(now, window),
            // A settlement of a call that is not on record says nothing.
            (Err(_), None) => return Ok(Reply::Done),
        };
        let reply = state.step(now, command);
        file.write_all_at(&record::encode(&state, machine.boot), 0)?;
        self.replaced = false;
        Ok(reply)
    }

    /// Whether a record of a later version has stayed the same for so long that nobody relies on it.
    fn abandoned(&mut self, bytes: &[u8], now: Micros, window: Option<Micros>) -> bool {
        match &self.stranger {
            Some(stranger) if stranger.bytes == bytes => {
                now.saturating_sub(stranger.since) > stranger.patience
            }
            _ => {
                self.stranger = window.map(|window| Stranger {
                    bytes: bytes.to_vec(),
                    since: now,
                    patience: window + FORWARD,
                });
                false
            }
        }
    }
}

/// Opens the file, and creates it and its directory if need be.
fn open(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent() {
        private_directory(directory)?;
    }
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.nlink() > 1 {
        return Err(io::Error::other("not a file of its own"));
    }
    owned_and_private(&found)?;
    Ok(file)
}

/// As much of a record as there is.
fn read(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; BYTES];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

impl Machine {
    /// This machine.
    ///
    /// Elsewhere than on Linux no boot is told from another. That is safe too: after a boot the clock begins anew, so that an
    /// old record is in its future, or so far in its past that nothing in it matters.
    pub(super) fn this() -> Self {
        let boot = std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        // Containers can have a monotonic clock of their own.
        let clock = std::fs::read_link("/proc/self/ns/time").unwrap_or_default();
        let name = [boot.as_slice(), clock.as_os_str().as_encoded_bytes()].concat();
        Self {
            boot: first_word(&name),
            now: Arc::new(|| {
                let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
                let (seconds, nanos) = (now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs());
                seconds
                    .saturating_mul(1_000_000)
                    .saturating_add(nanos / 1000)
            }),
        }
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine")
            .field("boot", &self.boot)
            .finish_non_exhaustive()
    }
}

fn private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let found = path.symlink_metadata()?;
    if !found.is_dir() {
        return Err(io::Error::other("its directory is a symbolic link"));
    }
    owned_and_private(&found)
}

fn owned_and_private(found: &std::fs::Metadata) -> io::Result<()> {
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    if found.mode() & 0o077 != 0 {
        return Err(io::Error::other("other users may enter it"));
    }
    Ok(())
}

fn first_word(bytes: &[u8]) -> u64 {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let first = digest.as_ref().first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throttle::guarded::{Guarded, Told};
    use crate::throttle::memory::Memory;
    use crate::throttle::pace::Terms;
    use crate::throttle::slots::{Cause, Wait};
    use crate::throttle::store::{Answer, Keeper};
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::sync::atomic::{AtomicU64, Ordering};
    use tokio::time::Instant;

    const TERMS: Terms = Terms {
        calls: 10,
        window: 1_000_000,
    };
    const ASK: Command = Command::Ask {
        ticket: 0,
        head: false,
        terms: TERMS,
    };

    fn key() -> QuotaKey {
        QuotaKey {
            account: "1".into(),
            region: "r".into(),
            action: "A",
        }
    }

    /// A directory, and a clock that the test turns.
    struct Bench {
        directory: tempfile::TempDir,
        time: Arc<AtomicU64>,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                directory: tempfile::tempdir().unwrap(),
                time: Arc::new(AtomicU64::new(1_000_000_000)),
            }
        }

        fn directory(&self) -> PathBuf {
            self.directory.path().join("state")
        }

        fn file(&self) -> PathBuf {
            self.directory()
                .join(format!("{}.quota", key().fingerprint()))
        }

        /// What one more process would hold.
        fn host(&self) -> Host {
            self.host_of_boot(1)
        }

        fn host_of_boot(&self, boot: u64) -> Host {
            let time = Arc::clone(&self.time);
            let machine = Machine {
                boot,
                now: Arc::new(move || time.load(Ordering::Relaxed)),
            };
            Host::new(Some(&self.directory()), &key(), machine)
        }

        fn turn(&self, micros: Micros) {
            self.time.fetch_add(micros, Ordering::Relaxed);
        }
    }

    fn ask(host: &Host) -> Result<Reply, Failure> {
        host.try_step(ASK).expect("nobody holds the lock")
    }

    fn goes(host: &Host) -> bool {
        matches!(ask(host), Ok(Reply::Go { .. }))
    }

    fn waits(host: &Host) -> (Micros, Cause) {
        match ask(host) {
            Ok(Reply::Wait(Wait { wait, cause, .. })) => (wait, cause),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn processes_share_one_quota() {
        let bench = Bench::new();
        let (one, two) = (bench.host(), bench.host());
        for _ in 0..5 {
            assert!(goes(&one) && goes(&two));
        }
        assert_eq!(waits(&one), (1_000_000, Cause::Quota));
        assert_eq!(waits(&bench.host()).1, Cause::Quota);
    }

    #[test]
    fn only_this_user_can_read_what_is_kept() {
        let bench = Bench::new();
        assert!(goes(&bench.host()));
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(bench.directory()), mode(bench.file())),
            (0o700, 0o600)
        );
        assert_eq!(fs::metadata(bench.file()).unwrap().len(), BYTES as u64);
    }

    #[test]
    fn a_record_that_can_t_be_believed_costs_one_window() {
        let bench = Bench::new();
        let host = bench.host();
        assert!(goes(&host));
        let whole = fs::read(bench.file()).unwrap();
        let mut flipped = whole.clone();
        flipped[200] ^= 1;
        for broken in [&whole[..100], &flipped, b"something else"] {
            fs::write(bench.file(), broken).unwrap();
            assert_eq!(waits(&host), (1_500_000, Cause::Recovering));
            bench.turn(1_500_000);
            assert!(goes(&host));
        }
        assert_eq!(
            waits(&bench.host_of_boot(2)),
            (1_500_000, Cause::Recovering)
        );
    }

    #[test]
    fn a_record_from_the_future_costs_one_window() {
        let bench = Bench::new();
        let host = bench.host();
        assert!(goes(&host));
        bench.time.fetch_sub(3_600_000_000 / 4, Ordering::Relaxed);
        assert_eq!(waits(&host), (1_500_000, Cause::Recovering));
        bench.turn(1_500_000);
        assert!(goes(&host));
    }

    #[test]
    fn a_deleted_file_costs_one_window() {
        let bench = Bench::new();
        let host = bench.host();
        assert!(goes(&host));
        fs::remove_dir_all(bench.directory()).unwrap();
        assert_eq!(waits(&host), (1_500_000, Cause::Recovering));
        assert_eq!(waits(&bench.host()), (1_500_000, Cause::Recovering));
    }

    #[test]
    fn a_later_version_is_left_alone_while_it_is_in_use() {
        let bench = Bench::new();
        let host = bench.host();
        assert!(goes(&host));
        let mut newer = fs::read(bench.file()).unwrap();
        newer[8] = 9;
        for used in 0..3 {
            newer[100] = used;
            fs::write(bench.file(), &newer).unwrap();
            assert!(ask(&host).is_err());
            bench.turn(1_400_000);
        }
        assert!(ask(&host).is_err());
        assert_eq!(fs::read(bench.file()).unwrap(), newer);
        bench.turn(200_000);
        assert_eq!(waits(&host), (1_500_000, Cause::Recovering));
    }

    #[test]
    fn links_and_open_doors_are_refused() {
        let bench = Bench::new();
        let reason = |host: &Host| ask(host).unwrap_err().to_string();
        let outside = bench.directory.path().join("outside");
        fs::write(&outside, "").unwrap();
        private_directory(&bench.directory()).unwrap();
        symlink(&outside, bench.file()).unwrap();
        assert!(ask(&bench.host()).is_err());
        fs::remove_file(bench.file()).unwrap();

        fs::set_permissions(&outside, PermissionsExt::from_mode(0o600)).unwrap();
        fs::hard_link(&outside, bench.file()).unwrap();
        assert!(reason(&bench.host()).ends_with("not a file of its own"));
        fs::remove_file(bench.file()).unwrap();

        fs::set_permissions(bench.directory(), PermissionsExt::from_mode(0o755)).unwrap();
        assert!(reason(&bench.host()).ends_with("other users may enter it"));

        fs::remove_dir_all(bench.directory()).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        symlink(elsewhere.path(), bench.directory()).unwrap();
        assert!(reason(&bench.host()).ends_with("its directory is a symbolic link"));
    }

    #[test]
    fn a_held_lock_is_waited_for_elsewhere() {
        let bench = Bench::new();
        let host = bench.host();
        assert!(goes(&host));
        let other = File::open(bench.file()).unwrap();
        other.lock().unwrap();
        assert!(host.try_step(ASK).is_none());
        drop(other);
        assert!(goes(&host));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_that_is_never_given_back_is_not_waited_for_for_ever() {
        let bench = Bench::new();
        let host = bench.host();
        assert!(goes(&host));
        let other = File::open(bench.file()).unwrap();
        other.lock().unwrap();
        assert!(host.step(ASK).await.is_err());
    }

    /// Takes all that may go now.
    async fn burst(store: &impl Keeper) -> usize {
        let mut calls = 0;
        while let Answer {
            reply: Reply::Go { .. },
            ..
        } = store.step(ASK, 0).await
        {
            calls += 1;
        }
        calls
    }

    #[tokio::test(start_paused = true)]
    async fn without_the_file_a_share_is_kept_and_no_crossing_allows_a_burst() {
        let bench = Bench::new();
        let start = Instant::now();
        let machine = Machine {
            boot: 1,
            now: Arc::new(move || start.elapsed().as_micros() as Micros),
        };
        let host = Host::new(Some(&bench.directory()), &key(), machine);
        let store = Guarded::new(host, Memory::new(), 2, Told::default());
        let later = |millis| tokio::time::sleep(Duration::from_millis(millis));
        assert_eq!(burst(&store).await, 10);

        // The file is gone and cannot come back.
        fs::remove_dir_all(bench.directory()).unwrap();
        fs::write(bench.directory(), "in the way").unwrap();
        later(2000).await;
        assert_eq!(burst(&store).await, 0);
        later(1499).await;
        assert_eq!(burst(&store).await, 0);
        later(2).await;
        assert_eq!(burst(&store).await, 2);
        later(1501).await;
        assert_eq!(burst(&store).await, 2);

        // It can, and is used again when the share has left every window.
        fs::remove_file(bench.directory()).unwrap();
        later(5000).await;
        assert_eq!(burst(&store).await, 0);
        later(1499).await;
        assert_eq!(burst(&store).await, 0);
        later(2).await;
        // The file was deleted under our hands, so a window passes once more.
        assert_eq!(burst(&store).await, 0);
        // And a little longer, because the last question left somebody in line who never came back.
        later(1800).await;
        assert_eq!(burst(&store).await, 10);
    }
}
