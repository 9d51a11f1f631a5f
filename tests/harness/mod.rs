//! What end-to-end tests share: a folder and a state of their own, the real binaries, and waiting without sleeping.
//! Knows nothing of the daemon's insides.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "every test binary uses its own part of this")]

pub mod schema;

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

/// Longest any single step may take before a test fails; generous, because machines are busy.
pub const STEP_MAX: Duration = Duration::from_secs(120);

/// Starts a program without the right to read and enter everything.
const WITHOUT_OVERRIDE: [&str; 3] = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"];

/// How many times more a run does than one that belongs to every change: `DATELINE_TEST_SCALE`, 1 by default.
pub fn scale() -> usize {
    std::env::var("DATELINE_TEST_SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// A generator of numbers that is the same in every run, so that a case that fails fails again.
pub struct Numbers(u64);

impl Numbers {
    /// The series of a seed.
    pub fn new(seed: u64) -> Numbers {
        Numbers(seed.wrapping_mul(7_919).wrapping_add(13))
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits fit") % bound
    }

    /// One of some.
    pub fn of<'a, T>(&mut self, some: &'a [T]) -> &'a T {
        &some[self.below(some.len())]
    }
}

/// A program of the project, or its namesake in `DATELINE_TEST_BIN`: another build of it.
fn program(name: &str, own: &str) -> PathBuf {
    std::env::var_os("DATELINE_TEST_BIN").map_or_else(|| PathBuf::from(own), |folder| PathBuf::from(folder).join(name))
}

/// A folder to watch and a state directory, both gone when dropped.
pub struct Lab {
    directory: tempfile::TempDir,
    state: PathBuf,
    environment: Vec<(String, String)>,
    /// Another program than the stock daemon.
    daemon: Option<PathBuf>,
    /// Whether file modes bind the daemon although the user who runs the test may read everything.
    obeys_modes: bool,
}

impl Lab {
    /// An empty folder and no state yet.
    pub fn new() -> Lab {
        let directory = tempfile::Builder::new().prefix("dateline-").tempdir().expect("temporary directory");
        fs::create_dir(directory.path().join("root")).expect("root is made");
        let state = directory.path().join("state");
        Lab { directory, state, environment: Vec::new(), daemon: None, obeys_modes: false }
    }

    /// The same with its state elsewhere.
    pub fn with_state(mut self, state: impl Into<PathBuf>) -> Lab {
        self.state = state.into();
        self
    }

    /// The same with a daemon that may not read what its modes forbid, even where the user of the test may; said where that
    /// cannot be had.
    pub fn obeying_modes(mut self) -> Lab {
        let is_root = rustix::process::geteuid().is_root();
        let tried = Command::new(WITHOUT_OVERRIDE[0]).args(&WITHOUT_OVERRIDE[1..]).arg("true").output();
        self.obeys_modes = is_root && tried.is_ok_and(|output| output.status.success());
        if is_root && !self.obeys_modes {
            println!("file modes bind nobody here: no setpriv");
        }
        self
    }

    /// Uses another state from now on.
    pub fn set_state(&mut self, state: impl Into<PathBuf>) {
        self.state = state.into();
    }

    /// The same with an environment variable for all programs.
    pub fn with(mut self, name: &str, value: &str) -> Lab {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes the configuration that all programs use from now on.
    pub fn configure(&self, text: &str) {
        fs::write(self.config(), text).expect("configuration is written");
    }

    /// The configuration file, if there is one.
    pub fn config(&self) -> PathBuf {
        self.directory.path().join("dateline.toml")
    }

    fn prepare(&self, command: &mut Command) {
        command.current_dir(self.directory.path()).env_remove("DATELINE_CONFIG").env_remove("NOTIFY_SOCKET");
        if self.config().exists() {
            command.env("DATELINE_CONFIG", self.config());
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
    }

    /// As [`Lab::new`], with another daemon than the stock one.
    pub fn with_daemon(daemon: PathBuf) -> Lab {
        Lab { daemon: Some(daemon), ..Lab::new() }
    }

    /// The watched folder.
    pub fn root(&self) -> PathBuf {
        self.directory.path().join("root")
    }

    /// The state directory.
    pub fn state(&self) -> PathBuf {
        self.state.clone()
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
        let stock = || program("datelined", env!("CARGO_BIN_EXE_datelined"));
        let daemon = self.daemon.clone().unwrap_or_else(stock);
        let mut command = if self.obeys_modes {
            let mut command = Command::new(WITHOUT_OVERRIDE[0]);
            command.args(&WITHOUT_OVERRIDE[1..]).arg(daemon);
            command
        } else {
            Command::new(daemon)
        };
        command.args(arguments).arg("--state").arg(self.state());
        if !arguments.contains(&"--root") {
            command.arg("--root").arg(self.root());
        }
        self.prepare(&mut command);
        command.env("DATELINE_DAEMON_LOG", "info");
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

    /// Asserts that the state is what the folder gives.
    pub fn assert_verified(&self, context: &str) {
        let ran = self.run_datelined(&["verify"]);
        assert_eq!(ran.code(), 0, "{context}: {}{}", ran.stdout, ran.stderr);
    }

    /// A command that runs `datelined` under another program, such as a tracer.
    pub fn datelined_under(&self, program: &str, program_arguments: &[&str], arguments: &[&str]) -> Command {
        let own = self.datelined(arguments);
        let mut command = Command::new(program);
        command.args(program_arguments).arg(own.get_program()).args(own.get_args());
        self.prepare(&mut command);
        command.env("DATELINE_DAEMON_LOG", "info").stdin(Stdio::null());
        command
    }

    /// Runs `dateline` on this state.
    pub fn dateline(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.dateline_command(arguments).output().expect("dateline starts"))
    }

    /// A command that runs `dateline` on this state.
    pub fn dateline_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("dateline", env!("CARGO_BIN_EXE_dateline")));
        command.arg("--state").arg(self.state()).args(arguments);
        self.prepare(&mut command);
        command.env("NO_COLOR", "1").stdin(Stdio::null());
        command.envs(self.daemon.iter().map(|daemon| ("DATELINE_DAEMON", daemon)));
        command
    }

    /// The lines `dateline ... --json` writes, as JSON; each fits the published schema.
    pub fn ask(&self, arguments: &[&str]) -> Vec<Value> {
        let mut all = arguments.to_vec();
        all.push("--json");
        let ran = self.dateline(&all);
        assert!(ran.code() <= 1, "{arguments:?} gave {}: {}", ran.code(), ran.stderr);
        let lines = ran.json();
        if !lines.is_empty() {
            let entry = schema::entry_of(arguments).unwrap_or_else(|| panic!("{arguments:?} has no schema"));
            let wrong = lines.iter().find_map(|line| schema::check(entry, line).err());
            assert_eq!(wrong, None, "{arguments:?} does not fit the published schema");
        }
        lines
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
        let mut all = vec!["run"];
        all.extend_from_slice(arguments);
        let mut command = self.datelined(&all);
        command.envs(environment.iter().copied());
        self.start_as(command)
    }

    /// Starts a command that is or becomes the daemon, and waits until it says that it is ready.
    pub fn start_as(&self, mut command: Command) -> Daemon {
        let socket = self.directory.path().join(format!("notify-{}", fastrand()));
        let notify = UnixDatagram::bind(&socket).expect("notify socket is bound");
        notify.set_read_timeout(Some(STEP_MAX)).expect("timeout is set");
        let log = fs::File::create(self.directory.path().join("log")).expect("log is made");
        command.env("NOTIFY_SOCKET", &socket).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
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

    /// Waits until it ends by itself; `None` when it does not in time, and it is killed then.
    pub fn ended(mut self) -> Option<ExitStatus> {
        let mut child = self.child.take().expect("is running");
        let deadline = std::time::Instant::now() + STEP_MAX;
        while std::time::Instant::now() < deadline {
            if let Some(status) = child.try_wait().expect("can be waited for") {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        drop((child.kill(), child.wait()));
        None
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
    /// What a program printed and how it ended.
    pub fn of(output: Output) -> Ran {
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
    let mut command = Command::new(program("dateline", env!("CARGO_BIN_EXE_dateline")));
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
