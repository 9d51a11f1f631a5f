//! Tests of the settler: single cases, and properties over random histories. Time is a number here; nothing sleeps.

use std::collections::BTreeMap;
use std::time::Duration;

use dateline_core::SourcePath;
use proptest::prelude::*;

use super::{Hint, Marks, Moment, Observed, QUIET_AGE_MIN, REPEAT_PAUSE, Settler, TreeVerdict, Verdict};
use crate::identity::FileIdentity;

const SETTLE: Duration = Duration::from_millis(500);

fn at(milliseconds: u64) -> Moment {
    Moment(Duration::from_millis(milliseconds))
}

fn state(size: u64) -> FileIdentity {
    FileIdentity { device: 1, inode: 2, size, mtime_ns: 3, ctime_ns: 4 }
}

fn young(size: u64) -> Observed {
    Observed::File { identity: state(size), age: Some(Duration::ZERO) }
}

fn path() -> SourcePath {
    SourcePath::new("a/b.txt")
}

/// Looks at the path if it is due.
fn look(settler: &mut Settler, observed: Observed, now: Moment) -> Option<Verdict> {
    let due = settler.take_due(now, 10);
    assert!(due.len() <= 1);
    due.first().map(|path| settler.observe(path, observed, now))
}

fn settler() -> Settler {
    Settler::new(SETTLE, 10)
}

#[test]
fn a_closed_or_moved_file_is_ready_at_once() {
    for hint in [Hint::Closed, Hint::MovedIn] {
        let mut settler = settler();
        assert!(settler.mark(path(), Marks::of(Hint::Written), at(0)));
        assert!(settler.mark(path(), Marks::of(hint), at(0)));
        assert_eq!(look(&mut settler, young(1), at(0)), Some(Verdict::Ready));
        assert!(settler.is_empty());
    }
}

#[test]
fn any_other_file_has_to_hold_still() {
    let mut settler = settler();
    assert!(settler.mark(path(), Marks::of(Hint::Touched), at(0)));
    assert_eq!(look(&mut settler, young(1), at(0)), Some(Verdict::Wait));
    assert_eq!(look(&mut settler, young(1), at(499)), None, "not due yet");
    assert_eq!(look(&mut settler, young(2), at(500)), Some(Verdict::Wait), "it grew");
    assert_eq!(settler.next_due(), Some(at(1_500)), "and is looked at less often");
    assert_eq!(look(&mut settler, young(2), at(1_500)), Some(Verdict::Ready));
}

#[test]
fn writing_starts_the_waiting_again_and_closing_ends_it() {
    let mut settler = settler();
    assert!(settler.mark(path(), Marks::of(Hint::Written), at(0)));
    assert_eq!(look(&mut settler, young(1), at(0)), Some(Verdict::Wait));
    assert!(settler.mark(path(), Marks::of(Hint::Written), at(400)));
    assert_eq!(settler.next_due(), Some(at(900)));
    assert_eq!(look(&mut settler, young(1), at(900)), Some(Verdict::Wait), "the same size, but written to since");
    assert!(settler.mark(path(), Marks::of(Hint::Closed), at(901)));
    assert_eq!(look(&mut settler, young(1), at(901)), Some(Verdict::Ready));
}

#[test]
fn writing_after_closing_counts_as_writing() {
    let mut marks = Marks::of(Hint::Closed);
    marks.add(Marks::of(Hint::Touched));
    assert_eq!(marks, Marks::of(Hint::Closed), "setting times after closing, as copying does, changes nothing");
    marks.add(Marks::of(Hint::Written));
    assert_eq!(marks, Marks::of(Hint::Written));
}

#[test]
fn a_file_left_alone_for_long_needs_no_waiting() {
    let mut settler = settler();
    for (age, expected) in [
        (Some(QUIET_AGE_MIN), Verdict::Ready),
        (Some(QUIET_AGE_MIN - Duration::from_nanos(1)), Verdict::Wait),
        (None, Verdict::Wait),
    ] {
        settler.clear();
        assert!(settler.mark(path(), Marks::of(Hint::Touched), at(0)));
        assert_eq!(look(&mut settler, Observed::File { identity: state(1), age }, at(0)), Some(expected), "{age:?}");
    }
}

#[test]
fn one_who_closes_for_every_line_is_not_read_for_every_line() {
    let mut settler = settler();
    let mut ready = 0;
    for now in 0..=1_000 {
        assert!(settler.mark(path(), Marks::of(Hint::Closed), at(now)));
        ready += u32::from(look(&mut settler, young(now), at(now)) == Some(Verdict::Ready));
    }
    let pause = u32::try_from(REPEAT_PAUSE.as_millis()).unwrap();
    assert_eq!(ready, 1 + 1_000 / pause);
}

#[test]
fn directories_say_how_they_came() {
    let tree = |moved_in, replaced, only_touched| Some(Verdict::Tree(TreeVerdict { moved_in, replaced, only_touched }));
    for (hints, expected) in [
        (vec![Hint::Written], tree(false, false, false)),
        (vec![Hint::MovedIn], tree(true, false, false)),
        (vec![Hint::Vanished, Hint::MovedIn], tree(true, true, false)),
        (vec![Hint::MovedIn, Hint::Vanished, Hint::Written], tree(false, true, false)),
        (vec![Hint::Touched], tree(false, false, true)),
    ] {
        let mut settler = settler();
        for hint in &hints {
            assert!(settler.mark(path(), Marks::of(*hint), at(0)));
        }
        assert_eq!(look(&mut settler, Observed::Directory, at(0)), expected, "{hints:?}");
    }
}

#[test]
fn what_is_not_a_readable_file_is_gone_dropped_or_left_to_the_reader() {
    for (observed, expected) in [
        (Observed::Missing, Verdict::Gone),
        (Observed::Other, Verdict::Gone),
        (Observed::Ignored, Verdict::Drop),
        (Observed::Unreadable, Verdict::Ready),
    ] {
        let mut settler = settler();
        assert!(settler.mark(path(), Marks::of(Hint::Closed), at(0)));
        assert_eq!(look(&mut settler, observed, at(0)), Some(expected), "{observed:?}");
        assert!(settler.is_empty());
    }
}

#[test]
fn there_is_room_up_to_the_capacity() {
    let mut settler = Settler::new(SETTLE, 2);
    let mut mark = |name: &str| settler.mark(SourcePath::new(name), Marks::of(Hint::Closed), at(0));
    assert!(mark("a") && mark("b"));
    assert!(!mark("c"));
    assert!(mark("a"), "a known path needs no room");
    assert_eq!((settler.len(), settler.room()), (2, 0));
    assert_eq!(settler.take_due(at(0), 1), [SourcePath::new("a")], "in the order of coming");
}

/// One thing that happens to one of a few files.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Write,
    WriteSilently,
    Close,
    MoveIn,
    Touch,
    Remove,
}

fn happenings() -> impl Strategy<Value = Vec<(u64, usize, Happening)>> {
    use Happening::{Close, MoveIn, Remove, Touch, Write, WriteSilently};
    let what = prop::sample::select(vec![Write, Write, WriteSilently, Close, MoveIn, Touch, Remove]);
    prop::collection::vec((0_u64..400, 0_usize..3, what), 1..60)
}

/// A file of the model.
#[derive(Clone, Copy, Debug, Default)]
struct Model {
    /// What it contains, as a number; nothing when it is not there.
    content: Option<u64>,
    changed: u64,
    /// Whether the last thing heard of it is that it is whole.
    whole: bool,
    /// Whether anything was heard of it since it was last reported.
    hinted: bool,
    reported: Option<Option<u64>>,
}

/// Runs a history and says what was reported last of each file.
fn run(history: &[(u64, usize, Happening)]) -> Result<(), TestCaseError> {
    let mut settler = settler();
    let mut files: BTreeMap<SourcePath, Model> = BTreeMap::new();
    let mut events: BTreeMap<u64, Vec<(SourcePath, Happening)>> = BTreeMap::new();
    let mut clock = 0;
    for (pause, file, what) in history {
        clock += pause;
        events.entry(clock).or_default().push((SourcePath::new(format!("f{file}")), *what));
    }
    // After twice the longest back-off everything must have been said.
    let end = clock + 2 * 32 * 500;
    for now in 0..=end {
        for (path, what) in events.remove(&now).unwrap_or_default() {
            let file = files.entry(path.clone()).or_default();
            let hint = happen(file, what, now);
            file.hinted |= hint.is_some();
            if let Some(hint) = hint {
                prop_assert!(settler.mark(path, Marks::of(hint), at(now)));
            }
        }
        for path in settler.take_due(at(now), 2) {
            let file = files.entry(path.clone()).or_default();
            let observed = file.content.map_or(Observed::Missing, young);
            let verdict = settler.observe(&path, observed, at(now));
            check(file, verdict, now)?;
        }
    }
    prop_assert!(settler.is_empty());
    prop_assert_eq!(settler.next_due(), None);
    for (path, file) in files.iter().filter(|(_, file)| file.hinted) {
        prop_assert!(false, "nothing was said of {:?} after the last hint: {:?}", path, file);
    }
    Ok(())
}

fn happen(file: &mut Model, what: Happening, now: u64) -> Option<Hint> {
    let hint = match what {
        Happening::Write => Hint::Written,
        Happening::WriteSilently => {
            file.content = file.content.map(|content| content + 1);
            file.changed = now;
            return None;
        }
        Happening::Close => Hint::Closed,
        Happening::MoveIn => Hint::MovedIn,
        Happening::Touch => Hint::Touched,
        Happening::Remove => Hint::Vanished,
    };
    match what {
        Happening::Remove => file.content = None,
        Happening::Touch | Happening::Close if file.content.is_some() => {}
        _ => {
            file.content = Some(file.content.map_or(now, |content| content + 1));
            file.changed = now;
        }
    }
    if hint != Hint::Touched {
        file.whole = matches!(hint, Hint::Closed | Hint::MovedIn);
    }
    Some(hint)
}

fn check(file: &mut Model, verdict: Verdict, now: u64) -> Result<(), TestCaseError> {
    match verdict {
        Verdict::Wait => {
            prop_assert!(file.content.is_some() && !file.whole, "waiting for {:?}", file);
            return Ok(());
        }
        Verdict::Ready => {
            prop_assert!(file.content.is_some(), "a missing file is never ready");
            let still = u64::try_from(SETTLE.as_millis()).unwrap();
            prop_assert!(file.whole || now - file.changed >= still, "{:?} at {} did not hold still", file, now);
        }
        Verdict::Gone => prop_assert!(file.content.is_none()),
        Verdict::Drop | Verdict::Tree(_) => prop_assert!(false, "there are only files"),
    }
    file.reported = Some(file.content);
    file.hinted = false;
    file.whole = false;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every hint is answered; what is ready is there, and whole or still; what is gone is not there; and in the end
    /// nothing waits.
    #[test]
    fn every_hint_is_answered_with_the_truth(history in happenings()) {
        run(&history)?;
    }

    /// What hints add up to does not depend on how they are grouped on their way.
    #[test]
    fn marks_add_up_in_any_grouping(hints in prop::collection::vec(0_usize..5, 0..12), cut in 0_usize..12) {
        let all = [Hint::Touched, Hint::Written, Hint::Closed, Hint::MovedIn, Hint::Vanished];
        let sum = |hints: &[usize]| {
            let mut marks = Marks::default();
            hints.iter().for_each(|hint| marks.add(Marks::of(all[*hint])));
            marks
        };
        let (first, second) = hints.split_at(cut.min(hints.len()));
        let mut grouped = sum(first);
        grouped.add(sum(second));
        prop_assert_eq!(grouped, sum(&hints));
    }
}
