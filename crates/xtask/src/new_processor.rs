//! A new processor crate: files that compile and pass, to be changed from there. No build, no registration: the author
//! adds one line to the program.

use std::path::Path;

/// The files of a new crate: path in the crate and text with `{{..}}` for the names.
const FILES: [(&str, &str); 8] = [
    ("Cargo.toml", include_str!("template/Cargo.toml.in")),
    ("README.md", include_str!("template/README.md.in")),
    ("src/lib.rs", include_str!("template/lib.rs.in")),
    ("src/config.rs", include_str!("template/config.rs.in")),
    ("src/processor.rs", include_str!("template/processor.rs.in")),
    ("golden/cases.md", include_str!("template/cases.md.in")),
    ("tests/golden.rs", include_str!("template/golden.rs.in")),
    ("tests/conformance.rs", include_str!("template/conformance.rs.in")),
];

/// Makes the crate and names it in the workspace; gives what is left to do, for people.
///
/// # Errors
/// When the name is no good or taken, or a file cannot be written.
pub fn create(root: &Path, name: &str) -> Result<String, String> {
    check_name(name)?;
    let package = format!("dateline-processor-{name}");
    let folder = root.join("crates").join(&package);
    if folder.exists() {
        return Err(format!("`crates/{package}` is there already"));
    }
    let manifest = root.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).map_err(|error| format!("Cargo.toml: {error}"))?;
    let text = with_dependency(&text, &package)?;
    for (path, template) in FILES {
        let path = folder.join(path);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let written = made.and_then(|()| std::fs::write(&path, fill(template, name)));
        written.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    std::fs::write(&manifest, text).map_err(|error| format!("Cargo.toml: {error}"))?;
    let listed = list_in_readme(root, &package).map_err(|error| format!("crates/README.md: {error}"))?;
    let pascal = pascal(name);
    Ok(format!(
        "made crates/{package}{}\n\n\
         1. cargo test -p {package}              # passes as it is\n\
         2. write the cases you want into golden/*.md, then change src/processor.rs until they pass\n\
         3. in crates/dateline: `{package}.workspace = true` in Cargo.toml, and one line in src/bin/datelined.rs:\n   \
         .annotator::<dateline_processor_{}::{pascal}>()\n   \
         and in crates/README.md: `{package}` in the row of `dateline`\n\
         4. cargo xtask codegen && cargo xtask tidy  # its section in config/; what else the workspace asks\n\
         5. dateline plan                        # says what would run, and on how many documents\n",
        if listed { " and listed it in crates/README.md" } else { "" },
        name.replace('-', "_"),
    ))
}

fn check_name(name: &str) -> Result<(), String> {
    let good = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let starts_well = name.starts_with(|letter: char| letter.is_ascii_lowercase());
    if starts_well && name.chars().all(good) && !name.ends_with('-') && !name.contains("--") {
        return Ok(());
    }
    Err(format!("`{name}` is no name of a processor: lower-case letters, digits and `-`, starting with a letter"))
}

fn fill(template: &str, name: &str) -> String {
    let snake = name.replace('-', "_");
    template.replace("{{name}}", name).replace("{{snake}}", &snake).replace("{{Name}}", &pascal(name))
}

fn pascal(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(word).collect()
}

/// The workspace's manifest with one more dependency, in its place by name.
fn with_dependency(manifest: &str, package: &str) -> Result<String, String> {
    let line = format!("{package} = {{ path = \"crates/{package}\" }}");
    let mut lines: Vec<&str> = manifest.lines().collect();
    let internal = |line: &&str| line.starts_with("dateline-") && line.contains("path = ");
    let last = lines.iter().rposition(internal);
    let last = last.ok_or("Cargo.toml: has no dependency on a crate of the workspace")?;
    let first = lines.iter().position(internal).unwrap_or(last);
    let at = (first..=last).find(|at| lines[*at] > line.as_str()).unwrap_or(last + 1);
    lines.insert(at, &line);
    Ok(lines.join("\n") + "\n")
}

/// Adds a row to the table of edges, behind the last processor; says whether there is such a table.
fn list_in_readme(root: &Path, package: &str) -> std::io::Result<bool> {
    let path = root.join("crates/README.md");
    if !path.is_file() {
        return Ok(false);
    }
    let text = std::fs::read_to_string(&path)?;
    let mut lines: Vec<&str> = text.lines().collect();
    let Some(last) = lines.iter().rposition(|line| line.starts_with("| `dateline-processor")) else { return Ok(false) };
    let row = format!("| `{package}` | a new processor: say here what it finds | `dateline-processor` |");
    lines.insert(last + 1, &row);
    std::fs::write(&path, lines.join("\n") + "\n")?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::{check_name, pascal, with_dependency};

    #[test]
    fn names_are_checked() {
        for good in ["sentiment", "pull-quotes", "a1"] {
            assert_eq!(check_name(good), Ok(()));
        }
        for bad in ["", "Sentiment", "-a", "a-", "a--b", "1a", "a_b", "a/b", "../a"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
        assert_eq!(pascal("pull-quotes"), "PullQuotes");
    }

    #[test]
    fn the_manifest_stays_in_order() {
        let manifest = "[workspace]\n[workspace.dependencies]\ndateline-a = { path = \"crates/dateline-a\" }\n\
                        dateline-watch = { path = \"crates/dateline-watch\" }\n\nserde = \"1\"\n";
        let with = with_dependency(manifest, "dateline-processor-tone").expect("has dependencies");
        let names: Vec<&str> = with.lines().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(
            names,
            [
                "[workspace]",
                "[workspace.dependencies]",
                "dateline-a",
                "dateline-processor-tone",
                "dateline-watch",
                "",
                "serde"
            ]
        );
        let last = with_dependency(manifest, "dateline-x").expect("has dependencies");
        assert!(last.contains("dateline-watch\" }\ndateline-x = "));
    }
}
