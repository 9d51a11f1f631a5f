//! Clients that misbehave: slow, silent, flooding, malformed, oversized, too many, gone. Whatever they do, the others are
//! answered, and the daemon forgets them.

mod harness;

use harness::{Daemon, Lab, STEP_MAX};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Instant;

/// Connections that the daemon of these tests takes.
const CONNECTIONS: usize = 8;

fn lab() -> (Lab, Daemon) {
    let lab = Lab::new().with("DATELINE_DAEMON_CONNECTIONS_MAX", &CONNECTIONS.to_string());
    lab.write("a.txt", "The ice on the lake broke early this year.\n");
    let daemon = lab.start();
    lab.wait();
    (lab, daemon)
}

fn socket(lab: &Lab) -> PathBuf {
    PathBuf::from(lab.status()["socket"].as_str().expect("a running daemon has a socket"))
}

fn connect(path: &PathBuf) -> UnixStream {
    let stream = UnixStream::connect(path).expect("connects");
    stream.set_read_timeout(Some(STEP_MAX)).expect("timeout is set");
    stream.set_write_timeout(Some(STEP_MAX)).expect("timeout is set");
    stream
}

fn frame(value: &Value) -> Vec<u8> {
    let body = value.to_string().into_bytes();
    let length = u32::try_from(body.len()).expect("is short");
    [length.to_be_bytes().as_slice(), &body].concat()
}

fn hello() -> Vec<u8> {
    frame(&json!({"protocol": 1, "program": "a test"}))
}

/// The next frame; `None` when the daemon has closed the connection.
fn receive(stream: &mut UnixStream) -> Option<Value> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => return None,
        Err(error) => panic!("the daemon neither answers nor hangs up: {error}"),
    }
    let mut body = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut body).expect("a begun frame is whole");
    Some(serde_json::from_slice(&body).expect("is JSON"))
}

fn greeted(path: &PathBuf) -> UnixStream {
    let mut stream = connect(path);
    stream.write_all(&hello()).expect("is sent");
    assert!(receive(&mut stream).expect("is greeted").get("welcome").is_some());
    stream
}

/// A connection that has a place, as soon as the clients before have given theirs back.
fn placed(path: &PathBuf) -> UnixStream {
    let began = Instant::now();
    loop {
        let mut stream = connect(path);
        stream.write_all(&hello()).expect("is sent");
        if receive(&mut stream).expect("is told").get("welcome").is_some() {
            return stream;
        }
        assert!(began.elapsed() < STEP_MAX, "no place comes back");
    }
}

/// That somebody who behaves is answered.
fn others_are_answered(lab: &Lab) {
    assert_eq!(lab.search("lake"), ["a.txt"]);
}

fn status_call() -> Vec<u8> {
    frame(&json!({"request": {"op": "status"}}))
}

#[test]
fn malformed_and_oversized_frames_cost_their_sender_only() {
    let (lab, daemon) = lab();
    let path = socket(&lab);
    let mut oversized = u32::MAX.to_be_bytes().to_vec();
    oversized.extend([b'x'; 100]);
    let no_greetings: [Vec<u8>; 6] = [
        oversized.clone(),
        frame(&json!({"hello": 1})),
        [&5_u32.to_be_bytes()[..], b"\xff\xfe{}}"].concat(),
        vec![0, 0, 0, 0],
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        frame(&json!({"protocol": 4_711, "program": "from the future"})),
    ];
    for bytes in &no_greetings {
        let mut stream = connect(&path);
        stream.write_all(bytes).expect("is sent");
        let answer = receive(&mut stream);
        assert!(answer.as_ref().is_none_or(|answer| answer.get("refused").is_some()), "{bytes:?}: {answer:?}");
        if answer.is_some() {
            assert_eq!(receive(&mut stream), None, "the connection is closed");
        }
    }
    let mut stream = greeted(&path);
    for nonsense in [json!({}), json!([1, 2]), json!({"op": "no such thing"}), json!("x".repeat(1 << 16))] {
        stream.write_all(&frame(&nonsense)).expect("is sent");
        let answer = receive(&mut stream).expect("is answered");
        assert!(answer.get("error").is_some(), "{answer}");
    }
    stream.write_all(&oversized).expect("is sent");
    assert_eq!(receive(&mut stream), None, "a frame over the limit ends the connection");
    others_are_answered(&lab);
    assert!(daemon.stop().success(), "{}", lab.log());
}

#[test]
fn silent_and_slow_clients_take_a_place_and_nothing_else() {
    let (lab, daemon) = lab();
    let path = socket(&lab);
    let silent: Vec<UnixStream> = (0..3).map(|_| connect(&path)).collect();
    let mut slow = connect(&path);
    let mut half = greeted(&path);
    half.write_all(&[0, 0, 1, 0, b'{']).expect("is sent");
    // A client that asks for much and never reads: the daemon's answers fill the pipe and wait there.
    let mut deaf = greeted(&path);
    deaf.set_nonblocking(true).expect("is set");
    for byte in hello().into_iter().take(20) {
        // It may have been let go of already, on a busy machine.
        drop(slow.write_all(&[byte]));
        let call = status_call();
        while deaf.write(&call).is_ok() {}
        others_are_answered(&lab);
    }
    // Whoever takes too long over a frame is let go, without having to go away itself.
    assert_eq!(receive(&mut half), None);
    for mut stream in silent {
        assert_eq!(receive(&mut stream), None);
    }
    assert_eq!(receive(&mut slow), None);
    others_are_answered(&lab);
    assert!(daemon.stop().success(), "a deaf client does not keep the daemon from ending: {}", lab.log());
    drop(deaf);
}

#[test]
fn more_clients_than_allowed_are_told_so_and_the_places_come_back() {
    let (lab, daemon) = lab();
    let path = socket(&lab);
    let taken: Vec<UnixStream> = (0..CONNECTIONS).map(|_| placed(&path)).collect();
    let mut refused = connect(&path);
    let answer = receive(&mut refused).expect("is told");
    assert_eq!(answer["refused"]["kind"], "busy", "{answer}");
    let ran = lab.dateline(&["search", "lake"]);
    assert!(ran.code() >= 2 && ran.stderr.contains("connections-max"), "{}: {}", ran.code(), ran.stderr);
    drop(taken);
    let began = Instant::now();
    while lab.dateline(&["search", "lake"]).code() != 0 {
        assert!(began.elapsed() < STEP_MAX, "the places never came back");
    }
    assert!(daemon.stop().success(), "{}", lab.log());
}

#[test]
fn a_flood_of_requests_is_worked_off_in_turn() {
    let (lab, daemon) = lab();
    let path = socket(&lab);
    let flooding = std::thread::spawn(move || {
        let mut stream = greeted(&path);
        let mut reader = stream.try_clone().expect("is cloned");
        let answers = std::thread::spawn(move || {
            let mut answers = 0;
            while receive(&mut reader).is_some() {
                answers += 1;
            }
            answers
        });
        for _ in 0..300 {
            stream.write_all(&status_call()).expect("is sent");
        }
        stream.shutdown(std::net::Shutdown::Write).expect("is shut");
        answers.join().expect("ends")
    });
    for _ in 0..10 {
        others_are_answered(&lab);
    }
    assert!(flooding.join().expect("ends") >= 600, "each request is answered, with an item and an end");
    // Clients that go away in the middle of anything, many times over.
    let path = socket(&lab);
    for cut in 0..200 {
        let mut stream = connect(&path);
        let all = [hello(), status_call()].concat();
        stream.write_all(&all[..cut % all.len()]).expect("is sent");
    }
    // Their places are free again as soon as the daemon has noticed.
    let began = Instant::now();
    while lab.dateline(&["search", "lake"]).code() != 0 {
        assert!(began.elapsed() < STEP_MAX, "the places never came back");
    }
    assert!(daemon.stop().success(), "{}", lab.log());
}

#[test]
fn a_socket_left_behind_is_replaced_and_one_in_use_is_not() {
    let (lab, daemon) = lab();
    let path = socket(&lab);
    daemon.kill();
    assert!(path.exists(), "a killed daemon leaves its socket");
    // Somebody else listens there without holding the state's lock: a left-over all the same.
    std::fs::remove_file(&path).expect("is removed");
    let squatter = UnixListener::bind(&path).expect("is bound");
    let daemon = lab.start();
    others_are_answered(&lab);
    drop(squatter);
    let second = lab.run_datelined(&["run"]);
    assert_eq!(second.code(), 2, "{}", second.stderr);
    assert!(second.stderr.contains("in use"), "{}", second.stderr);
    others_are_answered(&lab);
    assert!(daemon.stop().success());
    let mode = |path: &PathBuf| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).expect("is there").permissions().mode() & 0o777
    };
    let daemon = lab.start();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&path.parent().expect("has one").to_owned()) & 0o077, 0);
    assert!(daemon.stop().success());
    assert!(!path.exists(), "a daemon that ends takes its socket with it");
}

#[test]
fn a_socket_is_not_looked_for_where_another_user_could_put_his_own() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::new();
    let runtime = lab.directory().join("runtime");
    std::fs::create_dir(&runtime).expect("is made");
    let mode = |mode| std::fs::set_permissions(&runtime, PermissionsExt::from_mode(mode)).expect("mode is set");
    // Too long for a socket of its own.
    let state = lab.directory().join("s".repeat(100));
    let lab = lab.with_state(state).with("XDG_RUNTIME_DIR", runtime.to_str().expect("is UTF-8"));
    lab.write("a.txt", "The lake froze.\n");
    lab.once();
    assert_eq!(lab.search("lake"), ["a.txt"], "nobody has put anything there");
    mode(0o777);
    for (refused, code) in [(lab.run_datelined(&["run"]), 2), (lab.dateline(&["search", "lake"]), 3)] {
        assert_eq!(refused.code(), code, "{}", refused.stderr);
        assert!(refused.stderr.contains(runtime.to_str().expect("is UTF-8")), "{}", refused.stderr);
        assert!(refused.stderr.contains("hint: set `XDG_RUNTIME_DIR`"), "{}", refused.stderr);
    }
    mode(0o700);
    let daemon = lab.start();
    assert!(socket(&lab).starts_with(&runtime));
    assert_eq!(lab.search("lake"), ["a.txt"]);
    assert!(daemon.stop().success(), "{}", lab.log());
}
