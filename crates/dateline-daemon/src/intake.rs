//! What waits to be read, what is being worked on, and what seems to have vanished. A value without I/O or clock:
//! the event loop asks it what to do next and tells it what happened.

use dateline_core::SourcePath;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

/// How long a vanished file may take to turn up elsewhere before its absence is looked at for the second time.
/// A rename shows as a loss and a find, in any order; this is the time both have to arrive.
pub(crate) const SECOND_LOOK: Duration = Duration::from_millis(500);

/// Losses that follow one another closer than [`SECOND_LOOK`] are looked at together, so that a folder that is being emptied
/// is judged as a whole; but no loss waits longer than this for the others.
const LOSSES_TIME_MAX: Duration = Duration::from_secs(10);

/// Below this number of files lost at once, a loss is never held back: a folder of five may lose three.
pub(crate) const DELETE_GUARD_MIN: usize = 10;

/// One job at the workers.
#[derive(Debug)]
struct Flight {
    path: SourcePath,
    again: bool,
}

/// When the losses that wait for their second look began, and when the last came.
#[derive(Clone, Copy, Debug)]
struct Losses {
    first: Instant,
    last: Instant,
}

/// Paths on their way through the daemon.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    backlog: VecDeque<SourcePath>,
    queued: HashSet<SourcePath>,
    flights: HashMap<u64, Flight>,
    flying: HashMap<SourcePath, u64>,
    /// What seems to have vanished, with the moment of the first look.
    absent: BTreeMap<SourcePath, Instant>,
    /// Those losses; none while there are none.
    losses: Option<Losses>,
    /// Until when each waits; nothing when it has waited.
    postponed: BTreeMap<SourcePath, Option<Instant>>,
    next_job: u64,
}

impl Intake {
    /// Notes that a path wants to be looked at. One being worked on is looked at again afterwards.
    pub(crate) fn offer(&mut self, path: SourcePath) {
        self.settled(&path);
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

    /// Notes that a file was not there when looked for. The second look is due [`SECOND_LOOK`] after the last loss.
    pub(crate) fn vanished(&mut self, path: SourcePath, now: Instant) {
        if !self.flying.contains_key(&path) && !self.queued.contains(&path) && !self.absent.contains_key(&path) {
            self.absent.insert(path, now);
            self.losses.get_or_insert(Losses { first: now, last: now }).last = now;
        }
    }

    /// Forgets a loss: the file is there after all, or its loss has been dealt with.
    pub(crate) fn settled(&mut self, path: &SourcePath) {
        if self.absent.remove(path).is_some() && self.absent.is_empty() {
            self.losses = None;
        }
    }

    fn second_look(&self) -> Option<Instant> {
        self.losses.map(|losses| (losses.last + SECOND_LOOK).min(losses.first + LOSSES_TIME_MAX))
    }

    /// When the next look is due: the first at what was postponed and, unless such looks must wait, the second at what
    /// vanished.
    pub(crate) fn next_look(&self, second_looks: bool) -> Option<Instant> {
        let absent = self.second_look().filter(|_| second_looks);
        self.postponed.values().flatten().copied().chain(absent).min()
    }

    /// The paths whose second look is due. They stay noted until [`Intake::settled`].
    pub(crate) fn due(&mut self, now: Instant) -> Vec<SourcePath> {
        if self.second_look().is_none_or(|due| due > now) {
            return Vec::new();
        }
        // Those that came last, where none had patience for more, begin anew.
        self.losses.iter_mut().for_each(|losses| losses.first = now);
        self.absent.iter().filter(|(_, lost)| **lost + SECOND_LOOK <= now).map(|(path, _)| path.clone()).collect()
    }
}

/// Whether a loss is so large that it is more likely an unmounted disk or a mistake than the user's wish.
pub(crate) fn is_suspicious_loss(lost: usize, known: usize) -> bool {
    lost >= DELETE_GUARD_MIN && lost * 2 > known
}

#[cfg(test)]
mod tests {
    use super::{Intake, LOSSES_TIME_MAX, SECOND_LOOK, is_suspicious_loss};
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
    fn losses_that_follow_one_another_are_looked_at_together() {
        let (mut intake, began) = (Intake::default(), Instant::now());
        let path = |number: u32| SourcePath::new(format!("{number:03}"));
        for number in 0..10 {
            intake.vanished(path(number), began + SECOND_LOOK / 2 * number);
            assert_eq!(intake.due(began + SECOND_LOOK / 2 * number), [], "they still come");
        }
        let last = began + SECOND_LOOK / 2 * 9;
        assert_eq!(intake.next_look(true), Some(last + SECOND_LOOK));
        assert_eq!(intake.due(last + SECOND_LOOK).len(), 10);

        // Losses without end are not waited for: those that had their time are looked at.
        let mut intake = Intake::default();
        let counts: Vec<usize> = (0..100)
            .map(|number| {
                let now = began + SECOND_LOOK / 2 * number;
                intake.vanished(path(number), now);
                let due = intake.due(now);
                due.iter().for_each(|path| intake.settled(path));
                due.len()
            })
            .filter(|due| *due > 0)
            .collect();
        let in_time = usize::try_from(LOSSES_TIME_MAX.as_millis() / (SECOND_LOOK.as_millis() / 2)).expect("is small");
        assert_eq!(counts, [in_time - 1, in_time], "each batch but for what came last");
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
