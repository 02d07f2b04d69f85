//! A thread between the program and stderr, so that a reader that stops reading never stops the program.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

/// How much may wait for the reader, in bytes, before lines are dropped.
const BACKLOG_LIMIT: usize = 8 << 20;

/// How long the end of the process waits for the reader.
const FLUSH_LIMIT: Duration = Duration::from_millis(250);

/// Starts the thread.
pub(super) fn spawn(output: impl Write + Send + 'static) -> io::Result<(Writer, Flush)> {
    let (queue, items) = mpsc::channel();
    let backlog = Arc::new(AtomicUsize::new(0));
    let written = Arc::clone(&backlog);
    std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || write_all(output, &items, &written))?;
    let writer = Writer {
        queue: queue.clone(),
        backlog,
        lost: AtomicU64::new(0),
    };
    Ok((writer, Flush(queue)))
}

/// Takes lines, and never waits.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Sender<Item>,
    backlog: Arc<AtomicUsize>,
    lost: AtomicU64,
}

impl Writer {
    /// Queues a line, or counts it as lost when too much is queued already.
    pub(super) fn write(&self, line: Vec<u8>) {
        let length = line.len();
        let before = self.backlog.fetch_add(length, Ordering::Relaxed);
        if before > BACKLOG_LIMIT || self.queue.send(Item::Line(line)).is_err() {
            self.backlog.fetch_sub(length, Ordering::Relaxed);
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many lines were lost since the last call, once there is room again.
    pub(super) fn take_lost(&self) -> u64 {
        if self.backlog.load(Ordering::Relaxed) > BACKLOG_LIMIT {
            return 0;
        }
        self.lost.swap(0, Ordering::Relaxed)
    }
}

/// Waits on drop, for a moment, until what is queued is written.
#[derive(Debug)]
pub(super) struct Flush(Sender<Item>);

impl Drop for Flush {
    fn drop(&mut self) {
        let (done, flushed) = mpsc::channel();
        if self.0.send(Item::Flush(done)).is_ok() {
            // A reader that is gone or stuck must not keep the process alive.
            let _ = flushed.recv_timeout(FLUSH_LIMIT);
        }
    }
}

#[derive(Debug)]
enum Item {
    Flush(Sender<()>),
    Line(Vec<u8>),
}

fn write_all(mut output: impl Write, items: &Receiver<Item>, written: &AtomicUsize) {
    for item in items {
        match item {
            Item::Flush(done) => {
                let _ = output.flush();
                let _ = done.send(());
            }
            Item::Line(line) => {
                // Nobody is left to tell when the log itself fails.
                let _ = output.write_all(&line);
                written.fetch_sub(line.len(), Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Blocks in its first write until the test lets go of the lock.
    struct Stuck(Arc<Mutex<Vec<u8>>>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_reader_that_does_not_read_costs_lines_and_no_time() {
        let output = Arc::new(Mutex::new(Vec::new()));
        let (writer, flush) = spawn(Stuck(Arc::clone(&output))).unwrap();
        let line = vec![b'x'; 1 << 20];
        let held = output.lock().unwrap();
        for _ in 0..20 {
            writer.write(line.clone());
        }
        assert_eq!(writer.take_lost(), 0, "not reported while there is no room");
        drop(held);
        drop(flush);

        let kept = output.lock().unwrap().len() >> 20;
        assert!(kept < 20, "{kept}");
        assert_eq!(writer.take_lost() as usize, 20 - kept);
        assert_eq!(writer.take_lost(), 0);
    }

    #[test]
    fn a_closed_stderr_is_nobodys_problem() {
        let (writer, flush) = spawn(Closed).unwrap();
        writer.write(b"a\n".to_vec());
        writer.write(b"b\n".to_vec());
        drop(flush);
        assert_eq!(writer.take_lost(), 0);
    }
}
