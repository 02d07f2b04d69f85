//! A mark that a process holds a number, which cannot be deleted.
//!
//! A file that is locked can be removed all the same, by somebody who cleans up a temporary
//! directory for example. The lock then still exists, and nobody finds it any more: another process
//! makes a new file and locks that. On Linux a socket can have a name that is in no directory (an
//! abstract address). Only one process has it at a time, nobody can remove it, and it goes with the
//! process. So whoever has the lock takes the mark as well. Other systems lack such names, and the
//! lock has to do there.

#[cfg(target_os = "linux")]
pub(super) use linux::Mark;

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::Mark;

#[cfg(target_os = "linux")]
mod linux {
    use std::io::ErrorKind;
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixListener};

    use tokio::net::UnixStream;

    /// The mark. It is given back when dropped.
    #[derive(Debug)]
    pub(in super::super) struct Mark(#[expect(dead_code, reason = "it is held open")] UnixListener);

    /// What came of an attempt to take a mark.
    enum Attempt {
        /// Another process of this user has it.
        Held,
        Taken(Mark),
        /// It can't be had, for a reason that will not pass.
        Unavailable,
    }

    impl Mark {
        /// Takes the mark of this name, once no other process of this user has it. `None` if it
        /// can't be had at all.
        pub(in super::super) async fn take(name: &str) -> Option<Self> {
            let user = rustix::process::geteuid().as_raw();
            // Bounded well below the length that the system allows.
            let name = format!("terraform-provider-cams/{user}/{name}");
            loop {
                match attempt(&name, user).await {
                    Attempt::Taken(mark) => return Some(mark),
                    Attempt::Unavailable => return None,
                    Attempt::Held => tokio::time::sleep(super::super::PAUSE).await,
                }
            }
        }
    }

    async fn attempt(name: &str, user: u32) -> Attempt {
        let Ok(address) = SocketAddr::from_abstract_name(name) else {
            return Attempt::Unavailable;
        };
        match UnixListener::bind_addr(&address) {
            Ok(listener) => Attempt::Taken(Mark(listener)),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                // Anybody on the machine may take any name. Only a process of this user counts.
                let holder = UnixStream::connect(format!("\0{name}")).await;
                let holder = holder.and_then(|stream| stream.peer_cred());
                match holder {
                    Ok(holder) if holder.uid() != user => Attempt::Unavailable,
                    // Bound, and not listening: no process of ours stays so.
                    Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                        Attempt::Unavailable
                    }
                    _ => Attempt::Held,
                }
            }
            Err(error) => {
                tracing::debug!(%error, "a number can't be marked as claimed");
                Attempt::Unavailable
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    /// No mark: this system has no names that are in no directory.
    #[derive(Debug)]
    pub(in super::super) struct Mark;

    impl Mark {
        pub(in super::super) async fn take(_name: &str) -> Option<Self> {
            None
        }
    }
}
