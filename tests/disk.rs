//! What a real disk does: it loses power, and it gets full. The state lies on a file system in a file; where that may
//! not be mounted, the tests say so and do nothing. `DATELINE_TEST_SCALE` multiplies the number of power cuts.

mod harness;

use harness::{Lab, Numbers, STEP_MAX, scale};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Room for a state and its ballast.
const DISK_BYTES: u64 = 96 << 20;
/// A reserve that suits so small a disk.
const RESERVE: &str = "4MiB";

/// Whether the file system keeps a journal. With one, any sync makes older writes of all other files durable, so that a
/// sync left out may go unseen; without one a file holds what was synced of it and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Journal {
    Kept,
    None,
}

/// A file system in a file, mounted; unmounted when dropped.
struct Disk {
    image: PathBuf,
    at: PathBuf,
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are text")
}

impl Disk {
    /// A new, empty one.
    fn make(directory: &Path, name: &str, journal: Journal) -> Result<Disk, String> {
        let image = directory.join(format!("{name}.img"));
        let file = fs::File::create(&image).map_err(|error| error.to_string())?;
        file.set_len(DISK_BYTES).map_err(|error| error.to_string())?;
        let feature = if journal == Journal::Kept { "has_journal" } else { "^has_journal" };
        // One inode a block: otherwise syncing one file takes along what is to be known of its neighbours.
        run("mkfs.ext4", &["-q", "-F", "-b", "1024", "-I", "1024", "-N", "4096", "-O", feature, text(&image)])?;
        Disk::mount(image, directory.join(name))
    }

    fn mount(image: PathBuf, at: PathBuf) -> Result<Disk, String> {
        fs::create_dir_all(&at).map_err(|error| error.to_string())?;
        run("mount", &["-o", "loop", text(&image), text(&at)])?;
        Ok(Disk { image, at })
    }

    /// What the disk would hold if the power went now: what was not yet written to it is not in the copy.
    fn after_power_cut(&self, directory: &Path) -> Disk {
        let image = directory.join("cut.img");
        run("cp", &["--sparse=always", text(&self.image), text(&image)]).expect("the image is copied");
        // Replays the journal or, without one, makes good what the file system had not written of its own. 1: it did.
        let check = Command::new("e2fsck").args(["-f", "-y", text(&image)]).output().expect("e2fsck runs");
        assert!(check.status.code().is_some_and(|code| code <= 1), "{}", String::from_utf8_lossy(&check.stdout));
        Disk::mount(image, directory.join("cut")).expect("the copy is mounted")
    }

    fn state(&self) -> PathBuf {
        self.at.join("state")
    }

    /// Fills it up to so many bytes; the file that does it.
    fn fill_up(&self, leave: u64) -> PathBuf {
        let path = self.at.join("filler");
        let file = fs::File::create(&path).expect("filler is made");
        let disk = rustix::fs::statvfs(&self.at).expect("has a size");
        let bytes = (disk.f_bavail * disk.f_frsize).saturating_sub(leave);
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes).expect("filler fits");
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Err(error) = run("umount", &["-l", text(&self.at)]) {
            eprintln!("{error}");
        }
    }
}

/// A lab whose state lies on a disk of its own; `None`, and said, where that cannot be.
fn lab_on_a_disk(journal: Journal) -> Option<(Lab, Disk)> {
    let lab = Lab::new().with("DATELINE_STORE_FREE_SPACE_RESERVE", RESERVE);
    match Disk::make(lab.directory(), "disk", journal) {
        Ok(disk) => Some((lab.with_state(disk.state()), disk)),
        Err(reason) => {
            println!("skipped, no loop mounts here: {reason}");
            None
        }
    }
}

fn write(lab: &Lab, group: &str, version: usize, files: usize) {
    for number in 0..files {
        let text = format!(
            " date 2021-05-{:02} The ferry {group} {number} left Piraeus on Monday, harbour master Ioannis Vlachos \
             said, for the {version}th time.\n\nIt is expected in Chios tomorrow.\n",
            1 + number % 28
        );
        lab.write(&format!("{group}/{number}.txt"), text);
    }
}

/// What is stored, by path, without looking into the folder.
fn stored(lab: &Lab) -> BTreeMap<String, String> {
    let word = |line: &Value, key: &str| line[key].as_str().expect("exported lines have a path and a text").to_owned();
    lab.ask(&["export"]).iter().map(|line| (word(line, "path"), word(line, "text"))).collect()
}

/// What the power cut hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    NewStore,
    Reprocessing,
    Changing,
}

const MOMENTS: [Moment; 3] = [Moment::NewStore, Moment::Reprocessing, Moment::Changing];

/// Cuts the power while the daemon works, and holds what is left against what it had reported.
fn cut(mut lab: Lab, disk: Disk, moment: Moment, delay: Duration) {
    if moment != Moment::NewStore {
        write(&lab, "old", 0, 60);
        lab.once();
    }
    if moment == Moment::Reprocessing {
        lab.configure("[processor.dating]\nearliest-year = 1500\n");
    }
    let daemon = lab.start();
    if moment != Moment::Reprocessing {
        write(&lab, "reported", 1, 10);
        lab.wait();
    }
    let reported = stored(&lab);
    write(&lab, "late", 1, 30);
    if moment == Moment::Changing {
        write(&lab, "old", 2, 60);
    }
    // No synchronisation: wherever the process is at this moment, the power goes there.
    std::thread::sleep(delay);
    daemon.signal(rustix::process::Signal::STOP);
    let left = disk.after_power_cut(lab.directory());
    daemon.kill();
    lab.set_state(left.state());
    let context = format!("{moment:?} after {delay:?}");
    if !reported.is_empty() {
        let found = stored(&lab);
        for (path, text) in &reported {
            let changed = moment == Moment::Changing && path.starts_with("old");
            assert!(found.get(path).is_some_and(|found| changed || found == text), "{context}: `{path}` is lost");
        }
    }
    lab.once();
    lab.assert_verified(&context);
    assert!(
        fs::read_dir(lab.state())
            .expect("state is there")
            .flatten()
            .all(|entry| { !entry.file_name().to_string_lossy().contains("damaged") }),
        "{context}: a power cut is no damage: {}",
        lab.log()
    );
}

#[test]
fn a_power_cut_loses_nothing_that_was_reported() {
    let mut numbers = Numbers::new(11);
    let mut cuts: BTreeMap<Moment, usize> = BTreeMap::new();
    for round in 0..3 * scale() {
        let journal = if (round / MOMENTS.len()).is_multiple_of(2) { Journal::None } else { Journal::Kept };
        let Some((lab, disk)) = lab_on_a_disk(journal) else { return };
        let moment = MOMENTS[round % MOMENTS.len()];
        cut(lab, disk, moment, Duration::from_millis(numbers.below(400) as u64));
        *cuts.entry(moment).or_default() += 1;
    }
    println!("power cuts: {cuts:?}");
}

#[test]
fn a_nearly_full_disk_pauses_intake_until_there_is_room() {
    let Some((lab, disk)) = lab_on_a_disk(Journal::Kept) else { return };
    let daemon = lab.start();
    write(&lab, "before", 0, 3);
    lab.wait();
    let filler = disk.fill_up(1 << 20);
    write(&lab, "while", 0, 3);
    let began = Instant::now();
    while lab.status()["state"] != "paused" {
        assert!(began.elapsed() < STEP_MAX, "never paused: {}", lab.log());
    }
    assert_eq!(lab.search("ferry").len(), 3, "what is there is answered");
    fs::remove_file(filler).expect("filler is removed");
    lab.wait();
    assert_eq!(lab.status()["documents"], 6);
    assert_eq!(lab.status()["state"], "watching", "{}", lab.status());
    assert!(daemon.stop().success());
    lab.assert_verified("after a full disk");
}

#[test]
fn a_disk_filled_to_the_last_byte_can_be_opened_again() {
    let Some((lab, disk)) = lab_on_a_disk(Journal::Kept) else { return };
    let lab = lab.with("DATELINE_STORE_FREE_SPACE_RESERVE", "0B");
    write(&lab, "before", 0, 20);
    lab.once();
    assert!(lab.state().join("ballast").exists());
    let filler = disk.fill_up(0);
    write(&lab, "while", 1, 200);
    let ran = lab.run_datelined(&["once"]);
    println!("on a full disk: {} {}", ran.code(), ran.stderr.lines().last().unwrap_or_default());
    assert!(matches!(ran.code(), 0..=2), "{:?}: {}", ran.status, ran.stderr);
    assert_eq!(stored(&lab).keys().filter(|path| path.starts_with("before")).count(), 20, "answers without room");
    fs::remove_file(filler).expect("filler is removed");
    lab.once();
    lab.assert_verified("after a disk without room");
    assert_eq!(lab.status()["documents"], 220);
}
