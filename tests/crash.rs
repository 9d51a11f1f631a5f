//! Kill -9 in every phase of a commit and at random under load; afterwards everything is as a clean run would have it.
//! `DATELINE_TEST_SCALE` multiplies the number of kills; a phase without a kill fails the test.

mod harness;

use harness::Lab;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

/// The points of a commit at which the process is killed, in its order.
const PHASES: [&str; 7] = [
    "before-apply",
    "after-apply",
    "before-store-sync",
    "after-store-sync",
    "before-history-sync",
    "after-history-sync",
    "after-table",
];

fn scale() -> usize {
    std::env::var("DATELINE_TEST_SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn fill(lab: &Lab, round: usize) {
    for number in 0..40 {
        let month = 1 + number % 12;
        let text = format!(
            " date 2021-{month:02}-15 Harbour master Ioannis Vlachos said on Monday that pier {number} of Piraeus would \
             close for {round} weeks.\n\nThe works begin next month.\n"
        );
        lab.write(&format!("{}/{number}.txt", number % 5), text);
    }
}

#[test]
fn a_kill_in_any_phase_of_a_commit_loses_nothing() {
    let mut kills: BTreeMap<&str, usize> = BTreeMap::new();
    for phase in PHASES {
        for round in 1..=2 * scale() {
            let lab = Lab::new();
            fill(&lab, 0);
            if round % 2 == 0 {
                // Half of the kills hit a store that is there already and is being changed.
                lab.once();
                fill(&lab, round);
            }
            let passing = (1 + round / 4).to_string();
            let ran = lab.run_with(&["once"], &[("DATELINE_TEST_FAULT", &format!("{phase}:{passing}"))]);
            if ran.status.signal() == Some(9) {
                *kills.entry(phase).or_default() += 1;
            }
            lab.once();
            let verified = lab.run_datelined(&["verify"]);
            assert_eq!(verified.code(), 0, "{phase}, round {round}: {}{}", verified.stdout, verified.stderr);
            assert_eq!(lab.status()["documents"], 40, "{phase}, round {round}");
        }
    }
    println!("kills per phase: {kills:?}");
    for phase in PHASES {
        assert!(kills.contains_key(phase), "no kill in phase {phase}: {kills:?}");
    }
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
    let verified = lab.run_datelined(&["verify"]);
    assert_eq!(verified.code(), 0, "{}{}", verified.stdout, verified.stderr);
}

#[test]
fn a_failed_write_ends_the_process_and_not_the_data() {
    for point in ["before-store-sync", "before-history-sync"] {
        let lab = Lab::new();
        fill(&lab, 0);
        let ran = lab.run_with(&["once"], &[("DATELINE_TEST_FAULT", &format!("{point}:1:error"))]);
        assert_eq!(ran.code(), 2, "{point}: {}", ran.stderr);
        assert!(ran.stderr.contains("injected fault"), "{point}: {}", ran.stderr);
        lab.once();
        assert_eq!(lab.run_datelined(&["verify"]).code(), 0, "{point}");
    }
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
