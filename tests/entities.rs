//! What the user decides about entities, through the binaries: it changes what is found and nothing else, it is undone as
//! it was done, and it outlives a rebuild.

mod harness;

use harness::Lab;
use serde_json::{Value, json};

const ONE: &str = "Prime Minister Ioannis Vlachos opened the bridge on Friday and said that it was late.\n";
const OTHER: &str = "The bridge is late, said Prime Minister Ioanis Vlachos, and drove over it in a lorry.\n";

fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("one.txt", ONE);
    lab.write("other.txt", OTHER);
    lab.once();
    lab
}

/// Paths of the hits, sorted.
fn found(lab: &Lab, query: &str) -> Vec<String> {
    let mut paths = lab.search(query);
    paths.sort();
    paths
}

/// Decides, and gives the decision's id.
fn decide(lab: &Lab, arguments: &[&str]) -> String {
    let ran = lab.dateline(&[&["entities"], arguments, &["--json"]].concat());
    assert_eq!(ran.code(), 0, "{arguments:?}: {}", ran.stderr);
    ran.json()[0]["decision"].as_str().expect("a decision has an id").to_owned()
}

/// Ids of the entities that have `name`.
fn ids(lab: &Lab, name: &str) -> Vec<Value> {
    lab.ask(&["entities", "list", name]).iter().map(|entity| entity["entity"].clone()).collect()
}

fn rebuild(lab: &Lab) {
    let ran = lab.run_datelined(&["rebuild"]);
    assert!(ran.status.success(), "{}", ran.stderr);
    lab.once();
}

fn file_of_decisions(lab: &Lab) -> String {
    std::fs::read_to_string(lab.state().join("decisions.toml")).unwrap_or_default()
}

#[test]
fn merged_entities_are_found_under_both_names_until_the_merge_is_undone() {
    let lab = lab();
    assert_eq!(ids(&lab, "vlachos"), [json!("per:ioanis-vlachos"), json!("per:ioannis-vlachos")]);
    assert_eq!(found(&lab, "entity:\"Ioannis Vlachos\""), ["one.txt"]);

    let decision = decide(&lab, &["merge", "Ioannis Vlachos", "Ioanis Vlachos"]);
    assert!(file_of_decisions(&lab).contains("per:ioanis-vlachos"), "{}", file_of_decisions(&lab));
    for again in [false, true] {
        if again {
            rebuild(&lab);
        }
        assert_eq!(found(&lab, "entity:\"Ioannis Vlachos\""), ["one.txt", "other.txt"], "rebuilt: {again}");
        assert_eq!(found(&lab, "entity:\"Ioanis Vlachos\""), ["one.txt", "other.txt"], "rebuilt: {again}");
        assert_eq!(ids(&lab, "vlachos"), [json!("per:ioannis-vlachos")], "rebuilt: {again}");
    }
    let shown = lab.ask(&["entities", "show", "Ioanis Vlachos"]);
    assert_eq!((&shown[0]["name"], &shown[0]["documents"]), (&json!("Ioannis Vlachos"), &json!(2)), "{shown:?}");

    decide(&lab, &["undo", &decision]);
    assert_eq!(found(&lab, "entity:\"Ioannis Vlachos\""), ["one.txt"]);
    assert_eq!(ids(&lab, "vlachos").len(), 2);
    assert!(!file_of_decisions(&lab).contains("per:ioanis-vlachos"));
}

#[test]
fn a_name_taken_out_of_an_entity_is_one_of_its_own() {
    let lab = lab();
    decide(&lab, &["merge", "Ioannis Vlachos", "Ioanis Vlachos"]);
    let decision = decide(&lab, &["split", "Ioannis Vlachos", "Ioanis Vlachos"]);
    rebuild(&lab);
    let split = lab.ask(&["entities", "show", "Ioanis Vlachos"]);
    assert_eq!((&split[0]["name"], &split[0]["documents"]), (&json!("Ioanis Vlachos"), &json!(1)), "{split:?}");
    decide(&lab, &["undo", &decision]);
    let whole = lab.ask(&["entities", "show", "Ioanis Vlachos"]);
    assert_eq!((&whole[0]["name"], &whole[0]["documents"]), (&json!("Ioannis Vlachos"), &json!(2)), "{whole:?}");
}

#[test]
fn a_new_name_is_searched_for_like_any_other() {
    let lab = lab();
    let decision = decide(&lab, &["rename", "Ioannis Vlachos", "Giannis the Builder"]);
    rebuild(&lab);
    assert_eq!(found(&lab, "entity:\"Giannis the Builder\""), ["one.txt"]);
    assert_eq!(lab.ask(&["entities", "show", "per:ioannis-vlachos"])[0]["name"], "Giannis the Builder");
    decide(&lab, &["undo", &decision]);
    assert_eq!(lab.ask(&["entities", "show", "per:ioannis-vlachos"])[0]["name"], "Ioannis Vlachos");
}

#[test]
fn a_pair_said_to_be_two_is_suggested_no_more() {
    let lab = lab();
    let suggested = lab.ask(&["entities", "suggest"]);
    assert_eq!(suggested.len(), 1, "{suggested:?}");
    assert!(!suggested[0]["reasons"].as_array().expect("reasons are given").is_empty());
    let decision = decide(&lab, &["never", "Ioannis Vlachos", "Ioanis Vlachos"]);
    rebuild(&lab);
    assert!(lab.ask(&["entities", "suggest"]).is_empty());
    assert_eq!(lab.ask(&["entities", "decisions"]).len(), 1);
    decide(&lab, &["undo", &decision]);
    assert_eq!(lab.ask(&["entities", "suggest"]).len(), 1);
}
