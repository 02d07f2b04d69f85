//! What differs between Linux and macOS, the two systems that this provider runs on.
//!
//! Everything else in the library is the same on both. On Windows it runs in WSL, which is a Linux.

/// A name for this boot of the machine and for the monotonic clock that this process reads.
///
/// Processes that get the same bytes may compare readings of that clock. The bytes have no other
/// meaning. Linux has a random id for each boot, and a container may have its own clock. macOS has no
/// such id, and no safe call returns when the machine was started. There the name of the machine is
/// used, which distinguishes machines as long as their names differ. That is enough: after a boot
/// the clock restarts, so an old reading is in the future, or so far in the past that nothing
/// depends on it.
pub fn boot() -> Vec<u8> {
    #[cfg(target_os = "linux")]
    if let Ok(boot) = std::fs::read("/proc/sys/kernel/random/boot_id") {
        let clock = std::fs::read_link("/proc/self/ns/time").unwrap_or_default();
        return [boot.as_slice(), clock.as_os_str().as_encoded_bytes()].concat();
    }
    rustix::system::uname().nodename().to_bytes().to_vec()
}

/// The home directory that the system has for the user of this process. Linux lists users in
/// `/etc/passwd`. The C library would also load the modules that `/etc/nsswitch.conf` names, which a
/// statically linked binary cannot load.
#[cfg(target_os = "linux")]
pub fn home() -> Option<String> {
    let users = std::fs::read("/etc/passwd").ok()?;
    let user = rustix::process::geteuid().as_raw().to_string();
    let users = String::from_utf8_lossy(&users);
    let home = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_user = fields.nth(2)? == user;
        fields.nth(2).filter(|_| is_user)
    });
    home.map(str::to_owned)
}

/// The home directory that the system has for the user of this process.
#[cfg(not(target_os = "linux"))]
pub fn home() -> Option<String> {
    std::env::home_dir()?.into_os_string().into_string().ok()
}

/// A signal that a process may ignore from its start. The numbers of these are the same on all
/// systems of the Unix family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The signal that the terminal is gone.
    Hangup = 1,
    /// The signal of Ctrl-C.
    Interrupt = 2,
    /// The signal of Ctrl-\.
    Quit = 3,
    /// The signal that asks the process to end.
    Terminate = 15,
}

/// The signals that this process ignores now.
///
/// A process inherits them, so before it installs handlers, they are those that its parent process
/// wants it to ignore. `nohup`, for example, ignores the hang-up for the program that it starts, and
/// so for every process that this program starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ignored(u64);

impl Ignored {
    /// Asks the operating system. If that fails, no signal counts as ignored.
    pub fn now() -> Self {
        mask().map(Self).unwrap_or_default()
    }

    /// Whether the process ignores `signal`.
    pub fn contains(self, signal: Signal) -> bool {
        self.0 >> (signal as u32 - 1) & 1 == 1
    }
}

/// The set of ignored signals, in which signal 1 is the lowest bit.
#[cfg(target_os = "linux")]
fn mask() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

/// The set of ignored signals, in which signal 1 is the lowest bit. The operating system has no
/// call for it that needs no unsafe code, so the set is taken from `ps`.
#[cfg(not(target_os = "linux"))]
fn mask() -> Option<u64> {
    let output = std::process::Command::new("/bin/ps")
        .args(["-o", "ignored=", "-p", &std::process::id().to_string()])
        .stdin(std::process::Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    u64::from_str_radix(text.trim(), 16).ok()
}

/// Forbids core files of this process. One would hold the memory of the process, with its
/// credentials.
///
/// The limit on the size of core files does that for files. Where Linux passes the core to a program
/// instead, only the flag of the process that forbids dumps counts. The flag also keeps other
/// processes of the user from reading its memory, so no debugger can attach to a plugin that
/// Terraform runs.
pub fn forbid_core_dumps() {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // A process may always lower its own limits. If it fails all the same, serving goes on: a core
    // file is only written after a crash.
    if setrlimit(Resource::Core, none).is_err() {
        tracing::debug!("the system does not let core files be turned off");
    }
    #[cfg(target_os = "linux")]
    if rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .is_err()
    {
        tracing::debug!("the system does not let this process forbid its dump");
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use crate::environment::Environment;

    use super::*;

    const CHILD: &str = "PLATFORM_TEST_CHILD";

    #[test]
    fn signals_are_found_in_the_set() {
        let ignored = Ignored(0x4001);
        assert!(ignored.contains(Signal::Hangup) && ignored.contains(Signal::Terminate));
        assert!(!Ignored(0x2).contains(Signal::Hangup));
        assert!(!Ignored::default().contains(Signal::Terminate));
    }

    /// Runs itself under a shell that ignores one signal, because a process inherits what it
    /// ignores.
    #[test]
    fn what_was_inherited_as_ignored_is_told() {
        if let Some(expected) = Environment::of_process().get(CHILD) {
            let hangup = Ignored::now().contains(Signal::Hangup);
            assert_eq!(hangup, expected == "HUP");
            assert!(!Ignored::now().contains(Signal::Terminate));
            return;
        }
        // A shell cannot take back what it was itself started with, as under nohup.
        let inherited = match Ignored::now().contains(Signal::Hangup) {
            true => "HUP",
            false => "none",
        };
        for (trap, expected) in [("trap '' HUP;", "HUP"), ("trap - HUP;", inherited)] {
            let status = Command::new("sh")
                .arg("-c")
                .arg(format!("{trap} exec \"$0\" \"$@\""))
                .arg(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "platform::tests::what_was_inherited_as_ignored_is_told",
                ])
                .env(CHILD, expected)
                .output()
                .unwrap()
                .status;
            assert!(status.success(), "{trap}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_that_forbids_core_dumps_cannot_be_read() {
        use rustix::process::{DumpableBehavior, dumpable_behavior};

        forbid_core_dumps();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_boot_has_a_name() {
        assert!(!boot().is_empty());
        assert_eq!(boot(), boot());
    }
}
