//! The generic cell rate algorithm without a burst: calls are sent at a fixed interval. A file
//! contains the time of the next call. The processes of the host lock it in turn.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use base::clock::Clock;

/// The time between two calls, for a limit of ten calls a second.
const INTERVAL: Duration = Duration::from_millis(100);

/// The open file of one process.
pub(crate) struct Paced {
    file: Mutex<File>,
    clock: Clock,
}

impl Paced {
    pub(crate) fn new(directory: &Path) -> Self {
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(directory.join("paced"));
        Self {
            file: Mutex::new(file.unwrap()),
            clock: Clock::system(),
        }
    }

    /// Reserves the next time for a call. Returns the time until then.
    pub(crate) fn next(&self) -> Duration {
        let mut file = self.file.lock().unwrap();
        file.lock().unwrap();
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        let now = self
            .clock
            .now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        let next = text
            .trim()
            .parse()
            .map_or(now, Duration::from_micros)
            .max(now);
        file.rewind().unwrap();
        // The text always has the same width, so that it overwrites the previous one completely.
        write!(file, "{:020}", (next + INTERVAL).as_micros()).unwrap();
        file.unlock().unwrap();
        next - now
    }
}
