//! The parent's ends of a child's three pipes, with a deadline on everything: a child that stops reading or writing can
//! hold up nobody. Knows frames, not what is in them.

use crate::frame::{self, FrameError, HEADER_BYTES};
use crate::pipeline::processor::core::terminal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Bytes a pipe holds, where the system allows it: fewer switches between the processes.
const PIPE_BYTES: usize = 1 << 20;
/// Bytes read at once.
const CHUNK_BYTES: usize = 64 << 10;
/// Longest wait before the stop flag is looked at.
const POLL_MAX: Duration = Duration::from_millis(200);
/// What is kept of standard error, in bytes, to explain a crash.
const STDERR_TAIL_BYTES: usize = 2 << 10;
/// Lines of standard error that are logged per job.
const STDERR_LINES_MAX: u32 = 50;

/// Why the pipes gave nothing.
#[derive(Debug)]
pub(crate) enum PipeError {
    /// The deadline passed.
    TimedOut,
    /// The child closed its end: it has died.
    Ended,
    /// The pool is shutting down.
    Stopped,
    /// The child sent what is no frame, or the pipe failed.
    Broken(FrameError),
}

impl From<FrameError> for PipeError {
    fn from(error: FrameError) -> PipeError {
        PipeError::Broken(error)
    }
}

/// The parent's ends of a child's pipes.
pub(crate) struct Pipes {
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: Option<ChildStderr>,
    read: Vec<u8>,
    used: usize,
    stderr_tail: Vec<u8>,
    stderr_lines: u32,
}

impl Pipes {
    /// Takes the pipes of a child that was started with all three.
    pub(crate) fn take(child: &mut Child) -> std::io::Result<Pipes> {
        let missing = || std::io::Error::other("a pipe of the child is missing");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        for end in [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()] {
            fcntl_setfl(end, fcntl_getfl(end)? | OFlags::NONBLOCK)?;
        }
        // A refusal (the user's pipe quota is used up) costs speed only.
        let _ = rustix::pipe::fcntl_setpipe_size(&stdin, PIPE_BYTES);
        let _ = rustix::pipe::fcntl_setpipe_size(&stdout, PIPE_BYTES);
        Ok(Pipes {
            stdin,
            stdout,
            stderr: Some(stderr),
            read: Vec::new(),
            used: 0,
            stderr_tail: Vec::new(),
            stderr_lines: 0,
        })
    }

    /// Forgets what an earlier job wrote to standard error.
    pub(crate) fn start_job(&mut self) {
        self.stderr_tail.clear();
        self.stderr_lines = 0;
    }

    /// The end of what the child wrote to standard error since the job started.
    pub(crate) fn stderr_tail(&mut self) -> String {
        self.drain_stderr();
        String::from_utf8_lossy(&self.stderr_tail).trim().to_owned()
    }

    /// Writes all bytes.
    pub(crate) fn send(&mut self, mut bytes: &[u8], deadline: Instant, stop: &AtomicBool) -> Result<(), PipeError> {
        while !bytes.is_empty() {
            match self.stdin.write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(true, deadline, stop)?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Err(PipeError::Ended),
                Err(error) => return Err(FrameError::Pipe(error).into()),
            }
        }
        Ok(())
    }

    /// Reads one frame and hands its bytes to `decode`.
    pub(crate) fn receive<T>(
        &mut self,
        deadline: Instant,
        stop: &AtomicBool,
        decode: impl FnOnce(&[u8]) -> Result<T, FrameError>,
    ) -> Result<T, PipeError> {
        loop {
            if let Some(end) = self.frame_end()? {
                let value = decode(&self.read[self.used + HEADER_BYTES..end]);
                self.used = end;
                return Ok(value?);
            }
            if !self.fill()? {
                self.wait(false, deadline, stop)?;
            }
        }
    }

    /// Reads one line, without its end, of at most `limit` bytes.
    pub(crate) fn receive_line(
        &mut self,
        limit: usize,
        deadline: Instant,
        stop: &AtomicBool,
    ) -> Result<String, PipeError> {
        let mut looked = 0;
        loop {
            let there = &self.read[self.used..];
            if let Some(length) = memchr::memchr(b'\n', &there[looked..]).map(|at| looked + at) {
                let line = String::from_utf8(there[..length].to_vec());
                self.used += length + 1;
                self.forget_used();
                return line.map_err(|_| FrameError::Protocol("a line is no UTF-8").into());
            }
            looked = there.len();
            if looked > limit {
                return Err(FrameError::TooLarge(looked).into());
            }
            if !self.fill()? {
                self.wait(false, deadline, stop)?;
            }
        }
    }

    fn forget_used(&mut self) {
        if self.used == self.read.len() {
            self.read.clear();
            self.used = 0;
            self.read.shrink_to(2 * PIPE_BYTES);
        }
    }

    /// Where the next frame ends, when it is there in full.
    fn frame_end(&mut self) -> Result<Option<usize>, FrameError> {
        self.forget_used();
        let Some(header) = self.read[self.used..].first_chunk::<HEADER_BYTES>() else { return Ok(None) };
        let end = self.used + HEADER_BYTES + frame::length(*header)?;
        Ok((end <= self.read.len()).then_some(end))
    }

    /// Reads what is there; says whether that was anything.
    fn fill(&mut self) -> Result<bool, PipeError> {
        // A child that never pauses leaves no moment at which all is used up.
        self.read.drain(..self.used);
        self.used = 0;
        let start = self.read.len();
        self.read.resize(start + CHUNK_BYTES, 0);
        let result = self.stdout.read(&mut self.read[start..]);
        self.read.truncate(start + result.as_ref().map_or(0, |read| *read));
        match result {
            Ok(0) => Err(PipeError::Ended),
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(false),
            Err(error) => Err(FrameError::Pipe(error).into()),
        }
    }

    /// Waits until the child reads (`writing`) or writes, reading its standard error meanwhile.
    fn wait(&mut self, writing: bool, deadline: Instant, stop: &AtomicBool) -> Result<(), PipeError> {
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(PipeError::Stopped);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(PipeError::TimedOut);
            }
            let (main_ready, stderr_ready) = self.poll(writing, left.min(POLL_MAX))?;
            if stderr_ready {
                self.drain_stderr();
            }
            if main_ready {
                return Ok(());
            }
        }
    }

    fn poll(&self, writing: bool, time: Duration) -> Result<(bool, bool), PipeError> {
        let main: BorrowedFd<'_> = if writing { self.stdin.as_fd() } else { self.stdout.as_fd() };
        let events = if writing { PollFlags::OUT } else { PollFlags::IN };
        let mut ends = vec![PollFd::from_borrowed_fd(main, events)];
        ends.extend(self.stderr.as_ref().map(|end| PollFd::from_borrowed_fd(end.as_fd(), PollFlags::IN)));
        let time = Timespec::try_from(time).map_err(|_| PipeError::TimedOut)?;
        match poll(&mut ends, Some(&time)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(FrameError::Pipe(error.into()).into()),
        }
        let ready = |at: usize| ends.get(at).is_some_and(|end| !end.revents().is_empty());
        Ok((ready(0), ready(1)))
    }

    fn drain_stderr(&mut self) {
        let mut chunk = [0; 4096];
        while let Some(stderr) = self.stderr.as_mut() {
            match stderr.read(&mut chunk) {
                Ok(0) => self.stderr = None,
                Ok(read) => self.keep_stderr(&chunk[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.stderr = None,
            }
        }
    }

    fn keep_stderr(&mut self, bytes: &[u8]) {
        for line in String::from_utf8_lossy(bytes).lines() {
            self.stderr_lines = self.stderr_lines.saturating_add(1);
            if self.stderr_lines <= STDERR_LINES_MAX {
                let line: String = terminal::escape_line(line).chars().take(500).collect();
                tracing::warn!(target: "dateline_worker::stderr", "{line}");
            }
        }
        self.stderr_tail.extend_from_slice(bytes);
        let excess = self.stderr_tail.len().saturating_sub(STDERR_TAIL_BYTES);
        self.stderr_tail.drain(..excess);
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_BYTES, Pipes};
    use std::process::{Command, Stdio};
    use std::sync::atomic::AtomicBool;
    use std::time::{Duration, Instant};

    #[test]
    fn a_child_that_never_pauses_is_not_kept_in_memory() {
        // Six bytes a line: no chunk ends where a line does, but for one in three.
        let mut child = Command::new("yes")
            .arg("never")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("yes starts");
        let mut pipes = Pipes::take(&mut child).expect("has pipes");
        let (deadline, stop) = (Instant::now() + Duration::from_secs(60), AtomicBool::new(false));
        let mut most = 0;
        for _ in 0..200_000 {
            let line = pipes.receive_line(100, deadline, &stop).expect("says it again");
            assert_eq!(line, "never");
            most = most.max(pipes.read.len());
        }
        drop((child.kill(), child.wait()));
        assert!(most <= 2 * CHUNK_BYTES, "{most} bytes are held");
    }
}
