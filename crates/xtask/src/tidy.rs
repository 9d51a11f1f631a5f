//! What must hold of the workspace's files and is checked by no compiler. Each rule gives findings as
//! `path:line: what is wrong`; style that rustfmt or clippy decides is not looked at.

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What may stand at the top level; everything else has a better place.
const TOP_LEVEL: [&str; 9] =
    ["Cargo.lock", "Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "config", "crates", "seeds", "tests"];
/// Made by tools or by trying things out, and ignored by git.
const IGNORED: [&str; 2] = ["target", "CHANGELOG.md"];

/// Words that may not be left behind, in halves so that this file has none.
const LEFT_OVERS: [(&str, &str); 6] =
    [("TO", "DO"), ("FIX", "ME"), ("XX", "X:"), ("dbg", "!("), ("to", "do!("), ("#[ign", "ore")];

/// What an annotator must not reach for. The index keeps a directory of its own and may name files.
const OUTSIDE_WORLD: [&str; 9] = [
    "std::fs",
    "std::net",
    "std::env::",
    "std::process",
    "std::time::Instant",
    "SystemTime",
    "thread::spawn",
    "Zoned::now",
    "Timestamp::now",
];
/// Processor crates that may touch the outside world, and why is said there.
const OUTSIDE_WORLD_ALLOWED: [&str; 1] = ["dateline-processor-index"];

/// Everything that is wrong, in order of the rules.
#[must_use]
pub fn check(root: &Path) -> Vec<String> {
    let mut findings = top_level(root);
    for path in rust_files(root) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let shown = path.strip_prefix(root).unwrap_or(&path);
        findings.extend(rust_file(shown, &text));
    }
    findings.extend(edges(root).unwrap_or_else(|error| vec![error]));
    findings
}

fn top_level(root: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(root).into_iter().flatten().filter_map(Result::ok);
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let odd = names.filter(|name| {
        !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()) && !IGNORED.contains(&name.as_str())
    });
    odd.map(|name| format!("{name}: not a place of the top level")).collect()
}

/// Rust files below `crates` and `tests`.
fn rust_files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![root.join("crates"), root.join("tests")];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(&directory).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("target") {
                waiting.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The rules about one Rust file.
fn rust_file(path: &Path, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let shown = path.display();
    if !text.starts_with("//! ") {
        findings.push(format!("{shown}:1: does not open with `//! ` and what the file is"));
    }
    if !text.ends_with('\n') || text.ends_with("\n\n") {
        findings.push(format!("{shown}: does not end with one line break"));
    }
    let crate_name = path.components().nth(1).map(|name| name.as_os_str().to_string_lossy().into_owned());
    let crate_name = crate_name.unwrap_or_default();
    // Programs of a processor crate (`src/bin`) are tools, not the processor.
    let is_processor = crate_name.starts_with("dateline-processor-")
        && path.components().nth(2).is_some_and(|folder| folder.as_os_str() == "src")
        && path.components().nth(3).is_none_or(|folder| folder.as_os_str() != "bin")
        && !OUTSIDE_WORLD_ALLOWED.contains(&crate_name.as_str());
    // Tests stand at the end of a file and may use what they like.
    let tests = text.find("#[cfg(test)]\nmod tests").map_or(usize::MAX, |at| text[..at].lines().count());
    for (number, line) in text.lines().enumerate() {
        let place = format!("{shown}:{}", number + 1);
        for (one, other) in LEFT_OVERS {
            if line.contains(&format!("{one}{other}")) {
                findings.push(format!("{place}: `{one}{other}` was left behind"));
            }
        }
        if is_processor && number < tests {
            let reached =
                OUTSIDE_WORLD.iter().filter(|name| line.contains(**name) && !line.trim_start().starts_with("//"));
            findings.extend(reached.map(|name| format!("{place}: a processor must not reach for `{name}`")));
        }
    }
    findings
}

type Edges = BTreeMap<String, BTreeSet<String>>;

/// Compares the table of `crates/README.md` with what the manifests say.
fn edges(root: &Path) -> Result<Vec<String>, String> {
    let readme = root.join("crates/README.md");
    let text = std::fs::read_to_string(&readme).map_err(|error| format!("crates/README.md: {error}"))?;
    let table = edges_of_table(&text);
    if table.is_empty() {
        return Err("crates/README.md: has no table with `| crate |`".to_owned());
    }
    let actual = edges_of_manifests(root)?;
    let mut findings = compare(&table, &actual);
    for name in actual.keys() {
        if !root.join("crates").join(name).is_dir() {
            findings.push(format!("crates/: package `{name}` lies in a folder of another name"));
        }
    }
    Ok(findings)
}

fn compare(table: &Edges, actual: &Edges) -> Vec<String> {
    let mut findings = Vec::new();
    let place = "crates/README.md";
    for (name, depends) in actual {
        let Some(may) = table.get(name) else {
            findings.push(format!("{place}: crate `{name}` is not in the table"));
            continue;
        };
        if may.contains("any") {
            continue;
        }
        let undeclared = depends.difference(may);
        findings.extend(undeclared.map(|other| format!("{place}: `{name}` depends on `{other}`, not in the table")));
        let unused = may.difference(depends);
        findings.extend(unused.map(|other| format!("{place}: `{name}` does not depend on `{other}` any more")));
    }
    let gone = table.keys().filter(|name| !actual.contains_key(*name));
    findings.extend(gone.map(|name| format!("{place}: there is no crate `{name}`")));
    findings
}

/// Rows of the form `` | `crate` | what it is | `one` `other` | ``, under a header that starts with `| crate |`.
fn edges_of_table(text: &str) -> Edges {
    let mut edges = Edges::new();
    let rows = text.lines().skip_while(|line| !line.starts_with("| crate |")).skip(2);
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        if let [name, .., depends] = cells.as_slice() {
            let mut depends: BTreeSet<String> = quoted(depends).collect();
            if cells.last() == Some(&"any") {
                depends.insert("any".to_owned());
            }
            edges.insert(quoted(name).next().unwrap_or_default(), depends);
        }
    }
    edges
}

fn quoted(cell: &str) -> impl Iterator<Item = String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned)
}

/// Dependencies between crates of the workspace; what only tests need does not count.
fn edges_of_manifests(root: &Path) -> Result<Edges, String> {
    let mut command = MetadataCommand::new();
    command.manifest_path(root.join("Cargo.toml")).no_deps();
    let metadata = command.exec().map_err(|error| format!("cargo metadata: {error}"))?;
    let names: BTreeSet<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let depends = |package: &cargo_metadata::Package| {
        let kept = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
        kept.map(|dependency| dependency.name.clone()).filter(|name| names.contains(name)).collect()
    };
    Ok(metadata.packages.iter().map(|package| (package.name.to_string(), depends(package))).collect())
}

#[cfg(test)]
mod tests {
    use super::{compare, edges_of_table, rust_file};
    use std::path::Path;

    fn findings(path: &str, text: &str) -> Vec<String> {
        rust_file(Path::new(path), text)
    }

    #[test]
    fn files_say_what_they_are_and_leave_nothing_behind() {
        assert_eq!(findings("crates/a/src/lib.rs", "//! What it is.\nfn a() {}\n"), Vec::<String>::new());
        assert_eq!(
            findings("crates/a/src/lib.rs", "fn a() {}\n"),
            ["crates/a/src/lib.rs:1: does not open with `//! ` and what the file is"]
        );
        let word = ["TO", "DO"].concat();
        assert_eq!(
            findings("tests/a.rs", &format!("//! What it is.\n// {word} more\n")),
            [format!("tests/a.rs:2: `{word}` was left behind")]
        );
        assert_eq!(findings("tests/a.rs", "//! What it is.").len(), 1);
    }

    #[test]
    fn processors_stay_inside() {
        let text = "//! What it is.\nlet now = SystemTime::now();\n";
        let inside = "crates/dateline-processor-tone/src/lib.rs";
        assert_eq!(findings(inside, text), [format!("{inside}:2: a processor must not reach for `SystemTime`")]);
        assert!(findings("crates/dateline-processor-tone/tests/golden.rs", text).is_empty());
        assert!(findings("crates/dateline-daemon/src/lib.rs", text).is_empty());
        assert!(findings(inside, "//! What it is.\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n").is_empty());
    }

    #[test]
    fn the_table_must_equal_the_manifests() {
        let table = "# x\n| crate | what | may depend on |\n| --- | --- | --- |\n| `a` | one | - |\n| `b` | two | `a` `c` |\n| `d` | x | any |\n\ntext";
        let table = edges_of_table(table);
        let edge = |name: &str, to: &[&str]| (name.to_owned(), to.iter().map(|to| (*to).to_owned()).collect());
        let good = [edge("a", &[]), edge("b", &["a", "c"]), edge("d", &["a"])].into();
        assert_eq!(compare(&table, &good), Vec::<String>::new());
        let bad = [edge("a", &["b"]), edge("b", &["a"]), edge("e", &[])].into();
        assert_eq!(
            compare(&table, &bad),
            [
                "crates/README.md: `a` depends on `b`, not in the table",
                "crates/README.md: `b` does not depend on `c` any more",
                "crates/README.md: crate `e` is not in the table",
                "crates/README.md: there is no crate `d`",
            ]
        );
    }
}
