//! A thread that writes to stderr for the rest of the program. When no process reads stderr, a
//! write blocks: then this thread waits, and no operation does.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

/// How many bytes may be queued for the thread before further lines are dropped.
const BACKLOG_LIMIT: usize = 8 << 20;

/// How long the end of the process waits for queued lines to be written.
const FLUSH_LIMIT: Duration = Duration::from_millis(250);

/// Starts a thread that writes to `output`. Gives the handle that queues lines for it, and the one
/// that waits for them.
///
/// # Errors
///
/// If the operating system does not start the thread.
pub(crate) fn spawn(output: impl Write + Send + 'static) -> io::Result<(Writer, Flush)> {
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

/// Queues lines for the thread, and never waits.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Sender<QueueItem>,
    backlog: Arc<AtomicUsize>,
    lost: AtomicU64,
}

impl Writer {
    /// Queues a line. If too much is queued already, it drops the line and counts it as lost.
    pub(crate) fn write(&self, line: Vec<u8>) {
        let length = line.len();
        let before = self.backlog.fetch_add(length, Ordering::Relaxed);
        if before > BACKLOG_LIMIT || self.queue.send(QueueItem::Line(line)).is_err() {
            self.backlog.fetch_sub(length, Ordering::Relaxed);
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The number of lines lost since the last call, once there is room for a line that reports it.
    /// Until then it is zero, and the count is kept.
    pub(crate) fn take_lost(&self) -> u64 {
        if self.backlog.load(Ordering::Relaxed) > BACKLOG_LIMIT {
            return 0;
        }
        self.lost.swap(0, Ordering::Relaxed)
    }
}

/// Waits, when it is dropped, until the queued lines are written, for 250 milliseconds at most.
#[derive(Debug)]
#[must_use = "lines still queued when the process ends are lost"]
pub struct Flush(Sender<QueueItem>);

impl Drop for Flush {
    fn drop(&mut self) {
        let (done, flushed) = mpsc::channel();
        if self.0.send(QueueItem::Flush(done)).is_ok() {
            // The wait has a limit: a reader that is stuck must not keep the process alive.
            let _ = flushed.recv_timeout(FLUSH_LIMIT);
        }
    }
}

/// What the thread gets from its queue.
#[derive(Debug)]
enum QueueItem {
    /// A request for an answer through this channel once all lines before it are written.
    Flush(Sender<()>),
    /// A line to write, with its newline.
    Line(Vec<u8>),
}

fn write_all(mut output: impl Write, items: &Receiver<QueueItem>, written: &AtomicUsize) {
    for item in items {
        match item {
            QueueItem::Flush(done) => {
                let _ = output.flush();
                let _ = done.send(());
            }
            QueueItem::Line(line) => {
                // An error is ignored: it could only be reported in the log, which has just failed.
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
    fn a_closed_stderr_stops_nothing() {
        let (writer, flush) = spawn(Closed).unwrap();
        writer.write(b"a\n".to_vec());
        writer.write(b"b\n".to_vec());
        drop(flush);
        assert_eq!(writer.take_lost(), 0);
    }
}
