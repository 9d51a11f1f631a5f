//! What users get wrong, and what they are told: the message names the thing and the way out.

mod harness;

use harness::Lab;

#[test]
fn a_missing_root_is_named() {
    let lab = Lab::new();
    std::fs::remove_dir(lab.root()).expect("root is removed");
    let ran = lab.run_datelined(&["once"]);
    assert_eq!(ran.code(), 2, "{}", ran.stderr);
    assert!(ran.stderr.contains(&lab.root().display().to_string()) && ran.stderr.contains("hint:"), "{}", ran.stderr);
}

#[test]
fn a_second_daemon_is_told_which_process_holds_the_state() {
    let lab = Lab::new();
    let daemon = lab.start();
    let ran = lab.run_datelined(&["run"]);
    assert_eq!(ran.code(), 2, "{}", ran.stderr);
    assert!(ran.stderr.contains(&daemon.pid().as_raw_nonzero().to_string()), "{}", ran.stderr);
}

#[test]
fn another_root_is_refused_until_accepted() {
    let lab = Lab::new();
    lab.write("a.txt", "The lighthouse was lit.\n");
    lab.once();
    let moved = lab.directory().join("moved");
    std::fs::rename(lab.root(), &moved).expect("root is moved");
    let moved = moved.to_str().expect("is UTF-8");
    let ran = lab.run_datelined(&["once", "--root", moved]);
    assert_eq!(ran.code(), 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("accept-root"), "{}", ran.stderr);
    assert!(lab.run_datelined(&["accept-root", "--root", moved]).status.success());
    assert!(lab.run_datelined(&["once", "--root", moved]).status.success());
    assert_eq!(lab.search("lighthouse"), ["a.txt"]);
}

#[test]
fn deletes_are_held_while_the_root_is_another_directory() {
    let lab = Lab::new();
    lab.write("a.txt", "The lighthouse was lit.\n");
    lab.once();
    std::fs::rename(lab.root(), lab.directory().join("old")).expect("root is moved");
    std::fs::create_dir(lab.root()).expect("another root, as when a disk is not mounted");
    lab.write("b.txt", "The harbour was dredged.\n");
    lab.once();
    assert_eq!((lab.search("lighthouse"), lab.search("harbour")), (vec!["a.txt".to_owned()], vec!["b.txt".to_owned()]));
    assert!(lab.run_datelined(&["accept-root"]).status.success());
    lab.once();
    assert!(lab.search("lighthouse").is_empty());
    assert_eq!(lab.search("harbour"), ["b.txt"]);
}

#[test]
fn a_folder_that_is_emptied_is_judged_as_a_whole() {
    const FILES: usize = 300;
    let lab = Lab::new();
    for number in 0..FILES {
        lab.write(&format!("{number}.txt"), format!("Boat {number} is in.\n"));
    }
    lab.once();
    let daemon = lab.start();
    lab.wait();
    // One by one, as `rm` does: no single event says that all are gone.
    (0..FILES).for_each(|number| lab.remove(&format!("{number}.txt")));
    lab.wait();
    assert_eq!(lab.status()["documents"], FILES, "{}", lab.log());
    assert!(daemon.stop().success());
    assert!(lab.run_datelined(&["accept-root"]).status.success());
    assert_eq!(lab.status()["documents"], 0);
}

#[test]
fn a_mistake_in_the_configuration_is_placed() {
    let lab = Lab::new();
    let config = lab.directory().join("my.toml");
    std::fs::write(&config, "[watch]\nsetle = \"1s\"\n").expect("written");
    let ran = lab.run_datelined(&["once", "--config", config.to_str().expect("is UTF-8")]);
    assert_eq!(ran.code(), 2, "{}", ran.stderr);
    for part in ["my.toml:2", "setle", "settle"] {
        assert!(ran.stderr.contains(part), "{part} is missing in: {}", ran.stderr);
    }
}

#[test]
fn what_is_no_glob_is_refused_before_anything_goes_by_it() {
    let lab = Lab::new();
    let good = lab.directory().join("good.toml");
    std::fs::write(&good, "[watch]\nignore = [\"*.bak\", \"drafts/\"]\n").expect("file is written");
    assert!(lab.run_datelined(&["--config", good.to_str().expect("is UTF-8"), "config", "check"]).status.success());
    let bad = lab.directory().join("bad.toml");
    std::fs::write(&bad, "[watch]\nignore = [\"*.bak\", \"drafts[\"]\n").expect("file is written");
    let ran = lab.run_datelined(&["--config", bad.to_str().expect("is UTF-8"), "config", "check"]);
    assert_eq!(ran.code(), 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("bad.toml:2: `watch.ignore`: invalid ignore glob `drafts[`"), "{}", ran.stderr);
}

#[test]
fn a_query_mistake_is_pointed_at() {
    let lab = Lab::new();
    lab.write("a.txt", "The lighthouse was lit.\n");
    lab.once();
    let ran = lab.dateline(&["search", "date:foo"]);
    assert_eq!(ran.code(), 2, "{}", ran.stderr);
    assert!(ran.stderr.contains('^'), "{}", ran.stderr);
    let ran = lab.dateline(&["search", "submarine"]);
    assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_datelined"));
    let output = command.args(["config", "default"]).stdout(writer).output().expect("datelined starts");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn a_name_with_two_letters_swapped_is_recognised() {
    let lab = Lab::new();
    lab.write("a.txt", "The mayor, Jonas Tarn, met Ada Lind in Malmo. Jonas Tarn said so on Monday.\n");
    lab.once();
    for wrong in ["person:Jnoas", "person:Ojnas", "person:Joans"] {
        let ran = lab.dateline(&["search", wrong]);
        assert_eq!(ran.code(), 1, "{wrong}: {}", ran.stdout);
        assert!(ran.stderr.contains("did you mean") && ran.stderr.contains("Jonas Tarn"), "{wrong}: {}", ran.stderr);
    }
}

#[test]
fn an_empty_timeline_says_why() {
    let lab = Lab::new();
    lab.write("a.txt", "The lighthouse was lit last Monday.\n");
    lab.once();
    let ran = lab.dateline(&["timeline", "lighthouse"]);
    assert_eq!(ran.code(), 1, "{}", ran.stdout);
    assert!(ran.stderr.contains("`lighthouse`, though 1 document matches"), "{}", ran.stderr);
    assert!(ran.stderr.contains("dateline undated"), "{}", ran.stderr);
    let ran = lab.dateline(&["timeline", "harbour"]);
    assert!(ran.code() == 1 && ran.stderr.contains("nothing found for `harbour`"), "{}", ran.stderr);
}

#[test]
fn a_mistyped_part_is_recognised_and_a_wrong_one_told_what_there_is() {
    let lab = Lab::new();
    lab.write("a.txt", "The lighthouse was lit.\n");
    lab.once();
    let said = |arguments: &[&str]| {
        let ran = lab.dateline(arguments);
        assert_eq!(ran.code(), 1, "{arguments:?}: {}", ran.stdout);
        ran.stderr
    };
    assert!(said(&["ask", "regitry"]).ends_with("did you mean:\n  registry\n"));
    assert!(said(&["ask", "nobody"]).ends_with("hint: there is index, registry\n"));
    assert!(said(&["explain", "a.txt", "datng"]).ends_with("did you mean:\n  dating\n"));
    assert!(said(&["show", "a.txt", "--layer", "timx"]).ends_with("did you mean:\n  timex\n"));
    assert!(said(&["show", "a.txt", "--layer", "colour"]).contains("hint: there is dct, entity, "));
}
