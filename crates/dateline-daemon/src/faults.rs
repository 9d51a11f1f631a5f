//! Lets tests kill, fail or hang the process at a named point of its work, or set the clock that commits go by wrong, by
//! environment variable. Does nothing otherwise.

use dateline_core::Timestamp;
use dateline_store::{Clock, FaultPoint, Faults, SystemClock};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// `POINT:N` kills the process at the Nth passing of a point; `POINT:N:error` fails the write there, `POINT:N:hang`
/// never comes back from it, `POINT:N:panic` panics in it.
const VARIABLE: &str = "DATELINE_TEST_FAULT";
/// Names a file with the seconds by which the clock is wrong, which may change while the process runs.
const CLOCK_VARIABLE: &str = "DATELINE_TEST_CLOCK";

/// A point of the daemon's own work; those of a commit are the store's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A file was handed to a worker, which parses and annotates it.
    Parse,
    /// Documents came back annotated anew, nothing of it is committed.
    Reprocess,
    /// The history is durable, an index with files of its own is about to commit.
    BeforeIndexCommit,
    /// That index is durable, nobody knows.
    AfterIndexCommit,
}

impl Stage {
    /// All of them.
    const ALL: [Stage; 4] = [Stage::Parse, Stage::Reprocess, Stage::BeforeIndexCommit, Stage::AfterIndexCommit];

    /// Its name, kebab-case.
    fn name(self) -> &'static str {
        match self {
            Stage::Parse => "parse",
            Stage::Reprocess => "reprocess",
            Stage::BeforeIndexCommit => "before-index-commit",
            Stage::AfterIndexCommit => "after-index-commit",
        }
    }
}

/// What the environment asks for; nothing as a rule.
#[derive(Debug, Default)]
pub(crate) struct Hooks(Option<Planned>);

#[derive(Debug)]
struct Planned {
    point: &'static str,
    left: AtomicU64,
    harm: Harm,
}

/// What happens at the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Harm {
    Kill,
    Error,
    Hang,
    Panic,
}

/// What the environment asks for.
pub(crate) fn from_environment() -> Arc<Hooks> {
    let planned = std::env::var(VARIABLE).ok().and_then(|text| Planned::parse(&text));
    Arc::new(Hooks(planned))
}

/// The clock that commits go by: the system's, unless a test wants it wrong.
pub(crate) fn clock() -> Arc<dyn Clock> {
    match std::env::var_os(CLOCK_VARIABLE) {
        None => Arc::new(SystemClock),
        Some(offset) => Arc::new(WrongClock { offset: offset.into() }),
    }
}

/// A clock that is wrong by what stands in a file.
struct WrongClock {
    offset: PathBuf,
}

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        let text = std::fs::read_to_string(&self.offset).unwrap_or_default();
        let seconds: i64 = text.trim().parse().unwrap_or(0);
        let now = Timestamp::now();
        Timestamp::from_nanosecond(now.as_nanosecond() + i128::from(seconds) * 1_000_000_000).unwrap_or(now)
    }
}

impl Planned {
    fn parse(text: &str) -> Option<Planned> {
        let mut fields = text.split(':');
        let name = fields.next()?;
        let mut points = FaultPoint::ALL.map(FaultPoint::name).into_iter().chain(Stage::ALL.map(Stage::name));
        let point = points.find(|point| *point == name)?;
        let left = AtomicU64::new(fields.next()?.parse().ok()?);
        let harm = match fields.next() {
            None => Harm::Kill,
            Some("error") => Harm::Error,
            Some("hang") => Harm::Hang,
            Some("panic") => Harm::Panic,
            Some(_) => return None,
        };
        Some(Planned { point, left, harm })
    }

    fn happen(&self) -> std::io::Result<()> {
        match self.harm {
            Harm::Error => Err(std::io::Error::other("injected fault")),
            Harm::Hang => loop {
                std::thread::park();
            },
            // Not `panic!`, of which the product has none: this one is wished for.
            Harm::Panic => std::panic::panic_any("injected panic"),
            // As kill -9: no destructor runs, nothing is flushed.
            Harm::Kill => {
                let pid = rustix::process::getpid();
                rustix::process::kill_process(pid, rustix::process::Signal::KILL).map_err(Into::into)
            }
        }
    }
}

impl Hooks {
    fn pass(&self, name: &str) -> std::io::Result<()> {
        match &self.0 {
            Some(planned) if planned.point == name && planned.left.fetch_sub(1, Ordering::SeqCst) == 1 => {
                planned.happen()
            }
            _ => Ok(()),
        }
    }

    /// Called when the daemon passes a point of its own work.
    ///
    /// # Errors
    /// Whatever the test wants to happen.
    pub(crate) fn at_stage(&self, stage: Stage) -> std::io::Result<()> {
        self.pass(stage.name())
    }
}

impl Faults for Hooks {
    fn at(&self, point: FaultPoint) -> std::io::Result<()> {
        self.pass(point.name())
    }
}

#[cfg(test)]
mod tests {
    use super::{Hooks, Planned, Stage, WrongClock};
    use dateline_core::Timestamp;
    use dateline_store::{Clock, FaultPoint, Faults};

    #[test]
    fn a_fault_happens_at_its_point_and_count() {
        let hooks = |text: &str| Hooks(Some(Planned::parse(text).expect("parses")));
        let planned = hooks("after-store-sync:2:error");
        assert!(planned.at(FaultPoint::AfterStoreSync).is_ok());
        assert!(planned.at(FaultPoint::BeforeApply).is_ok());
        assert!(planned.at(FaultPoint::AfterStoreSync).is_err());
        assert!(planned.at(FaultPoint::AfterStoreSync).is_ok());
        let planned = hooks("before-index-commit:1:error");
        assert!(planned.at_stage(Stage::AfterIndexCommit).is_ok());
        assert!(planned.at_stage(Stage::BeforeIndexCommit).is_err());
        assert!(Planned::parse("nowhere:1").is_none() && Planned::parse("parse:1:else").is_none());
        assert!(Hooks::default().at(FaultPoint::BeforeApply).is_ok());
    }

    #[test]
    fn a_clock_is_wrong_by_what_its_file_says_now() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let clock = WrongClock { offset: directory.path().join("offset") };
        let behind = || Timestamp::now().as_second() - clock.now().as_second();
        assert!(behind() < 100);
        std::fs::write(&clock.offset, "-86400\n").expect("is written");
        assert!(behind() > 86_000);
    }
}
