//! What answers and signals ask of the event loop. Closed: everything from outside that changes something is here.

use crate::repair::Damage;
use crossbeam_channel::Sender;
use dateline_core::{DocumentId, SourcePath};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A wish to the event loop.
#[derive(Debug)]
pub(crate) enum Control {
    /// Look through the whole folder; `done` is told when everything found is searchable.
    Rescan {
        /// Dropped without a word when the daemon stops first.
        done: Option<Sender<()>>,
    },
    /// Try these again, whatever was recorded about them.
    Retry {
        /// Sources that failed.
        sources: Vec<SourcePath>,
        /// Documents with failed processors.
        documents: Vec<DocumentId>,
    },
    /// The decisions were written anew: what depends on those that changed runs again.
    Decided,
    /// Something of the state is damaged: it is made anew, and everything begins again.
    Damaged(Damage),
    /// Read the configuration again.
    Reload {
        /// Whether it was not read since somebody wished that.
        wanted: Arc<AtomicBool>,
    },
    /// Finish what is begun, then end. Said a second time: end at once.
    Stop,
}
