//! What waits to be read, what is being worked on, and what seems to have vanished. A value without I/O or clock:
//! the event loop asks it what to do next and tells it what happened.

use dateline_core::SourcePath;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

/// How long a vanished file may take to turn up elsewhere before its absence is looked at for the second time.
/// A rename shows as a loss and a find, in any order; this is the time both have to arrive.
pub(crate) const SECOND_LOOK: Duration = Duration::from_millis(500);

/// Below this number of files lost at once, a loss is never held back: a folder of five may lose three.
pub(crate) const DELETE_GUARD_MIN: usize = 10;

/// One job at the workers.
#[derive(Debug)]
struct Flight {
    path: SourcePath,
    again: bool,
}

/// Paths on their way through the daemon.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    backlog: VecDeque<SourcePath>,
    queued: HashSet<SourcePath>,
    flights: HashMap<u64, Flight>,
    flying: HashMap<SourcePath, u64>,
    absent: BTreeMap<SourcePath, Instant>,
    /// Until when each waits; nothing when it has waited.
    postponed: BTreeMap<SourcePath, Option<Instant>>,
    next_job: u64,
}

impl Intake {
    /// Notes that a path wants to be looked at. One being worked on is looked at again afterwards.
    pub(crate) fn offer(&mut self, path: SourcePath) {
        self.absent.remove(&path);
        if let Some(flight) = self.flying.get(&path).and_then(|job| self.flights.get_mut(job)) {
            flight.again = true;
        } else if self.queued.insert(path.clone()) {
            self.backlog.push_back(path);
        }
    }

    /// The next path to look at.
    pub(crate) fn next(&mut self) -> Option<SourcePath> {
        let path = self.backlog.pop_front()?;
        self.queued.remove(&path);
        Some(path)
    }

    /// Has a path wait until then, once: whatever explains it may be on its way. False when it waited before.
    pub(crate) fn postpone(&mut self, path: &SourcePath, until: Instant) -> bool {
        let fresh = !self.postponed.contains_key(path);
        if fresh {
            self.postponed.insert(path.clone(), Some(until));
        }
        fresh
    }

    /// Forgets that a path waited.
    pub(crate) fn explained(&mut self, path: &SourcePath) {
        self.postponed.remove(path);
    }

    /// Offers the paths that have waited long enough.
    pub(crate) fn offer_postponed(&mut self, now: Instant) {
        let mut ripe = Vec::new();
        for (path, waits) in &mut self.postponed {
            if waits.take_if(|until| *until <= now).is_some() {
                ripe.push(path.clone());
            }
        }
        ripe.into_iter().for_each(|path| self.offer(path));
    }

    /// Starts work on a path; gives the job's number.
    pub(crate) fn start(&mut self, path: SourcePath) -> u64 {
        self.next_job += 1;
        self.flying.insert(path.clone(), self.next_job);
        self.flights.insert(self.next_job, Flight { path, again: false });
        self.next_job
    }

    /// A number for a job that belongs to no path.
    pub(crate) fn job_number(&mut self) -> u64 {
        self.next_job += 1;
        self.next_job
    }

    /// Ends a job; gives its path, which is offered again when it changed meanwhile.
    pub(crate) fn finish(&mut self, job: u64) -> Option<SourcePath> {
        let flight = self.flights.remove(&job)?;
        self.flying.remove(&flight.path);
        if flight.again {
            self.offer(flight.path.clone());
        }
        Some(flight.path)
    }

    /// Whether a path waits for its first look, or is being worked on.
    pub(crate) fn is_busy(&self) -> bool {
        !self.backlog.is_empty() || !self.flights.is_empty() || !self.postponed.is_empty()
    }

    /// Whether something seems to have vanished.
    pub(crate) fn misses_some(&self) -> bool {
        !self.absent.is_empty()
    }

    /// Whether a path is waiting or being worked on.
    pub(crate) fn knows(&self, path: &SourcePath) -> bool {
        self.queued.contains(path) || self.flying.contains_key(path)
    }

    /// Whether a path is being worked on.
    pub(crate) fn is_at_work(&self, path: &SourcePath) -> bool {
        self.flying.contains_key(path)
    }

    /// Jobs at the workers or the committer.
    pub(crate) fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Everything not done yet: waiting, at work, or seemingly vanished.
    pub(crate) fn pending(&self) -> usize {
        self.backlog.len() + self.flights.len() + self.absent.len() + self.postponed.len()
    }

    /// Notes that a file was not there when looked for. The second look is due [`SECOND_LOOK`] after the first.
    pub(crate) fn vanished(&mut self, path: SourcePath, now: Instant) {
        if !self.flying.contains_key(&path) && !self.queued.contains(&path) {
            self.absent.entry(path).or_insert(now + SECOND_LOOK);
        }
    }

    /// Forgets a loss: the file is there after all, or its loss has been dealt with.
    pub(crate) fn settled(&mut self, path: &SourcePath) {
        self.absent.remove(path);
    }

    /// When the next look is due: the first at what was postponed and, unless such looks must wait, the second at what
    /// vanished.
    pub(crate) fn next_look(&self, second_looks: bool) -> Option<Instant> {
        let absent = self.absent.values().filter(|_| second_looks);
        absent.chain(self.postponed.values().flatten()).min().copied()
    }

    /// The paths whose second look is due. They stay noted until [`Intake::settled`].
    pub(crate) fn due(&self, now: Instant) -> Vec<SourcePath> {
        self.absent.iter().filter(|(_, due)| **due <= now).map(|(path, _)| path.clone()).collect()
    }
}

/// Whether a loss is so large that it is more likely an unmounted disk or a mistake than the user's wish.
pub(crate) fn is_suspicious_loss(lost: usize, known: usize) -> bool {
    lost >= DELETE_GUARD_MIN && lost * 2 > known
}

#[cfg(test)]
mod tests {
    use super::{Intake, SECOND_LOOK, is_suspicious_loss};
    use dateline_core::SourcePath;
    use std::time::Instant;

    #[test]
    fn a_path_is_worked_on_once_at_a_time() {
        let (mut intake, path) = (Intake::default(), SourcePath::new("a"));
        intake.offer(path.clone());
        intake.offer(path.clone());
        assert_eq!(intake.next(), Some(path.clone()));
        assert_eq!(intake.next(), None);
        let job = intake.start(path.clone());
        intake.offer(path.clone());
        assert_eq!((intake.next(), intake.pending()), (None, 1));
        assert_eq!(intake.finish(job), Some(path.clone()));
        assert_eq!(intake.next(), Some(path));
        assert_eq!(intake.finish(job), None, "a job ends once");
    }

    #[test]
    fn a_loss_counts_only_after_a_second_look() {
        let (mut intake, now) = (Intake::default(), Instant::now());
        intake.vanished(SourcePath::new("a"), now);
        intake.vanished(SourcePath::new("a"), now + SECOND_LOOK);
        assert!(intake.due(now).is_empty());
        assert_eq!(intake.due(now + SECOND_LOOK), [SourcePath::new("a")]);
        intake.offer(SourcePath::new("a"));
        assert!(intake.due(now + SECOND_LOOK).is_empty(), "it came back");
    }

    #[test]
    fn what_is_being_read_has_not_vanished() {
        let (mut intake, now) = (Intake::default(), Instant::now());
        let job = intake.start(SourcePath::new("a"));
        intake.vanished(SourcePath::new("a"), now);
        assert_eq!(intake.next_look(true), None);
        intake.finish(job);
        intake.vanished(SourcePath::new("a"), now);
        assert!(intake.next_look(true).is_some());
        assert_eq!(intake.next_look(false), None, "nobody wakes for a look that may not be taken");
    }

    #[test]
    fn who_has_waited_is_not_waited_for_again() {
        let (mut intake, now) = (Intake::default(), Instant::now());
        assert!(intake.postpone(&SourcePath::new("a"), now));
        assert_eq!(intake.next_look(true), Some(now));
        intake.offer_postponed(now);
        assert_eq!(intake.next_look(true), None, "it stands in the queue now");
        assert!(!intake.postpone(&SourcePath::new("a"), now), "and waits only once");
    }

    #[test]
    fn only_large_losses_are_held_back() {
        assert!(!is_suspicious_loss(5, 5));
        assert!(!is_suspicious_loss(10, 20));
        assert!(is_suspicious_loss(11, 20));
    }
}
