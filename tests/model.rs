//! Random lives of a folder under a running daemon, with restarts, kills and changes of configuration in between. In the
//! end its state is what a fresh program makes of the folder as it is then. `DATELINE_TEST_SCALE` above 1 multiplies
//! the number of cases and makes them longer.

mod harness;

use harness::{Daemon, Lab, Numbers, STEP_MAX, scale};
use rustix::fs::{Timespec, Timestamps, UTIME_OMIT};
use rustix::process::Signal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Names that files get; few, so that they meet again and again.
const NAMES: [&str; 9] =
    ["a.txt", "b.txt", "c.jsonl", "d.eml", "north/a.txt", "north/b.html", "south/c.jsonl", "south/deep/d.txt", "e.txt"];
/// Directories that are moved as a whole.
const TREES: [&str; 3] = ["north", "south", "south/deep"];
/// Lists that name other people.
const LISTED: [&str; 3] = ["Ioannis Vlachos", "Maria Kanaki", "Piraeus Port Authority"];

/// What a case works on.
struct Case {
    lab: Lab,
    daemon: Option<Daemon>,
    numbers: Numbers,
    outside: PathBuf,
    /// Where the files of the watched folder lie: the folder itself, or what is mounted there.
    folder: PathBuf,
    /// Directories moved out, to be moved in again.
    away: Vec<PathBuf>,
    done: Vec<String>,
    can_mount: bool,
}

impl Drop for Case {
    fn drop(&mut self) {
        if self.is_mounted() {
            // Lazily: a daemon that is about to be killed may still be looking.
            drop(Command::new("umount").arg("-l").arg(self.lab.root()).output());
        }
    }
}

/// What may happen to the folder or the daemon.
type Step = fn(&mut Case) -> String;

const STEPS: [(u32, Step); 16] = [
    (8, Case::write),
    (4, Case::rename),
    (3, Case::delete),
    (2, Case::move_tree_in),
    (2, Case::move_tree_out),
    (2, Case::rename_tree),
    (2, Case::touch),
    (1, Case::chmod),
    (1, Case::bring_back),
    (1, Case::restart),
    (1, Case::kill),
    (1, Case::change_configuration),
    (1, Case::change_watchlist),
    (1, Case::take_root_away),
    (1, Case::cover_root),
    (1, Case::step_clock),
];

/// A text of its own for a name; the same number gives the same text.
fn content(name: &str, number: usize) -> String {
    let article = format!(
        "On {} May 2021 {} said that quay {number} would close. The works end next month, Maria Kanaki said.",
        1 + number % 28,
        LISTED[number % LISTED.len()],
    );
    match name.rsplit('.').next().unwrap_or_default() {
        "jsonl" => (0..1 + number % 4)
            .map(|part| format!("{{\"id\": \"p{}\", \"title\": \"Quay {part}\", \"text\": \"{article}\"}}\n", part * 2))
            .collect(),
        "eml" => format!(
            "From: Harbour <h@example.org>\nDate: Mon, 3 May 2021 10:00:00 +0000\nMessage-ID: <{number}@example.org>\n\
             Subject: Quay {number}\n\n{article}\n"
        ),
        "html" => {
            format!("<html><head><title>Quay</title></head><body><article><p>{article}</p></article></body></html>")
        }
        _ => format!(" date 2021-05-{:02} {article}\n", 1 + number % 28),
    }
}

impl Case {
    fn new(seed: u64) -> Case {
        let lab = Lab::new().obeying_modes();
        let clock = lab.directory().join("clock");
        let lab = lab.with("DATELINE_TEST_CLOCK", clock.to_str().expect("temporary paths are text"));
        let outside = lab.directory().join("outside");
        fs::create_dir(&outside).expect("is made");
        fs::create_dir(lab.directory().join("lists")).expect("is made");
        let mut case = Case {
            folder: lab.root(),
            lab,
            daemon: None,
            numbers: Numbers::new(seed),
            outside,
            away: Vec::new(),
            done: Vec::new(),
            can_mount: rustix::process::geteuid().is_root(),
        };
        // Every other folder is a disk of its own, which may be unmounted.
        if seed % 2 == 1 && case.can_mount {
            case.folder = case.lab.directory().join("disk");
            fs::create_dir(&case.folder).expect("is made");
            case.can_mount = case.mount();
            if !case.can_mount {
                case.folder = case.lab.root();
            }
        }
        case.change_watchlist();
        case.change_configuration();
        for name in NAMES {
            case.lab.write(name, content(name, 0));
        }
        case.daemon = Some(case.lab.start());
        case
    }

    /// Not by way of the mount: nothing can be renamed across its border.
    fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn is_mounted(&self) -> bool {
        self.folder != self.lab.root()
    }

    /// Mounts the disk over the watched folder; whether that is permitted.
    fn mount(&self) -> bool {
        let mut command = Command::new("mount");
        command.arg("--bind").arg(&self.folder).arg(self.lab.root());
        match command.output() {
            Ok(output) if output.status.success() => true,
            Ok(output) => {
                println!("no disk is unmounted: {}", String::from_utf8_lossy(&output.stderr).trim());
                false
            }
            Err(error) => {
                println!("no disk is unmounted: {error}");
                false
            }
        }
    }

    fn unmount(&self) {
        let output = Command::new("umount").arg(self.lab.root()).output().expect("umount starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "watching must not keep a disk busy: {said} {:?}", self.done);
    }

    /// How many documents there are.
    fn documents(&self) -> Value {
        self.lab.status()["documents"].clone()
    }

    fn step(&mut self) {
        let total: u32 = STEPS.iter().map(|(weight, _)| weight).sum();
        let mut drawn = self.numbers.below(total as usize) as u32;
        for (weight, step) in STEPS {
            if drawn < weight {
                let done = step(self);
                self.done.push(done);
                return;
            }
            drawn -= weight;
        }
    }

    fn write(&mut self) -> String {
        let name = *self.numbers.of(&NAMES);
        let number = self.numbers.below(12);
        // As editors do, or in place.
        if self.numbers.below(2) == 0 && self.at(name).exists() {
            fs::write(self.outside.join("new"), content(name, number)).expect("is written");
            fs::rename(self.outside.join("new"), self.at(name)).expect("is renamed");
        } else {
            self.lab.write(name, content(name, number));
        }
        format!("write {name} {number}")
    }

    fn rename(&mut self) -> String {
        let (from, to) = (*self.numbers.of(&NAMES), *self.numbers.of(&NAMES));
        if from == to || !self.at(from).is_file() {
            return format!("no {from} to rename");
        }
        fs::create_dir_all(self.at(to).parent().expect("has one")).expect("is made");
        fs::rename(self.at(from), self.at(to)).expect("is renamed");
        format!("rename {from} to {to}")
    }

    fn delete(&mut self) -> String {
        let name = *self.numbers.of(&NAMES);
        drop(fs::remove_file(self.at(name)));
        format!("delete {name}")
    }

    fn bring_back(&mut self) -> String {
        let name = *self.numbers.of(&NAMES);
        self.lab.write(name, content(name, 0));
        format!("bring back {name}")
    }

    fn move_tree_out(&mut self) -> String {
        let tree = *self.numbers.of(&TREES);
        let to = self.outside.join(format!("{}-{}", tree.replace('/', "-"), self.done.len()));
        if fs::rename(self.at(tree), &to).is_ok() {
            self.away.push(to);
        }
        format!("move {tree} out")
    }

    fn move_tree_in(&mut self) -> String {
        let Some(tree) = self.away.pop() else { return "nothing to move in".to_owned() };
        let name = tree.file_name().expect("has one").to_owned();
        fs::rename(&tree, self.folder.join(&name)).expect("is moved");
        format!("move {name:?} in")
    }

    fn rename_tree(&mut self) -> String {
        let (from, to) = (*self.numbers.of(&TREES), format!("tree-{}", self.numbers.below(3)));
        let moved = fs::rename(self.at(from), self.at(&to)).is_ok();
        format!("rename tree {from} to {to}: {moved}")
    }

    /// Times far in the past and the future, as wrong clocks leave them.
    fn touch(&mut self) -> String {
        let name = *self.numbers.of(&NAMES);
        let second = *self.numbers.of(&[0, 1_000_000_000, 1_620_000_000, 4_000_000_000]);
        let omit = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
        let times = Timestamps { last_access: omit, last_modification: Timespec { tv_sec: second, tv_nsec: 7 } };
        let path = self.at(name);
        let _ = rustix::fs::utimensat(rustix::fs::CWD, &path, &times, rustix::fs::AtFlags::empty());
        format!("touch {name} {second}")
    }

    fn chmod(&mut self) -> String {
        let name = *self.numbers.of(&NAMES);
        let mode = *self.numbers.of(&[0o000, 0o600, 0o644]);
        drop(fs::set_permissions(self.at(name), fs::Permissions::from_mode(mode)));
        format!("chmod {name} {mode:o}")
    }

    fn restart(&mut self) -> String {
        let ended = self.daemon.take().expect("runs").stop();
        assert!(ended.success(), "{:?}: {}", self.done, self.lab.log());
        self.daemon = Some(self.lab.start());
        "restart".to_owned()
    }

    fn kill(&mut self) -> String {
        self.daemon.take().expect("runs").kill();
        self.daemon = Some(self.lab.start());
        "kill".to_owned()
    }

    fn change_configuration(&mut self) -> String {
        let year = 1500 + self.numbers.below(4);
        let text = format!(
            "[watch]\nsettle = \"20ms\"\n[processor.dating]\nearliest-year = {year}\n[processor.watchlist]\n\
             lists = [\"lists/*.toml\"]\n"
        );
        self.lab.configure(&text);
        self.reload();
        format!("configure {year}")
    }

    fn change_watchlist(&mut self) -> String {
        let name = *self.numbers.of(&LISTED);
        let entry = format!("type = \"PER\"\n\n[[entry]]\nid = \"listed\"\nname = \"{name}\"\n");
        fs::write(self.lab.directory().join("lists/list.toml"), entry).expect("is written");
        self.reload();
        format!("list {name}")
    }

    fn reload(&self) {
        if let Some(daemon) = &self.daemon {
            daemon.signal(Signal::HUP);
        }
    }

    fn wait_for_state(&self, wanted: &str) {
        let began = Instant::now();
        loop {
            let ran = self.lab.dateline(&["status", "--json"]);
            if ran.code() == 0 && ran.json()[0]["state"] == wanted {
                return;
            }
            assert!(began.elapsed() < STEP_MAX, "never {wanted}: {:?}: {}", self.done, self.lab.log());
        }
    }

    /// The folder goes and comes back, as a disk that is unmounted or a directory that is renamed.
    fn take_root_away(&mut self) -> String {
        if self.is_mounted() {
            self.wait();
            let before = self.documents();
            self.unmount();
            drop(self.lab.dateline(&["rescan", "--wait"]));
            assert_eq!(self.documents(), before, "an unmounted disk deletes nothing: {:?}", self.done);
            assert!(self.mount(), "it could be mounted before");
            return "unmount and mount again".to_owned();
        }
        let aside = self.lab.directory().join("root-aside");
        fs::rename(self.lab.root(), &aside).expect("is moved");
        self.wait_for_state("root-missing");
        fs::rename(&aside, self.lab.root()).expect("is moved back");
        "take the root away and bring it back".to_owned()
    }

    /// An empty disk over the folder, and away again: what an unmounted disk leaves is an empty folder, too.
    fn cover_root(&mut self) -> String {
        self.wait();
        let before = self.documents();
        let mount = Command::new("mount").args(["-t", "tmpfs", "tmpfs"]).arg(self.lab.root()).output();
        if !self.can_mount || !mount.is_ok_and(|output| output.status.success()) {
            self.can_mount = false;
            return "no mounting here".to_owned();
        }
        drop(self.lab.dateline(&["rescan", "--wait"]));
        assert_eq!(self.documents(), before, "an empty disk over the folder deletes nothing: {:?}", self.done);
        self.unmount();
        "cover the root and uncover it".to_owned()
    }

    /// The clock that commits go by jumps, ahead or back, under the running daemon; files keep the right time.
    fn step_clock(&mut self) -> String {
        let seconds = *self.numbers.of(&[-400_000_000_i64, -86_400, -7, 0, 3_600, 86_400 * 40]);
        fs::write(self.lab.directory().join("clock"), seconds.to_string()).expect("is written");
        format!("clock wrong by {seconds} s")
    }

    /// Waits until nothing is left to do; a change of configuration may interrupt the waiting, not the work.
    fn wait(&self) {
        let began = Instant::now();
        while self.lab.dateline(&["rescan", "--wait"]).code() != 0 {
            assert!(began.elapsed() < STEP_MAX, "never done: {:?}: {}", self.done, self.lab.log());
        }
    }

    /// Waits until nothing is left to do, and lets go of what is held back. What may not be read keeps the documents it
    /// had, which a clean run does not know: everything may be read in the end.
    fn settle(&mut self) {
        for name in files_below(&self.folder) {
            fs::set_permissions(name, fs::Permissions::from_mode(0o644)).expect("mode is set");
        }
        self.wait();
        // A configuration that was changed just now may be taken over only after that.
        assert!(self.daemon.take().expect("runs").stop().success(), "{:?}: {}", self.done, self.lab.log());
        let ran = self.lab.run_datelined(&["accept-root"]);
        assert_eq!(ran.code(), 0, "{:?}: {}", self.done, ran.stderr);
        self.lab.once();
    }
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("is read").map(|entry| entry.expect("is read").path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// Numbers that depend on the past, and so differ from those of a fresh state.
const OF_THE_PAST: [&str; 7] = ["document", "revision", "seen_from", "seen_to", "entity", "mtime", "deleted"];

fn without_past(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !OF_THE_PAST.contains(&name.as_str()));
            fields.values_mut().for_each(without_past);
        }
        Value::Array(items) => items.iter_mut().for_each(without_past),
        _ => {}
    }
}

/// Everything that is exported and listed, without what depends on the past.
fn everything(lab: &Lab) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for what in ["documents", "timexes", "entities"] {
        for mut line in lab.ask(&["export", "--what", what]) {
            without_past(&mut line);
            *all.entry(format!("{what} {line}")).or_default() += 1;
        }
    }
    for failure in lab.ask(&["failures"]) {
        *all.entry(format!("failure {} {}", failure["path"], failure["reason"])).or_default() += 1;
    }
    all
}

fn differences(found: &BTreeMap<String, usize>, wanted: &BTreeMap<String, usize>) -> Vec<String> {
    let missing = wanted.iter().filter(|(line, count)| found.get(*line) != Some(count));
    let extra = found.iter().filter(|(line, count)| wanted.get(*line) != Some(count));
    let short = |text: &str| text.chars().take(300).collect::<String>();
    let missing = missing.map(|(line, count)| format!("missing {count}: {}", short(line)));
    missing.chain(extra.map(|(line, count)| format!("extra {count}: {}", short(line)))).collect()
}

fn live(seed: u64, steps: usize) -> BTreeMap<String, usize> {
    let mut case = Case::new(seed);
    for _ in 0..steps {
        case.step();
        if case.numbers.below(4) == 0 {
            case.wait();
        }
    }
    case.settle();
    let found = everything(&case.lab);
    case.lab.assert_verified(&format!("seed {seed}: {:?}", case.done));
    let state: &Path = &case.lab.directory().join("fresh");
    case.lab.set_state(state);
    case.lab.once();
    let wanted = everything(&case.lab);
    let different = differences(&found, &wanted);
    assert!(different.is_empty(), "seed {seed}: {:?}\n{}", case.done, different.join("\n"));
    let mut kinds = BTreeMap::new();
    for done in &case.done {
        *kinds.entry(done.split(' ').next().unwrap_or_default().to_owned()).or_default() += 1;
    }
    kinds
}

#[test]
fn any_life_ends_in_what_a_clean_run_makes_of_the_folder() {
    let (cases, steps) = if scale() == 1 { (2, 20) } else { (10 * scale(), 40) };
    let first: u64 = std::env::var("DATELINE_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for seed in first..first + cases as u64 {
        let began = Instant::now();
        for (kind, count) in live(seed, steps) {
            *kinds.entry(kind).or_default() += count;
        }
        // Said at once: a long run that is ended early has shown something all the same.
        println!("seed {seed}: passed in {:.1} s", began.elapsed().as_secs_f64());
    }
    println!("{cases} cases of {steps} steps: {kinds:?}");
}
