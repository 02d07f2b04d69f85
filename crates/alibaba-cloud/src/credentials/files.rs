//! Reads the small files that credentials come from.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

/// No file with profiles or a token comes near this size, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// How long a file may take to be read. A network drive whose server is gone never answers.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Gives the content of the file with this path.
type FileReader = dyn Fn(&Path) -> io::Result<Zeroizing<Vec<u8>>> + Send + Sync;

/// The file system as a value, so that a test can pass files of its own.
#[derive(Clone)]
pub struct Files {
    reader: Arc<FileReader>,
    patience: Duration,
}

impl Files {
    /// The file system of this machine.
    pub fn of_system() -> Self {
        Self {
            reader: Arc::new(read),
            patience: READ_TIMEOUT,
        }
    }

    /// Files whose content is what `content` says at the moment when they are read.
    pub fn with(content: impl Fn(&Path) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let missing = || io::ErrorKind::NotFound.into();
        let read = move |path: &Path| content(path).map(Zeroizing::new).ok_or_else(missing);
        Self {
            reader: Arc::new(read),
            ..Self::of_system()
        }
    }

    /// Files that cannot be read, for a reason of the operating system.
    #[cfg(test)]
    pub(crate) fn failing(why: io::ErrorKind) -> Self {
        Self {
            reader: Arc::new(move |_| Err(why.into())),
            ..Self::of_system()
        }
    }

    /// The content of a file. A thread of its own reads it, because a read of a device that does
    /// not answer cannot be cancelled.
    pub(crate) fn read(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let (reader, path) = (Arc::clone(&self.reader), path.to_owned());
        let thread = thread::Builder::new().spawn(move || {
            // The receiver is gone if the read took too long.
            let _ = sender.send(reader(&path));
        });
        thread?;
        let read = receiver.recv_timeout(self.patience);
        read.map_err(|_| io::ErrorKind::TimedOut)?
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Files")
    }
}

/// Why a file cannot be read, in words that continue its name and hold nothing of its content.
pub(crate) fn why(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "does not exist",
        io::ErrorKind::PermissionDenied => "cannot be read: permission denied",
        io::ErrorKind::FileTooLarge => "is larger than 1 MiB",
        io::ErrorKind::InvalidInput => "is not a regular file",
        io::ErrorKind::TimedOut => "is on a device that does not answer within 10 seconds",
        _ => "cannot be read",
    }
}

/// Reads a regular file. A pipe is refused rather than waited for: it can be read only once, and
/// these files are read again at each refresh.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // The capacity is enough: a reallocation would leave a copy of a secret in memory.
    let room = usize::try_from(found.len())
        .unwrap_or(MAX_BYTES)
        .min(MAX_BYTES)
        + 1;
    let mut content = Zeroizing::new(Vec::with_capacity(room));
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut content)?;
    if content.len() > MAX_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_of_a_device_that_does_not_answer_ends() {
        let (_never, hung) = mpsc::channel::<()>();
        let hung = std::sync::Mutex::new(hung);
        let files = Files {
            patience: Duration::from_millis(50),
            ..Files::with(move |_| {
                let _ = hung.lock().expect("a lock").recv();
                None
            })
        };
        let error = files
            .read(Path::new("/n/config.json"))
            .expect_err("an error");
        assert!(why(&error).contains("does not answer"), "{error}");
    }

    #[test]
    fn only_a_regular_file_of_some_size_is_read() {
        let directory = tempfile::tempdir().expect("a directory");
        let files = Files::of_system();
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("small"), "content").expect("a file");
        std::fs::write(path("large"), vec![b' '; MAX_BYTES + 1]).expect("a file");
        let mkfifo = std::process::Command::new("mkfifo")
            .arg(path("pipe"))
            .status();
        assert!(mkfifo.expect("mkfifo").success());
        let small = files.read(&path("small")).expect("a file");
        assert_eq!(*small, b"content");
        for (name, expected) in [
            ("large", "is larger than 1 MiB"),
            ("pipe", "is not a regular file"),
            ("", "is not a regular file"),
            ("none", "does not exist"),
            ("small/none", "does not exist"),
        ] {
            let error = files.read(&path(name)).expect_err(name);
            assert_eq!(why(&error), expected, "{name}");
        }
    }
}
