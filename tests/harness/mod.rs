//! What end-to-end tests share: a folder and a state of their own, the real binaries, and waiting without sleeping.
//! Knows nothing of the daemon's insides.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "every test binary uses its own part of this")]

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

/// Longest any single step may take before a test fails; generous, because machines are busy.
pub const STEP_MAX: Duration = Duration::from_secs(120);

/// A folder to watch and a state directory, both gone when dropped.
pub struct Lab {
    directory: tempfile::TempDir,
}

impl Lab {
    /// An empty folder and no state yet.
    pub fn new() -> Lab {
        let directory = tempfile::Builder::new().prefix("dateline-").tempdir().expect("temporary directory");
        fs::create_dir(directory.path().join("root")).expect("root is made");
        Lab { directory }
    }

    /// The watched folder.
    pub fn root(&self) -> PathBuf {
        self.directory.path().join("root")
    }

    /// The state directory.
    pub fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// The directory that holds both.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file into the watched folder, making directories on the way.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().expect("has a parent")).expect("directory is made");
        fs::write(path, content).expect("file is written");
    }

    /// Removes a file from the watched folder.
    pub fn remove(&self, name: &str) {
        fs::remove_file(self.root().join(name)).expect("file is removed");
    }

    /// Renames within the watched folder.
    pub fn rename(&self, from: &str, to: &str) {
        fs::rename(self.root().join(from), self.root().join(to)).expect("file is renamed");
    }

    fn datelined(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_datelined"));
        command.args(arguments).arg("--state").arg(self.state());
        if !arguments.contains(&"--root") {
            command.arg("--root").arg(self.root());
        }
        command.current_dir(self.directory.path()).env_remove("DATELINE_CONFIG").env("DATELINE_DAEMON_LOG", "info");
        command.env_remove("NOTIFY_SOCKET");
        command
    }

    /// Runs `datelined` to its end.
    pub fn run_datelined(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    /// As [`Lab::run_datelined`], with more environment variables.
    pub fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
        let mut command = self.datelined(arguments);
        Ran::of(command.envs(environment.iter().copied()).stdin(Stdio::null()).output().expect("datelined starts"))
    }

    /// Reads the folder until nothing is left.
    pub fn once(&self) -> Ran {
        let ran = self.run_datelined(&["once"]);
        assert!(ran.status.success(), "once failed: {}", ran.stderr);
        ran
    }

    /// Runs `dateline` on this state.
    pub fn dateline(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dateline"));
        command.args(arguments).arg("--state").arg(self.state()).current_dir(self.directory.path());
        command.env_remove("DATELINE_CONFIG").env("NO_COLOR", "1").stdin(Stdio::null());
        Ran::of(command.output().expect("dateline starts"))
    }

    /// The lines `dateline ... --json` writes, as JSON.
    pub fn ask(&self, arguments: &[&str]) -> Vec<Value> {
        let mut all = arguments.to_vec();
        all.push("--json");
        let ran = self.dateline(&all);
        assert!(ran.code() <= 1, "{arguments:?} gave {}: {}", ran.code(), ran.stderr);
        ran.json()
    }

    /// Paths of the hits of a search, best first.
    pub fn search(&self, query: &str) -> Vec<String> {
        let text = |hit: &Value| hit["path"].as_str().expect("hits have a path").to_owned();
        self.ask(&["search", query]).iter().map(text).collect()
    }

    /// What `dateline status --json` says.
    pub fn status(&self) -> Value {
        self.ask(&["status"]).into_iter().next().expect("status is one line")
    }

    /// Starts the daemon and waits until it says that it is ready.
    pub fn start(&self) -> Daemon {
        self.start_with(&[], &[])
    }

    /// As [`Lab::start`], with more arguments and environment variables.
    pub fn start_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Daemon {
        let socket = self.directory.path().join(format!("notify-{}", fastrand()));
        let notify = UnixDatagram::bind(&socket).expect("notify socket is bound");
        notify.set_read_timeout(Some(STEP_MAX)).expect("timeout is set");
        let mut all = vec!["run"];
        all.extend_from_slice(arguments);
        let log = fs::File::create(self.directory.path().join("log")).expect("log is made");
        let mut command = self.datelined(&all);
        command.env("NOTIFY_SOCKET", &socket).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        command.envs(environment.iter().copied());
        let daemon = Daemon { child: Some(command.spawn().expect("datelined starts")) };
        let mut message = [0; 4096];
        loop {
            let length = notify.recv(&mut message).unwrap_or_else(|_| panic!("daemon got ready: {}", self.log()));
            if String::from_utf8_lossy(&message[..length]).contains("READY=1") {
                return daemon;
            }
        }
    }

    /// What the daemon logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Waits until the running daemon has nothing left to do for what is in the folder now.
    pub fn wait(&self) {
        let ran = self.dateline(&["rescan", "--wait"]);
        assert_eq!(ran.code(), 0, "rescan --wait: {}\n{}", ran.stderr, self.log());
    }
}

/// A number that differs between calls and processes, for names.
fn fastrand() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

/// A running daemon; killed when dropped.
pub struct Daemon {
    child: Option<Child>,
}

impl Daemon {
    /// Its process id.
    pub fn pid(&self) -> rustix::process::Pid {
        let id = self.child.as_ref().expect("is running").id();
        rustix::process::Pid::from_raw(i32::try_from(id).expect("fits")).expect("is positive")
    }

    /// Sends a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.pid(), signal).expect("signal is sent");
    }

    /// Asks it to stop and waits for its end.
    pub fn stop(mut self) -> ExitStatus {
        self.signal(rustix::process::Signal::TERM);
        self.child.take().expect("is running").wait().expect("ends")
    }

    /// Kills it without warning.
    pub fn kill(mut self) {
        let mut child = self.child.take().expect("is running");
        child.kill().expect("is killed");
        child.wait().expect("ends");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let killed = child.kill();
            drop((killed, child.wait()));
        }
    }
}

/// What a finished program left.
pub struct Ran {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    fn of(output: Output) -> Ran {
        Ran {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Its exit code.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or(-1)
    }

    /// Its output, line by line, as JSON.
    pub fn json(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(parse).collect()
    }
}

/// Runs `dateline annotate` over lines of JSON.
pub fn annotate(lines: &[Value]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dateline"));
    let directory = tempfile::tempdir().expect("temporary directory");
    command.arg("annotate").current_dir(directory.path()).env_remove("DATELINE_CONFIG");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let mut stdin = child.stdin.take().expect("is piped");
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("ends");
    writer.join().expect("writer ends").expect("input is written");
    Ran::of(output)
}
