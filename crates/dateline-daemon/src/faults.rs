//! Lets tests stop or fail the process at a named point of a commit, by environment variable. Does nothing otherwise.

use dateline_store::{FaultPoint, Faults, NoFaults};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// `POINT:N` kills the process at the Nth passing of a point; `POINT:N:error` fails the write there.
const VARIABLE: &str = "DATELINE_TEST_FAULT";

/// What the environment asks for.
pub(crate) fn from_environment() -> Arc<dyn Faults> {
    let Ok(text) = std::env::var(VARIABLE) else { return Arc::new(NoFaults) };
    match Planned::parse(&text) {
        Some(planned) => Arc::new(planned),
        None => Arc::new(NoFaults),
    }
}

struct Planned {
    point: FaultPoint,
    left: AtomicU64,
    fails: bool,
}

impl Planned {
    fn parse(text: &str) -> Option<Planned> {
        let mut fields = text.split(':');
        let name = fields.next()?;
        let point = FaultPoint::ALL.into_iter().find(|point| point.name() == name)?;
        let left = AtomicU64::new(fields.next()?.parse().ok()?);
        Some(Planned { point, left, fails: fields.next() == Some("error") })
    }
}

impl Faults for Planned {
    fn at(&self, point: FaultPoint) -> std::io::Result<()> {
        if point != self.point || self.left.fetch_sub(1, Ordering::SeqCst) != 1 {
            return Ok(());
        }
        if self.fails {
            return Err(std::io::Error::other("injected fault"));
        }
        // As kill -9: no destructor runs, nothing is flushed.
        let pid = rustix::process::getpid();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).map_err(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::Planned;
    use dateline_store::{FaultPoint, Faults};

    #[test]
    fn a_fault_happens_at_its_point_and_count() {
        let planned = Planned::parse("after-store-sync:2:error").expect("parses");
        assert!(planned.at(FaultPoint::AfterStoreSync).is_ok());
        assert!(planned.at(FaultPoint::BeforeApply).is_ok());
        assert!(planned.at(FaultPoint::AfterStoreSync).is_err());
        assert!(planned.at(FaultPoint::AfterStoreSync).is_ok());
        assert!(Planned::parse("nowhere:1").is_none());
    }
}
