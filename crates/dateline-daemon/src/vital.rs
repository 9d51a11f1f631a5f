//! Threads that the process cannot do without: a panic of one ends it, at once and with a message. Panics that are
//! caught nearer to their origin, such as the engine's under the store or a processor's, never come here.

use crate::engine::EngineError;
use crate::errors::Fatal;

/// Ends the process when it is dropped by a panic. To be made after whatever waits for other threads when it is dropped
/// (a runtime, a pool, a watcher), because what was made last is dropped first: otherwise a panic would wait, perhaps for
/// ever, in a process that no longer does its work and looks alive.
pub(crate) struct Vital {
    thread: &'static str,
}

impl Vital {
    /// From now on the calling thread must not panic; `thread` is its name in the message.
    pub(crate) fn here(thread: &'static str) -> Vital {
        Vital { thread }
    }
}

impl Drop for Vital {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = Fatal::from(EngineError::ThreadGone(self.thread)).report();
            std::process::exit(Fatal::AT_WORK.into());
        }
    }
}
