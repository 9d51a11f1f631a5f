//! The socket: who may connect, how many, how long they may take. What is answered is decided in `answer`.

use crate::answer::Answerer;
use dateline_protocol::{
    Answering, ErrorBody, ErrorKind, FrameDecoder, Greeting, Hello, PROTOCOL_VERSION, REQUEST_FRAME_BYTES_MAX,
    RESPONSE_FRAME_BYTES_MAX, Request, Response, SocketPlaceError, Welcome, check_socket_place, decode_call,
    encode_frame,
};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;

/// Requests computed at once, so that clients never take all cores from reading.
const REQUESTS_AT_ONCE_MAX: usize = 4;
/// How long a client may take over its greeting or over the rest of a begun frame.
const FRAME_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a connection may stay silent between requests.
const SILENCE_MAX: Duration = Duration::from_secs(300);
/// Answer bytes from which on they are sent without waiting for more that is ready.
const WRITE_BYTES: usize = 64 << 10;
/// How long a client may take to accept what is sent at once.
const WRITE_TIME_MAX: Duration = Duration::from_secs(30);
/// How long a refused client may take to read why.
const REFUSED_TIME_MAX: Duration = Duration::from_secs(1);
/// Answer frames waiting for a slow client; the computation waits when they are full.
const FRAMES_WAITING_MAX: usize = 32;

/// Why the socket could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SocketError {
    /// The system refuses.
    #[error("socket `{path}` could not be opened")]
    Bind {
        /// Where it was to be.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Another user could put his own in its place.
    #[error(transparent)]
    Place(#[from] SocketPlaceError),
}

/// Binds the socket with mode 0600 in a directory that is the user's alone, or, with a group, with 0660 in one of mode
/// 0750 that the group may enter. The caller holds the state's lock, so a socket that lies there already belongs to
/// nobody.
pub(crate) fn bind(path: &Path, group: Option<&str>) -> Result<UnixListener, SocketError> {
    let wrap = |source| SocketError::Bind { path: path.to_owned(), source };
    if let Some(directory) = path.parent().filter(|directory| !directory.exists()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(wrap)?;
    }
    check_socket_place(path)?;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(wrap(error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(wrap)?;
    let mode = if group.is_some() { 0o660 } else { 0o600 };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).map_err(wrap)?;
    if let Some(group) = group {
        let gid = Some(group_id(group).map_err(wrap)?);
        rustix::fs::chown(path, None, gid).map_err(|errno| wrap(errno.into()))?;
        if let Some(directory) = path.parent() {
            rustix::fs::chown(directory, None, gid).map_err(|errno| wrap(errno.into()))?;
            std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o750)).map_err(wrap)?;
        }
    }
    Ok(listener)
}

/// The number of a group, from `/etc/group`.
fn group_id(name: &str) -> std::io::Result<rustix::process::Gid> {
    let groups = std::fs::read_to_string("/etc/group")?;
    let found = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then(|| fields.nth(1)?.parse().ok())?
    });
    let missing = || std::io::Error::new(std::io::ErrorKind::NotFound, format!("there is no group `{name}`"));
    found.map(rustix::process::Gid::from_raw).ok_or_else(missing)
}

/// Serves connections until `stop` turns true.
pub(crate) async fn serve(listener: UnixListener, answerer: Arc<Answerer>, mut stop: watch::Receiver<bool>) {
    let connections = Arc::new(Semaphore::new(answerer.program.config.daemon.connections_max.into()));
    let shared = answerer.program.config.daemon.socket_group.is_some();
    let requests = Arc::new(Semaphore::new(REQUESTS_AT_ONCE_MAX));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, most likely: others must be able to finish first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // With a group, the kernel has checked the membership of whoever could open the socket.
        if !shared && !is_own_user(&stream) {
            tracing::warn!("a connection from another user was refused");
            continue;
        }
        let Ok(place) = Arc::clone(&connections).try_acquire_owned() else {
            tokio::spawn(refuse_busy(stream));
            continue;
        };
        let connection = Connection { answerer: Arc::clone(&answerer), requests: Arc::clone(&requests), stream };
        let mut stop = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                ended = connection.run() => if let Err(reason) = ended {
                    tracing::debug!(reason, "a connection was closed");
                },
                _ = stop.wait_for(|stop| *stop) => {}
            }
            drop(place);
        });
    }
}

fn is_own_user(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}

async fn refuse_busy(mut stream: UnixStream) {
    let refusal = Greeting::Refused(
        ErrorBody::new(ErrorKind::Busy, "the daemon serves as many connections as `daemon.connections-max` allows")
            .hint("try again in a moment"),
    );
    if let Ok(frame) = encode_frame(&refusal, RESPONSE_FRAME_BYTES_MAX) {
        let _ = timeout(FRAME_TIME_MAX, stream.write_all(&frame)).await;
        // Closed with its greeting unread, the client would see a broken connection and not the reason.
        let mut ignored = [0; 1024];
        let drained = async { while stream.read(&mut ignored).await.is_ok_and(|count| count > 0) {} };
        let _ = timeout(REFUSED_TIME_MAX, drained).await;
    }
}

struct Connection {
    answerer: Arc<Answerer>,
    requests: Arc<Semaphore>,
    stream: UnixStream,
}

impl Connection {
    /// Greets, then answers requests in order until the client goes away or breaks a rule.
    async fn run(mut self) -> Result<(), &'static str> {
        let mut decoder = FrameDecoder::new(REQUEST_FRAME_BYTES_MAX);
        let Some(first) = self.read_frame(&mut decoder, FRAME_TIME_MAX).await? else { return Ok(()) };
        let hello: Hello = serde_json::from_slice(&first).map_err(|_| "no greeting")?;
        let greeting = greet(&self.answerer, &hello, Answering::Daemon);
        let welcome = matches!(greeting, Greeting::Welcome(_));
        self.write(&encode_frame(&greeting, RESPONSE_FRAME_BYTES_MAX).map_err(|_| "greeting too large")?).await?;
        if !welcome {
            return Err("refused");
        }
        while let Some(frame) = self.read_frame(&mut decoder, SILENCE_MAX).await? {
            self.answer(&frame).await?;
        }
        Ok(())
    }

    /// The next frame; a begun one must be complete within [`FRAME_TIME_MAX`].
    async fn read_frame(
        &mut self,
        decoder: &mut FrameDecoder,
        patience: Duration,
    ) -> Result<Option<Vec<u8>>, &'static str> {
        let mut buffer = vec![0; 16 << 10];
        let mut deadline = tokio::time::Instant::now() + patience;
        loop {
            if let Some(frame) = decoder.next_frame().map_err(|_| "frame too large")? {
                return Ok(Some(frame));
            }
            let read = tokio::time::timeout_at(deadline, self.stream.read(&mut buffer)).await;
            let count = read.map_err(|_| "too slow")?.map_err(|_| "connection failed")?;
            if count == 0 {
                return if decoder.is_inside_frame() { Err("cut off inside a frame") } else { Ok(None) };
            }
            if !decoder.is_inside_frame() {
                deadline = tokio::time::Instant::now() + FRAME_TIME_MAX;
            }
            decoder.push(&buffer[..count]);
        }
    }

    async fn write(&mut self, frame: &[u8]) -> Result<(), &'static str> {
        let written = timeout(WRITE_TIME_MAX, self.stream.write_all(frame)).await;
        written.map_err(|_| "too slow to read its answer")?.map_err(|_| "connection failed")
    }

    /// Computes on a plain thread; frames come through a bounded channel, so a slow client slows only itself.
    async fn answer(&mut self, frame: &[u8]) -> Result<(), &'static str> {
        let call = match decode_call(frame) {
            Ok(call) => call,
            Err(refusal) => return self.write(&frame_of(&Response::Error(refusal))).await,
        };
        let (sender, mut frames) = mpsc::channel::<Vec<u8>>(FRAMES_WAITING_MAX);
        // A request that only waits holds no core, so it takes no place among those that compute.
        let place = if waits(&call.request) {
            None
        } else {
            Some(Arc::clone(&self.requests).acquire_owned().await.map_err(|_| "stopping")?)
        };
        let answerer = Arc::clone(&self.answerer);
        tokio::task::spawn_blocking(move || {
            answerer.respond(&call, &mut |response| sender.blocking_send(frame_of(&response)).is_ok());
            drop(place);
        });
        while let Some(mut ready) = frames.recv().await {
            // What is ready goes in one call.
            while ready.len() < WRITE_BYTES
                && let Ok(next) = frames.try_recv()
            {
                ready.extend(next);
            }
            self.write(&ready).await?;
        }
        Ok(())
    }
}

/// Whether a request mostly waits, so that it must not take a place among those that compute.
fn waits(request: &Request) -> bool {
    matches!(request, Request::Tail(_) | Request::Rescan(_))
}

/// The greeting a client gets: welcome, or why not.
pub(crate) fn greet(answerer: &Answerer, hello: &Hello, answering: Answering) -> Greeting {
    if hello.protocol != PROTOCOL_VERSION {
        let message = format!("{} speaks protocol {}, this daemon {PROTOCOL_VERSION}", hello.program, hello.protocol);
        return Greeting::Refused(
            ErrorBody::new(ErrorKind::Version, message).hint("restart the daemon with the version of the client"),
        );
    }
    let state = answerer.state_directory().display().to_string();
    if let Some(other) = hello.state.as_ref().filter(|other| **other != state) {
        let message = format!("this daemon answers for `{state}`, not for `{other}`");
        return Greeting::Refused(ErrorBody::new(ErrorKind::OtherState, message));
    }
    Greeting::Welcome(Welcome {
        protocol: PROTOCOL_VERSION,
        program: concat!("datelined ", env!("CARGO_PKG_VERSION")).to_owned(),
        state,
        root: answerer.root().map(|root| root.display().to_string()),
        pid: std::process::id(),
        answering,
    })
}

/// A response as bytes; one too large for a frame becomes an error that says so.
pub(crate) fn frame_of(response: &Response) -> Vec<u8> {
    encode_frame(response, RESPONSE_FRAME_BYTES_MAX).unwrap_or_else(|error| {
        let body = ErrorBody::from_error(ErrorKind::TooLarge, &error).hint("ask for less with --limit");
        encode_frame(&Response::Error(body), RESPONSE_FRAME_BYTES_MAX).unwrap_or_default()
    })
}
