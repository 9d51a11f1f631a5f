//! Signals, from the start of the process to its end: a daemon that is just beginning anew, with another configuration or
//! after a repair, hears them too. What they ask for is done by the event loop.

use crate::control::Control;
use crate::live::Live;
use crate::vital::Vital;
use crossbeam_channel::Sender;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Takes signals and hands them to the event loop that runs, or keeps them for the next.
pub(crate) struct Signals {
    stop: AtomicBool,
    /// The configuration is to be read once more than it was.
    reload: Arc<AtomicBool>,
    /// The event loop at work.
    listener: Mutex<Option<(Sender<Control>, Arc<Live>)>>,
}

impl Signals {
    /// Begins to listen: SIGTERM and SIGINT stop, a second one at once; SIGHUP has the configuration read again.
    ///
    /// # Errors
    /// When there is no thread to be had, or signals cannot be caught.
    pub(crate) fn listen() -> std::io::Result<Arc<Signals>> {
        let signals = Arc::new(Signals {
            stop: AtomicBool::new(false),
            reload: Arc::new(AtomicBool::new(false)),
            listener: Mutex::new(None),
        });
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let caught = {
            let _inside = runtime.enter();
            [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?]
        };
        let told = Arc::clone(&signals);
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let _vital = Vital::here("signals'");
            runtime.block_on(told.take(caught));
        })?;
        Ok(signals)
    }

    async fn take(&self, [mut terminate, mut interrupt, mut hangup]: [Signal; 3]) {
        loop {
            tokio::select! {
                _ = terminate.recv() => self.stop(),
                _ = interrupt.recv() => self.stop(),
                _ = hangup.recv() => self.reload(),
            }
        }
    }

    fn stop(&self) {
        if self.stop.swap(true, Ordering::SeqCst) {
            tracing::warn!("told to stop a second time: ending at once");
            std::process::exit(1);
        }
        if !self.tell(Control::Stop) {
            tracing::info!("told to stop: that comes when the state is open; told a second time, at once");
        }
    }

    fn reload(&self) {
        self.reload.store(true, Ordering::SeqCst);
        self.tell(Control::Reload { wanted: Arc::clone(&self.reload) });
    }

    /// Tells the event loop, if one runs. On a thread of its own: a full queue means a busy loop, which must hear of it
    /// all the same, and so must signals.
    fn tell(&self, control: Control) -> bool {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((to, live)) = listener.as_ref() else { return false };
        if matches!(control, Control::Stop) {
            live.update(|facts| facts.stopping = true);
        }
        let to = to.clone();
        let sent = std::thread::Builder::new().name("signal".to_owned()).spawn(move || drop(to.send(control)));
        sent.is_ok()
    }

    /// From now on this event loop hears of signals, and of those that came while there was none.
    pub(crate) fn attach(&self, control: &Sender<Control>, live: &Arc<Live>) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some((control.clone(), Arc::clone(live)));
        if self.is_stopping() {
            self.tell(Control::Stop);
        }
        if self.reload.load(Ordering::SeqCst) {
            self.tell(Control::Reload { wanted: Arc::clone(&self.reload) });
        }
    }

    /// That event loop is over.
    pub(crate) fn detach(&self) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether the process was told to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::Signals;
    use crate::control::Control;
    use crate::live::Live;
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn what_comes_between_two_event_loops_reaches_the_second() {
        let signals = Signals::listen().expect("signals can be caught");
        signals.reload();
        signals.stop();
        assert!(signals.is_stopping());
        let live = Arc::new(Live::default());
        let (control, told) = crossbeam_channel::bounded(4);
        signals.attach(&control, &live);
        let mut heard = [Duration::from_secs(60); 2].map(|patience| match told.recv_timeout(patience) {
            Ok(Control::Stop) => "stop",
            Ok(Control::Reload { .. }) => "reload",
            other => panic!("{other:?}"),
        });
        heard.sort_unstable();
        assert_eq!(heard, ["reload", "stop"]);
        assert!(live.facts().stopping);
        signals.detach();
        signals.reload();
        assert!(told.try_recv().is_err());
    }
}
