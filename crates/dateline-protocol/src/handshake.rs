//! The first frame each way: which protocol, which program, which state.

use crate::ErrorBody;
use serde::{Deserialize, Serialize};

/// Version of frames, requests and responses. Both sides must agree on it; raised whenever an old peer would misread.
pub const PROTOCOL_VERSION: u32 = 1;

/// What the client says first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The client's [`PROTOCOL_VERSION`].
    pub protocol: u32,
    /// Name and version of the client, for logs and messages: `dateline 0.1.0`.
    pub program: String,
    /// The state directory it means to ask, absolute; a server for another one refuses.
    #[serde(default)]
    pub state: Option<String>,
    /// The directory the user stands in, absolute: paths the user types are resolved against it.
    #[serde(default)]
    pub directory: Option<String>,
}

impl Hello {
    /// A greeting of this build, about a state directory, from the current directory.
    #[must_use]
    pub fn new(state: Option<String>) -> Hello {
        let directory = std::env::current_dir().ok().and_then(|path| path.into_os_string().into_string().ok());
        let program = concat!("dateline ", env!("CARGO_PKG_VERSION")).to_owned();
        Hello { protocol: PROTOCOL_VERSION, program, state, directory }
    }
}

/// What the server answers to [`Hello`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Greeting {
    /// Ask away.
    Welcome(Welcome),
    /// It will not answer: another protocol version, another state, still starting, too many connections.
    Refused(ErrorBody),
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The server's [`PROTOCOL_VERSION`].
    pub protocol: u32,
    /// Name and version of the server: `datelined 0.1.0`.
    pub program: String,
    /// Its state directory, absolute.
    pub state: String,
    /// Its watched folder, absolute, when it has one.
    pub root: Option<String>,
    /// Its process id.
    pub pid: u32,
    /// Whether a daemon answers, or a process that was started for this one conversation.
    pub answering: Answering,
}

/// Who answers: a daemon, or a process started for this conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answering {
    /// The running daemon, over its socket.
    Daemon,
    /// `datelined answer`, over its pipes.
    Offline,
}
