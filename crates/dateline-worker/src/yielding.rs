//! How a child yields the processors to whoever has questions: its nice value, and that of its session. Not the order of
//! jobs, which the pool decides.
//!
//! A nice value alone counts among processes of one session only: Linux shares the processors between sessions first
//! (`sched(7)`, "The autogroup feature"). Whoever asks from another terminal than the daemon's would wait for every worker
//! as for an equal. So a child that is to yield begins a session of its own, and its parent makes that one less urgent too. One
//! that isn't stays: between sessions the system switches twice as often, which costs a fifth of the processor time.
//!
//! Groups and sessions are read from `/proc`, which says 0 of one that began outside this process's namespace, as in some
//! containers; `rustix` promises a number above that.

use rustix::process::{Pid, getpid, getppid, getpriority_process, setpgid, setpriority_process, setsid};
use std::process::Child;

/// The least urgent nice value.
const NICE_MAX: i32 = 19;

/// Begins a session of its own: the child's half. Where that is refused, the child works all the same.
pub(crate) fn begin_session() {
    // A child starts as the leader of a group, so that an interrupt typed at the terminal is not for it, and a leader can't
    // begin a session. It goes back into its parent's group for that moment.
    let parent_group = getppid().and_then(belonging).and_then(|parent| parent.group);
    if parent_group.is_some() && setpgid(None, parent_group).is_ok() {
        let _ = setsid();
    }
}

/// Makes this process's session less urgent by `nice`, 0 to 19, than other sessions, if this process began it, as one does
/// that `setsid` or a service manager starts. A session that is somebody else's, a terminal's as a rule, is not this
/// process's to slow down. Where there is no such thing, or it is refused, nothing changes.
pub fn yield_own_session(nice: u8) {
    let own = getpid();
    if belonging(own).is_some_and(|process| process.session == Some(own)) {
        let _ = std::fs::write("/proc/self/autogroup", nice.to_string());
    }
}

/// The group and the session of a process; none that this process has no number for.
struct Belonging {
    group: Option<Pid>,
    session: Option<Pid>,
}

/// What a process belongs to (`proc_pid_stat(5)`, fields 5 and 6); `None` where `/proc` does not tell, or tells of another
/// namespace's processes.
fn belonging(process: Pid) -> Option<Belonging> {
    let own = std::fs::read_link("/proc/self").ok()?;
    if own.to_str() != Some(&getpid().to_string()) {
        return None;
    }
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut ids = fields.split(' ').skip(2).map(|id| id.parse().ok().filter(|id| *id > 0).and_then(Pid::from_raw));
    Some(Belonging { group: ids.next()?, session: ids.next()? })
}

/// What is still to be done to make a child as much less urgent than this process as wanted: the parent's half.
pub(crate) struct Yielding {
    child: Option<Pid>,
    nice: i32,
    session_left: bool,
}

impl Yielding {
    /// Makes the child itself less urgent by `niceness`, 0 to 19. Where that is refused, it works all the same.
    pub(crate) fn start(process: &Child, niceness: u8) -> Yielding {
        let own = getpriority_process(None).unwrap_or(0);
        let nice = (own + i32::from(niceness)).min(NICE_MAX);
        let child = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
        if niceness > 0 && child.is_some() {
            let _ = setpriority_process(child, nice);
        }
        Yielding { child, nice, session_left: niceness > 0 }
    }

    /// Does the same to the child's session, once it has one of its own. The system takes such wishes ten times a second at
    /// most, so this is called again until it is done; a system without them is asked once.
    pub(crate) fn go_on(&mut self) {
        let Some(child) = self.child.filter(|_| self.session_left) else { return };
        // The parent's own session is the terminal's as a rule, and not this process's to slow down.
        if belonging(child).and_then(|process| process.session) != Some(child) {
            self.session_left = false;
            return;
        }
        let place = format!("/proc/{child}/autogroup");
        let done = std::fs::write(place, self.nice.to_string());
        self.session_left = done.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
    }
}
