//! A blocking client: over a daemon's socket, or over the pipes of a process that answers. It starts no process itself.

use crate::frame::{REQUEST_FRAME_BYTES_MAX, RESPONSE_FRAME_BYTES_MAX, encode_frame, read_frame};
use crate::{
    Call, End, ErrorBody, ErrorKind, FrameError, Greeting, Hello, Note, PROTOCOL_VERSION, Request, Response,
    SocketPlaceError, Welcome, check_socket_place,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::io::{self, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// Why a conversation failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody listens there.
    #[error("no daemon listens at `{path}`")]
    Connect {
        /// The socket.
        path: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Another user could listen there in the daemon's place.
    #[error(transparent)]
    Place(#[from] SocketPlaceError),
    /// The connection broke.
    #[error("connection to the daemon broke")]
    Frame(#[source] FrameError),
    /// The server closed the connection without an answer.
    #[error("daemon closed the connection without an answer")]
    Closed,
    /// The server did not answer in time.
    #[error("daemon did not answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The server refused, or answered with an error.
    #[error(transparent)]
    Refused(#[from] ErrorBody),
}

impl From<FrameError> for ClientError {
    fn from(error: FrameError) -> ClientError {
        ClientError::Frame(error)
    }
}

/// The reading side: waits for bytes no longer than its deadline.
struct Patient {
    inner: std::fs::File,
    deadline: Option<Instant>,
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(deadline) = self.deadline {
            wait_readable(&self.inner, deadline)?;
        }
        self.inner.read(buffer)
    }
}

fn wait_readable(file: &impl AsFd, deadline: Instant) -> io::Result<()> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut waiting = [PollFd::new(file, PollFlags::IN)];
        match poll(&mut waiting, Some(&timeout)) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// A connection on which requests are asked one after the other.
pub struct Client {
    reader: BufReader<Patient>,
    writer: Box<dyn Write + Send>,
    welcome: Welcome,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("welcome", &self.welcome).finish_non_exhaustive()
    }
}

impl Client {
    /// Connects to a daemon's socket.
    ///
    /// # Errors
    /// [`ClientError::Connect`] when nobody listens; [`ClientError::Place`] when it might be somebody else who does; else
    /// as [`Client::over`].
    pub fn connect(socket: &Path, hello: &Hello, patience: Duration) -> Result<Client, ClientError> {
        check_socket_place(socket)?;
        let failed = |source| ClientError::Connect { path: socket.display().to_string(), source };
        let stream = UnixStream::connect(socket).map_err(failed)?;
        stream.set_write_timeout(Some(patience)).map_err(failed)?;
        let writer = stream.try_clone().map_err(failed)?;
        Client::over(OwnedFd::from(stream), Box::new(writer), hello, patience)
    }

    /// Talks over a pair of pipes: those of a child that answers.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when the server will not answer (another protocol version or state, still starting);
    /// [`ClientError::TimedOut`], [`ClientError::Closed`], [`ClientError::Frame`].
    pub fn over(
        reader: OwnedFd,
        writer: Box<dyn Write + Send>,
        hello: &Hello,
        patience: Duration,
    ) -> Result<Client, ClientError> {
        let mut writer = writer;
        let mut reader = BufReader::new(Patient { inner: reader.into(), deadline: Some(Instant::now() + patience) });
        send(&mut writer, hello)?;
        match receive::<Greeting>(&mut reader, patience)? {
            Greeting::Welcome(welcome) if welcome.protocol != PROTOCOL_VERSION => {
                let message =
                    format!("{} speaks protocol {}, not {PROTOCOL_VERSION}", welcome.program, welcome.protocol);
                let hint = "install `dateline` and `datelined` of one version, then restart the daemon";
                Err(ErrorBody::new(ErrorKind::Version, message).hint(hint).into())
            }
            Greeting::Welcome(welcome) => Ok(Client { reader, writer, welcome }),
            Greeting::Refused(error) => Err(ClientError::Refused(error)),
        }
    }

    /// What the server said of itself.
    #[must_use]
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Asks. `patience` bounds the whole answer; `None` waits for ever, for answers that go on.
    ///
    /// # Errors
    /// [`ClientError::Frame`] when the request cannot be sent.
    pub fn ask(&mut self, request: Request, patience: Option<Duration>) -> Result<Answer<'_>, ClientError> {
        let deadline_ms = patience.map(|patience| u64::try_from(patience.as_millis()).unwrap_or(u64::MAX));
        self.reader.get_mut().deadline = patience.map(|patience| Instant::now() + patience);
        send(&mut self.writer, &Call { deadline_ms, request })?;
        Ok(Answer {
            reader: &mut self.reader,
            patience: patience.unwrap_or(Duration::MAX),
            notes: Vec::new(),
            end: None,
        })
    }
}

fn send<T: serde::Serialize>(writer: &mut dyn Write, value: &T) -> Result<(), ClientError> {
    let frame = encode_frame(value, REQUEST_FRAME_BYTES_MAX)?;
    writer.write_all(&frame).and_then(|()| writer.flush()).map_err(|error| FrameError::Io(error).into())
}

fn receive<T: DeserializeOwned>(reader: &mut BufReader<Patient>, patience: Duration) -> Result<T, ClientError> {
    match read_frame(reader, RESPONSE_FRAME_BYTES_MAX) {
        Ok(Some(frame)) => serde_json::from_slice(&frame).map_err(|error| FrameError::Json(error).into()),
        Ok(None) => Err(ClientError::Closed),
        Err(FrameError::Io(error)) if error.kind() == io::ErrorKind::TimedOut => Err(ClientError::TimedOut(patience)),
        Err(error) => Err(error.into()),
    }
}

/// An answer as it arrives. Take items with [`Answer::next_item`] until there are none, then ask for notes and end.
pub struct Answer<'a> {
    reader: &'a mut BufReader<Patient>,
    patience: Duration,
    notes: Vec<Note>,
    end: Option<End>,
}

impl Answer<'_> {
    /// The next item as JSON; `None` when the answer is complete.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with what the server says went wrong; else as [`Client::over`].
    pub fn next_item(&mut self) -> Result<Option<Box<RawValue>>, ClientError> {
        while self.end.is_none() {
            match receive(self.reader, self.patience)? {
                Response::Item(item) => return Ok(Some(item)),
                Response::Note(note) => self.notes.push(note),
                Response::End(end) => self.end = Some(end),
                Response::Error(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Notes that arrived since they were last taken.
    pub fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// The end, once [`Answer::next_item`] gave `None`.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        self.end
    }
}

#[cfg(test)]
mod tests {
    use super::{Client, ClientError};
    use crate::frame::{read_frame, write_frame};
    use crate::{Answering, End, ErrorBody, ErrorKind, Exit, Greeting, Hello, Note, Request, Response, Welcome};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn welcome() -> Greeting {
        Greeting::Welcome(Welcome {
            protocol: crate::PROTOCOL_VERSION,
            program: "datelined test".to_owned(),
            state: "/state".to_owned(),
            root: None,
            pid: 1,
            answering: Answering::Daemon,
        })
    }

    /// A server for one connection that greets, then gives these answers to whatever is asked.
    fn serve(greeting: Greeting, answers: Vec<Response>) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("dateline.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let read = |stream: &mut UnixStream| read_frame(stream, 1 << 20).unwrap();
            read(&mut stream);
            write_frame(&mut stream, &greeting, 1 << 20).unwrap();
            read(&mut stream);
            for answer in answers {
                write_frame(&mut stream, &answer, 1 << 20).unwrap();
            }
        });
        (directory, socket)
    }

    #[test]
    fn items_notes_and_end_arrive_in_order() {
        let answers = vec![
            Response::item(&1).unwrap(),
            Response::Note(Note::new("partial-matches", "no document has all words")),
            Response::item(&2).unwrap(),
            Response::End(End::of_items(2)),
        ];
        let (_directory, socket) = serve(welcome(), answers);
        let mut client = Client::connect(&socket, &Hello::new(None), PATIENCE).unwrap();
        assert_eq!(client.welcome().state, "/state");
        let mut answer = client.ask(Request::Status, Some(PATIENCE)).unwrap();
        let mut items = Vec::new();
        while let Some(item) = answer.next_item().unwrap() {
            items.push(item.get().to_owned());
        }
        assert_eq!(items, ["1", "2"]);
        assert_eq!(answer.take_notes()[0].code, "partial-matches");
        assert_eq!(answer.end().map(|end| end.exit), Some(Exit::Found));
    }

    #[test]
    fn a_refusal_is_not_an_answer() {
        let refusal = ErrorBody::new(ErrorKind::Version, "protocol 2 is spoken here");
        let (_directory, socket) = serve(Greeting::Refused(refusal.clone()), Vec::new());
        let refused = Client::connect(&socket, &Hello::new(None), PATIENCE).unwrap_err();
        assert!(matches!(refused, ClientError::Refused(error) if error == refusal));
    }

    #[test]
    fn another_protocol_version_is_no_welcome() {
        let Greeting::Welcome(mut newer) = welcome() else { panic!("a welcome") };
        newer.protocol += 1;
        let (_directory, socket) = serve(Greeting::Welcome(newer), Vec::new());
        let refused = Client::connect(&socket, &Hello::new(None), PATIENCE).unwrap_err();
        assert!(matches!(refused, ClientError::Refused(error) if error.exit() == Exit::Version));
    }

    #[test]
    fn a_server_that_goes_away_is_noticed() {
        let (_directory, socket) = serve(welcome(), vec![Response::item(&1).unwrap()]);
        let mut client = Client::connect(&socket, &Hello::new(None), PATIENCE).unwrap();
        let mut answer = client.ask(Request::Status, Some(PATIENCE)).unwrap();
        assert!(answer.next_item().unwrap().is_some());
        assert!(matches!(answer.next_item(), Err(ClientError::Closed | ClientError::Frame(_))));
    }

    #[test]
    fn a_silent_server_costs_no_more_than_the_patience() {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("dateline.sock");
        let _listener = UnixListener::bind(&socket).unwrap();
        let late = Client::connect(&socket, &Hello::new(None), Duration::from_millis(20)).unwrap_err();
        assert!(matches!(late, ClientError::TimedOut(_)), "{late:?}");
    }

    #[test]
    fn nobody_listening_is_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let nobody = Client::connect(&directory.path().join("none.sock"), &Hello::new(None), PATIENCE).unwrap_err();
        assert!(matches!(nobody, ClientError::Connect { .. }));
    }
}
