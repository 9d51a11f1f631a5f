//! Finds who answers: the daemon behind the socket of the state directory, else `datelined answer`, started for this one
//! conversation.

use crate::args::Global;
use crate::failure::Failure;
use dateline_config::Environment;
use dateline_protocol::{Client, ClientError, ErrorBody, ErrorKind, Hello, socket_path};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a server may take to greet. A process that opens a store first needs longer than a daemon.
const GREETING_PATIENCE: Duration = Duration::from_secs(30);

/// A conversation, and the process that was started for it, if one was.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    child: Option<Child>,
}

impl Connection {
    /// A conversation with somebody who was there before.
    pub(crate) fn over(client: Client) -> Connection {
        Connection { client, child: None }
    }

    /// Ends the conversation, and waits until the process that was started for it has let go of the store.
    pub(crate) fn close(self) {
        let Connection { client, child } = self;
        drop(client);
        if let Some(mut child) = child {
            // How it ends changes nothing: its answer is complete.
            let _ = child.wait();
        }
    }
}

/// The state directory, absolute: named by a flag, else by the configuration.
pub(crate) fn state_directory(global: &Global) -> Result<PathBuf, Failure> {
    let environment = Environment::current();
    match &global.state {
        Some(state) => Ok(environment.directory().join(state)),
        None => Ok(dateline_config::load(&global.overrides(), &environment)?.state),
    }
}

/// Connects to whoever answers for the state directory.
pub(crate) fn connect(global: &Global, needs_daemon: Option<&'static str>) -> Result<Connection, Failure> {
    let state = state_directory(global)?;
    if !state.is_dir() {
        return Err(Failure::NoState(state));
    }
    match connect_daemon(&state, GREETING_PATIENCE) {
        Ok(client) => return Ok(Connection::over(client)),
        Err(ClientError::Connect { source, .. }) if is_nobody(&source) => {}
        Err(error) => return Err(error.into()),
    }
    match needs_daemon {
        Some(command) => Err(Failure::NeedsDaemon { command, state }),
        None => start_answerer(global, &state),
    }
}

/// Connects to the running daemon only.
pub(crate) fn connect_daemon(state: &Path, patience: Duration) -> Result<Client, ClientError> {
    let client = Client::connect(&socket_path(state), &Hello::new(None), patience)?;
    check_state(&client.welcome().state, state)?;
    Ok(client)
}

/// Refuses answers about another state directory: a state that was copied brings the socket's name with it. Both sides
/// may have come by their path through links, so what is compared is where the paths lead.
fn check_state(theirs: &str, ours: &Path) -> Result<(), ClientError> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if real(Path::new(theirs)) == real(ours) {
        return Ok(());
    }
    let message = format!("this daemon answers for `{theirs}`, not for `{}`", ours.display());
    Err(ErrorBody::new(ErrorKind::OtherState, message).into())
}

/// Whether an error of `connect` means that nobody listens, rather than that we may not ask.
fn is_nobody(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

fn start_answerer(global: &Global, state: &Path) -> Result<Connection, Failure> {
    let program = daemon_program();
    let mut command = Command::new(&program);
    command.arg("answer").arg("--state").arg(state);
    if let Some(config) = &global.config {
        command.arg("--config").arg(config);
    }
    let spawn = |source| Failure::Spawn { program: program.clone(), source };
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(spawn)?;
    let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(spawn(io::ErrorKind::BrokenPipe.into()));
    };
    match Client::over(OwnedFd::from(stdout), Box::new(stdin), &Hello::new(None), GREETING_PATIENCE) {
        Ok(client) => Ok(Connection { client, child: Some(child) }),
        Err(error) => {
            // It may hang; nothing of it is needed any more. The error to tell is the one above.
            let _ = child.kill();
            let _ = child.wait();
            Err(error.into())
        }
    }
}

/// The daemon's program: `$DATELINE_DAEMON`, else `datelined` beside this program, else `datelined` on the path.
pub(crate) fn daemon_program() -> PathBuf {
    if let Some(program) = std::env::var_os("DATELINE_DAEMON").filter(|program| !program.is_empty()) {
        return program.into();
    }
    let beside = std::env::current_exe().ok().map(|program| program.with_file_name("datelined"));
    beside.filter(|program| program.is_file()).unwrap_or_else(|| PathBuf::from("datelined"))
}

#[cfg(test)]
mod tests {
    use super::check_state;

    #[test]
    fn links_to_one_state_are_one_state() {
        let place = tempfile::tempdir().unwrap();
        let state = place.path().join("state");
        std::fs::create_dir(&state).unwrap();
        std::os::unix::fs::symlink(&state, place.path().join("link")).unwrap();
        let theirs = state.to_str().unwrap();
        assert!(check_state(theirs, &place.path().join("link")).is_ok());
        assert!(check_state(theirs, &place.path().join("./state/")).is_ok());
        assert!(check_state(theirs, place.path()).is_err());
    }
}
