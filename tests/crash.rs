//! Kill -9 in every phase of the work and at random under load; afterwards everything is as a clean run would have it.
//! `DATELINE_TEST_SCALE` multiplies the number of kills; a phase without a kill fails the test.

mod harness;

use harness::{Lab, scale};
use rustix::process::{Pid, Signal};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The points at which the process kills itself, in their order.
const PHASES: [&str; 13] = [
    "parse",
    "before-apply",
    "after-apply",
    "before-store-sync",
    "after-store-sync",
    "before-history-sync",
    "after-history-sync",
    "after-table",
    "before-index-commit",
    "after-index-commit",
    "reprocess",
    "before-exchange",
    "after-exchange",
];
/// The phase that is seen from outside: the index merges its segments.
const MERGE: &str = "index-merge";
/// Files in the folder of a test.
const FILES: usize = 40;
/// CPU time from which on a merging thread has done more than wait for its first work.
const MERGING_CPU: Duration = Duration::from_millis(2);

fn fill(lab: &Lab, round: usize) {
    for number in 0..FILES {
        let month = 1 + number % 12;
        let text = format!(
            " date 2021-{month:02}-15 Harbour master Ioannis Vlachos said on Monday that pier {number} of Piraeus would \
             close for {round} weeks.\n\nThe works begin next month.\n"
        );
        lab.write(&format!("{}/{number}.txt", number % 5), text);
    }
}

/// A configuration with which every document is processed again.
fn change_configuration(lab: &Lab, round: usize) {
    lab.configure(&format!("[processor.dating]\nearliest-year = {}\n", 1500 + round));
}

/// Starts again after a kill, and holds everything against the folder.
fn recover(lab: &Lab, context: &str, documents: usize) {
    lab.once();
    lab.assert_verified(context);
    assert_eq!(lab.status()["documents"], documents, "{context}");
}

/// Kills a run at a passing of a phase, and looks at what is left; whether it came that far.
fn kill_in(phase: &str, round: usize, on_existing: bool, passing: usize) -> bool {
    let lab = Lab::new();
    fill(&lab, 0);
    if phase == "reprocess" {
        lab.once();
        change_configuration(&lab, round);
    } else if on_existing {
        lab.once();
        fill(&lab, round);
    }
    if phase.ends_with("exchange") {
        lab.configure("[store]\ncompact-growth = \"1KiB\"\n");
    }
    let ran = lab.run_with(&["once"], &[("DATELINE_TEST_FAULT", &format!("{phase}:{passing}"))]);
    recover(&lab, &format!("{phase}, round {round}, passing {passing}"), FILES);
    ran.status.signal() == Some(9)
}

#[test]
fn a_kill_in_any_phase_loses_nothing() {
    let mut kills: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, phase) in PHASES.into_iter().enumerate() {
        for round in 1..=scale() {
            // Half of the kills hit a store that is there already and is being changed.
            let on_existing = (at + round) % 2 == 0;
            // These are passed once a run.
            let is_single = phase.ends_with("index-commit") || phase.ends_with("exchange");
            let passing = if is_single { 1 } else { 1 + round / 4 };
            // How often a phase is passed depends on how commits fall together; the first time comes always.
            let killed = kill_in(phase, round, on_existing, passing) || kill_in(phase, round, on_existing, 1);
            *kills.entry(phase).or_default() += usize::from(killed);
        }
    }
    println!("kills per phase: {kills:?}, {} in all", kills.values().sum::<usize>());
    for phase in PHASES {
        assert_eq!(kills[phase], scale(), "a run was not killed in phase {phase}: {kills:?}");
    }
}

#[test]
fn a_kill_between_a_rename_and_what_follows_from_it_loses_nothing() {
    let lab = Lab::new();
    let text = "The ferry port of Rafina was closed on Monday.\n\nShips will sail again next week.\n";
    lab.write("report.txt", text);
    lab.once();
    // Its new name dates it.
    lab.rename("report.txt", "2021-05-05 report.txt");
    let ran = lab.run_with(&["once"], &[("DATELINE_TEST_FAULT", "reprocess:1")]);
    assert_eq!(ran.status.signal(), Some(9), "the results of the new name were under way: {}", ran.stderr);
    recover(&lab, "renamed", 1);
    assert_eq!(lab.search("date:2021-05"), ["2021-05-05 report.txt"]);
}

/// Whether a thread of the process that merges segments of the index is at work right now.
fn is_merging(process: i32) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    tasks.into_iter().any(|task| {
        let read = |name: &str| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
        if !read("comm").starts_with("merge_thread") {
            return false;
        }
        let nanoseconds = read("schedstat").split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0);
        let stat = read("stat");
        let state = stat.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
        Duration::from_nanos(nanoseconds) > MERGING_CPU && matches!(state, Some('R' | 'D'))
    })
}

/// Has a daemon write many small segments, and kills it while it merges some of them.
fn kill_in_a_merge(lab: &Lab) -> Option<usize> {
    let daemon = lab.start();
    let process = daemon.pid().as_raw_nonzero().get();
    let began = Instant::now();
    let mut number = 0;
    while began.elapsed() < harness::STEP_MAX {
        let text = format!("Ferry {number} left Piraeus for Chios on 3 May 2021.\n");
        lab.write(&format!("ferry/{number}.txt"), text);
        number += 1;
        let looked = Instant::now();
        while looked.elapsed() < Duration::from_millis(30) {
            if is_merging(process) {
                daemon.kill();
                return Some(number);
            }
        }
    }
    None
}

#[test]
fn a_kill_while_the_index_merges_loses_nothing() {
    let mut kills = 0;
    for round in 1..=scale() {
        let lab = Lab::new();
        if let Some(files) = kill_in_a_merge(&lab) {
            kills += 1;
            recover(&lab, &format!("{MERGE}, round {round}"), files);
        }
    }
    println!("kills per phase: {{\"{MERGE}\": {kills}}}");
    assert!(kills > 0, "no kill in phase {MERGE}");
}

#[test]
fn kills_at_random_under_load_converge_to_a_clean_run() {
    let lab = Lab::new();
    let mut delays = [3u64, 17, 31, 8, 60, 45, 90, 120].into_iter().cycle();
    for round in 0..4 * scale() {
        let daemon = lab.start();
        fill(&lab, round);
        lab.remove(&format!("{}/{}.txt", round % 5, round % 5));
        // No synchronisation: wherever the process is at this moment, it must survive the kill there.
        std::thread::sleep(Duration::from_millis(delays.next().expect("cycles")));
        daemon.kill();
    }
    lab.once();
    lab.assert_verified("after random kills");
}

#[test]
fn a_failed_write_ends_the_process_and_not_the_data() {
    for point in ["before-store-sync", "before-history-sync", "before-index-commit"] {
        let lab = Lab::new();
        fill(&lab, 0);
        let ran = lab.run_with(&["once"], &[("DATELINE_TEST_FAULT", &format!("{point}:1:error"))]);
        assert_eq!(ran.code(), 1, "{point}: {}", ran.stderr);
        assert!(ran.stderr.contains("injected fault"), "{point}: {}", ran.stderr);
        lab.once();
        lab.assert_verified(point);
    }
}

#[test]
fn a_log_that_nobody_reads_ends_nothing() {
    let lab = Lab::new();
    fill(&lab, 1);
    let unread = |arguments: &[&str]| {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = lab.datelined_under("env", &[], arguments);
        command.stdout(Stdio::null()).stderr(writer).status().expect("datelined starts").code()
    };
    assert_eq!(unread(&["once"]), Some(0));
    lab.assert_verified("after a run whose log nobody read");
    assert_eq!(unread(&["once", "--root", "/nowhere"]), Some(2));
}

#[test]
fn a_panic_of_the_main_thread_ends_the_process_whoever_waits() {
    let lab = Lab::new();
    lab.write("a.txt", "Ferry 1 left Piraeus.\n");
    lab.once();
    let daemon = lab.start_with(&[], &[("DATELINE_TEST_FAULT", "parse:1:panic")]);
    let mut tail = lab.dateline_command(&["tail", "--from-sequence", "0"]);
    let mut waiting = tail.stdout(Stdio::piped()).spawn().expect("dateline starts");
    let mut told = BufReader::new(waiting.stdout.take().expect("is piped"));
    // From its first line on it waits in the daemon, for more.
    told.read_line(&mut String::new()).expect("tells of the first file");
    lab.write("b.txt", "Ferry 2 left Piraeus.\n");
    let ended = daemon.ended().unwrap_or_else(|| panic!("it goes on: {}", lab.log()));
    drop((waiting.kill(), waiting.wait()));
    assert_eq!(ended.code(), Some(1), "{ended:?}: {}", lab.log());
    assert!(lab.log().contains("the main thread ended unexpectedly"), "{}", lab.log());
    lab.once();
    lab.assert_verified("after a panic");
}

/// The one process that a process started, by a thread of its own, perhaps.
fn child_of(parent: i32) -> Option<Pid> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).ok()?.flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<i32>>())
        .find_map(Pid::from_raw)
}

#[test]
fn no_file_is_blamed_when_workers_do_not_start() {
    let lab = Lab::new();
    lab.configure("[worker]\ncount = 1\n");
    fill(&lab, 0);
    let daemon = lab.start();
    lab.wait();
    let number = daemon.pid().as_raw_nonzero().get();
    if child_of(number).is_none() {
        println!("skipped: this kernel lists no children");
        return;
    }
    let over = AtomicBool::new(false);
    let ended = std::thread::scope(|scope| {
        // Each worker is killed as soon as it is seen, long before it is ready.
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                child_of(number).map(|worker| rustix::process::kill_process(worker, Signal::KILL));
                std::thread::yield_now();
            }
        });
        lab.write("0/0.txt", "Another text.\n");
        let ended = daemon.ended();
        over.store(true, Ordering::Relaxed);
        ended.unwrap_or_else(|| panic!("it goes on: {}", lab.log()))
    });
    assert_eq!(ended.code(), Some(1), "{ended:?}: {}", lab.log());
    assert!(lab.log().contains("datelined: workers do not start: "), "{}", lab.log());
    recover(&lab, "without workers", FILES);
    assert!(lab.ask(&["failures"]).is_empty());
}

#[test]
fn a_daemon_runs_where_its_session_has_no_number() {
    // As in a container that somebody enters without beginning a session there.
    let apart = ["--pid", "--fork", "--kill-child", "--mount-proc"];
    if !std::process::Command::new("unshare").args(apart).arg("true").status().is_ok_and(|status| status.success()) {
        println!("skipped, no namespaces of processes here");
        return;
    }
    let lab = Lab::new();
    fill(&lab, 0);
    let daemon = lab.start_as(lab.datelined_under("unshare", &apart, &["run"]));
    lab.wait();
    assert_eq!(lab.status()["documents"].as_u64(), Some(FILES as u64), "{}", lab.log());
    daemon.kill();
}

#[test]
fn a_stop_is_heard_while_the_daemon_begins_anew() {
    for round in 0..8 * scale() as u64 {
        let lab = Lab::new();
        let daemon = lab.start();
        daemon.signal(Signal::HUP);
        // No synchronisation: wherever the daemon is on its way to begin anew, it must hear of the stop.
        std::thread::sleep(Duration::from_millis(round * 12 % 97));
        daemon.signal(Signal::TERM);
        let ended = daemon.ended().unwrap_or_else(|| panic!("round {round}: it goes on: {}", lab.log()));
        assert!(ended.success(), "round {round}: {ended:?}: {}", lab.log());
    }
}

/// More files than fit into all queues between the folder and the committer together.
fn fill_all_queues(lab: &Lab) {
    for number in 0..400 {
        lab.write(&format!("{number}.txt"), format!("Boat {number} is in.\n"));
    }
}

#[test]
fn a_commit_that_hangs_ends_the_process() {
    // The second comes when the event loop is over, and only the indexers have something left to write; the third before
    // there is one.
    for (point, many) in [("before-store-sync", true), ("after-table", false), ("before-open", false)] {
        let lab = Lab::new();
        if many {
            fill_all_queues(&lab);
        } else {
            lab.write("a.txt", "Ioannis Vlachos was in Chios.\n");
        }
        // Only here: on a machine that is busy with something else, a commit that does not hang may take as long.
        let hang = format!("{point}:1:hang");
        let ran = lab.run_with(&["once"], &[("DATELINE_STORE_COMMIT_DEADLINE", "1s"), ("DATELINE_TEST_FAULT", &hang)]);
        assert_eq!(ran.code(), 1, "{point}: {}", ran.stderr);
        let said = if point == "before-open" { "opening the state in `" } else { "commit-deadline" };
        assert!(ran.stderr.contains(said), "{point}: {}", ran.stderr);
        lab.once();
        lab.assert_verified(point);
    }
}

#[test]
fn a_daemon_without_space_says_so_and_can_be_stopped() {
    let lab = Lab::new();
    fill_all_queues(&lab);
    let starved = [("DATELINE_STORE_FREE_SPACE_RESERVE", "1000TiB")];
    let daemon = lab.start_with(&[], &starved);
    let began = Instant::now();
    while lab.status()["state"] != "paused" {
        assert!(began.elapsed() < harness::STEP_MAX, "never paused: {}", lab.log());
    }
    let notes = lab.status()["notes"].to_string();
    assert!(notes.contains("intake is paused") && notes.contains("free"), "{notes}");
    daemon.signal(Signal::TERM);
    let ended = daemon.ended().expect("a daemon without space ends when told to");
    assert!(ended.success(), "{ended:?}: {}", lab.log());
    lab.once();
    lab.assert_verified("after a pause");
    assert_eq!(lab.status()["documents"], 400);
}

#[test]
fn verify_names_what_does_not_fit() {
    let lab = Lab::new();
    fill(&lab, 0);
    lab.once();
    lab.write("0/5.txt", "Something else altogether stands here now.\n");
    lab.remove("1/6.txt");
    lab.write("2/new.txt", "A file that was never taken in.\n");
    let verified = lab.run_datelined(&["verify"]);
    assert_eq!(verified.code(), 2, "{}", verified.stdout);
    for path in ["0/5.txt", "1/6.txt", "2/new.txt"] {
        assert!(verified.stdout.contains(path), "{path} is not named: {}", verified.stdout);
    }
}

#[test]
fn a_rebuild_keeps_ids_and_the_past() {
    let lab = Lab::new();
    lab.write("a.txt", "The lighthouse was lit for the first time.\n");
    lab.once();
    lab.write("a.txt", "The lighthouse was dark.\n");
    lab.once();
    let before = lab.ask(&["show", "a.txt"]).remove(0);
    let rebuilt = lab.run_datelined(&["rebuild"]);
    assert_eq!(rebuilt.code(), 0, "{}{}", rebuilt.stdout, rebuilt.stderr);
    let after = lab.ask(&["show", "a.txt"]).remove(0);
    assert_eq!((&before["document"], &before["revision"]), (&after["document"], &after["revision"]));
    let old = lab.ask(&["show", "a.txt", "--revision", "1"]).remove(0);
    assert_eq!(old["text"], "The lighthouse was lit for the first time.\n");
    assert_eq!(lab.run_datelined(&["verify"]).code(), 0);
}
