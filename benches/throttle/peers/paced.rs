//! The generic cell rate algorithm without burst, its one moment in a file that all processes of
//! the host lock.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use terraform_provider_cams::clock::Clock;

const INTERVAL: Duration = Duration::from_millis(100);

pub(super) struct Paced {
    file: Mutex<File>,
    clock: Clock,
}

impl Paced {
    pub(super) fn new(directory: &Path) -> Self {
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

    /// Takes the next moment, and tells how far it is.
    pub(super) fn next(&self) -> Duration {
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
        // As wide as any, so that what is there is written over.
        write!(file, "{:020}", (next + INTERVAL).as_micros()).unwrap();
        file.unlock().unwrap();
        next - now
    }
}
