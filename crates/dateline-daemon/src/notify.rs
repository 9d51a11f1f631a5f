//! Tells systemd, or whoever started the daemon with `NOTIFY_SOCKET`, how it is. Silent where nobody listens.

use sd_notify::NotifyState;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// The way to whoever supervises the daemon.
#[derive(Debug)]
pub(crate) struct Notifier {
    interval: Option<Duration>,
    last: Cell<Instant>,
}

impl Notifier {
    /// A notifier; asks once whether a watchdog wants to be fed.
    pub(crate) fn new() -> Notifier {
        // Fed twice as often as asked, so that one late beat is no death.
        let interval = sd_notify::watchdog_enabled().map(|period| period / 2);
        Notifier { interval, last: Cell::new(Instant::now()) }
    }

    fn send(states: &[NotifyState<'_>]) {
        if let Err(error) = sd_notify::notify(states) {
            tracing::debug!(%error, "the supervisor could not be told");
        }
    }

    /// The daemon answers from now on.
    pub(crate) fn ready(&self, status: &str) {
        Notifier::send(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// The daemon has begun to stop.
    pub(crate) fn stopping(&self) {
        Notifier::send(&[NotifyState::Stopping]);
    }

    /// Feeds the watchdog when that is due.
    pub(crate) fn heartbeat(&self) {
        if let Some(interval) = self.interval
            && self.last.get().elapsed() >= interval
        {
            self.last.set(Instant::now());
            Notifier::send(&[NotifyState::Watchdog]);
        }
    }
}
