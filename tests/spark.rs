//! The example that runs `dateline annotate` through Spark, against one process. Skipped, with the reason, where PySpark
//! or Java are not installed.
#![allow(missing_docs)]

use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Documents that are annotated; enough for every partition to have some.
const DOCUMENTS: usize = 200;

/// Why Spark cannot run here; `None` when it can.
fn missing() -> Option<&'static str> {
    let runs = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    match () {
        () if !runs("java", &["-version"]) => Some("no Java runtime"),
        () if !runs("python3", &["-c", "import pyspark"]) => Some("no PySpark: `pip install pyspark`"),
        () => None,
    }
}

fn annotate(input: &Path) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dateline"));
    command.arg("annotate").env_remove("DATELINE_CONFIG").stdin(fs::File::open(input).expect("opens"));
    let output = command.output().expect("dateline starts");
    assert_eq!(output.status.code(), Some(2), "one line is bad: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn spark_writes_what_one_process_writes() {
    if let Some(reason) = missing() {
        println!("skipped: {reason}");
        return;
    }
    let folder = tempfile::tempdir().expect("a directory");
    let (input, output) = (folder.path().join("news.jsonl"), folder.path().join("annotated"));
    let mut lines = String::new();
    for number in 0..DOCUMENTS {
        let text = format!("Mayor Anna Berg opened bridge number {number} in Lisbon on Monday.\nRain fell “all day”.");
        lines.push_str(&json!({"id": number, "text": text, "dct": "2022-04-05"}).to_string());
        lines.push('\n');
    }
    lines.push_str("this is no document\n");
    fs::write(&input, lines).expect("is written");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../dateline-cli/examples/annotate_spark.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(&input).arg(&output).args([
        "--dateline",
        env!("CARGO_BIN_EXE_dateline"),
        "--partitions",
        "4",
    ]);
    command.current_dir(folder.path()).env_remove("DATELINE_CONFIG").env("SPARK_LOCAL_IP", "127.0.0.1");
    let ran = command.output().expect("python3 starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let mut parts: Vec<_> =
        fs::read_dir(&output).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    parts.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("part-")));
    parts.sort();
    assert!(parts.len() >= 4, "{parts:?}");
    let joined: Vec<u8> = parts.iter().flat_map(|path| fs::read(path).expect("reads")).collect();
    let line_numbers_aside = |text: &[u8]| {
        let text = String::from_utf8(text.to_vec()).expect("UTF-8");
        let lines = text.lines().map(|line| {
            let mut value: serde_json::Value = serde_json::from_str(line).expect("JSON");
            // A bad line is counted within its partition.
            if let Some(object) = value.as_object_mut().filter(|object| object.contains_key("error")) {
                object.remove("line");
                return value.to_string();
            }
            line.to_owned()
        });
        lines.collect::<Vec<_>>()
    };
    let expected = line_numbers_aside(&annotate(&input));
    assert_eq!(expected.len(), DOCUMENTS + 1);
    assert_eq!(line_numbers_aside(&joined), expected);
}
