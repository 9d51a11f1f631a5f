//! The sample file and the schema, made from the structs. Writes no file.

use crate::check::resolve;
use crate::{ConfigFile, ExecSection};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Write;

/// Sections in the order of the sample file; the first are the keys outside any section.
pub(crate) const SECTIONS: [&str; 7] = ["", "daemon", "watch", "parser", "worker", "store", "processor"];

/// Width of comments in the sample file.
const COMMENT_COLUMNS: usize = 100;

/// The JSON Schema of the file. `parser` and `processor` are open; add the properties of what is built in.
#[must_use]
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(ConfigFile).to_value();
    let exec = schemars::schema_for!(ExecSection).to_value();
    if let Some(processor) = schema.pointer_mut("/properties/processor").and_then(Value::as_object_mut) {
        let list = serde_json::json!({ "type": "array", "items": exec });
        processor.insert("properties".to_owned(), serde_json::json!({ "exec": list }));
    }
    schema
}

/// The sample file: every core option with its documentation and default, commented out.
#[must_use]
pub fn render_default() -> String {
    let schema = schema();
    let defaults = ConfigFile::default();
    let mut text = String::from(
        "# Configuration of dateline. Every value below is the default: take away the `#` to change it.\n\
         # Each option can also be set by a variable: `watch.settle` by DATELINE_WATCH_SETTLE.\n\
         # `datelined config check` says whether this file is right, and where each value comes from.\n",
    );
    let value = serde_json::to_value(&defaults).unwrap_or_default();
    let order = key_order(&defaults);
    let top = value.as_object().map(|table| table.iter().filter(|(_, value)| !value.is_object()));
    let top: Map<String, Value> = top.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect();
    write_keys(&mut text, &Value::Object(top), &schema, &schema, &order, false);
    let sections = [
        ("daemon", key_order(&defaults.daemon)),
        ("watch", key_order(&defaults.watch)),
        ("worker", key_order(&defaults.worker)),
        ("store", key_order(&defaults.store)),
    ];
    for (name, order) in sections {
        let section = &schema["properties"][name];
        text.push_str(&write_section(name, section, &schema, &value[name], &order));
    }
    text
}

/// One section of the sample file from the schema and the defaults of its struct: for `[parser]` and `[processor.NAME]`.
#[must_use]
pub fn render_section(name: &str, schema: &Value, defaults: &Value) -> String {
    write_section(name, schema, schema, defaults, &[])
}

fn write_section(name: &str, schema: &Value, root: &Value, defaults: &Value, order: &[String]) -> String {
    let resolved = resolve(schema, root);
    let mut text = String::from("\n");
    let about = schema.get("description").or_else(|| resolved.get("description"));
    if let Some(about) = about.and_then(Value::as_str) {
        write_comment(&mut text, about);
    }
    let _ = writeln!(text, "[{name}]");
    write_keys(&mut text, defaults, resolved, root, order, true);
    let properties = resolved.get("properties").and_then(Value::as_object);
    for (key, property) in properties.into_iter().flatten() {
        let inner = defaults.get(key);
        if let Some(inner) = inner.filter(|inner| inner.is_object() && has_properties(property, root)) {
            text.push_str(&write_section(&format!("{name}.{key}"), property, root, inner, &[]));
        }
    }
    text
}

fn has_properties(schema: &Value, root: &Value) -> bool {
    resolve(schema, root).get("properties").is_some()
}

/// Every key of a section: those with a default in the given order, then those without one.
fn write_keys(text: &mut String, defaults: &Value, schema: &Value, root: &Value, order: &[String], optional: bool) {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let mut keys: Vec<&String> = properties.keys().collect();
    keys.sort_by_key(|key| order.iter().position(|known| known == *key).unwrap_or(usize::MAX));
    for key in keys {
        let property = &properties[key];
        let value = match defaults.get(key) {
            Some(value) if value.is_object() && has_properties(property, root) => continue,
            Some(Value::Null) | None if optional => example(property),
            Some(value) => value.clone(),
            None => continue,
        };
        text.push('\n');
        if let Some(about) = property.get("description").and_then(Value::as_str) {
            write_comment(text, about);
        }
        let _ = writeln!(text, "# {} = {}", toml_key(key), toml_text(&value));
    }
}

/// What could be written for an option without a default.
fn example(property: &Value) -> Value {
    let given = property.get("examples").and_then(Value::as_array).and_then(|examples| examples.first());
    given.cloned().unwrap_or_else(|| Value::String(String::new()))
}

fn write_comment(text: &mut String, about: &str) {
    for paragraph in about.split("\n\n") {
        let mut line = String::from("#");
        for word in paragraph.split_whitespace() {
            if line.len() > 1 && line.chars().count() + 1 + word.chars().count() > COMMENT_COLUMNS {
                let _ = writeln!(text, "{line}");
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        let _ = writeln!(text, "{line}");
    }
}

/// Keys of a struct in the order they are declared in.
fn key_order<T: Serialize>(section: &T) -> Vec<String> {
    let text = toml::to_string(section).unwrap_or_default();
    let keys = text.lines().take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once(" = "));
    keys.map(|(key, _)| key.to_owned()).collect()
}

fn toml_key(key: &str) -> String {
    let is_bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if is_bare { key.to_owned() } else { toml::Value::String(key.to_owned()).to_string() }
}

/// A value as it is written in TOML, on one line.
pub(crate) fn toml_text(value: &Value) -> String {
    match value {
        Value::Null => "\"\"".to_owned(),
        Value::Bool(is) => is.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => toml::Value::String(text.clone()).to_string(),
        Value::Array(values) => {
            format!("[{}]", values.iter().map(toml_text).collect::<Vec<String>>().join(", "))
        }
        Value::Object(table) if table.is_empty() => "{}".to_owned(),
        Value::Object(table) => {
            let pairs = table.iter().map(|(key, value)| format!("{} = {}", toml_key(key), toml_text(value)));
            format!("{{ {} }}", pairs.collect::<Vec<String>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{render_default, render_section, schema};
    use crate::{ConfigFile, Environment, Overrides, load};
    use serde_json::{Value, json};

    #[test]
    fn the_sample_says_exactly_the_defaults() {
        let sample = render_default();
        let active: String = sample
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(option) if option.split_once(" = ").is_some_and(|(key, _)| !key.contains([' ', '`'])) => option,
                _ => line,
            })
            .filter(|line| !line.starts_with("socket-group"))
            .collect::<Vec<&str>>()
            .join("\n");
        let parsed: ConfigFile = toml::from_str(&active).expect(&active);
        assert_eq!(parsed, ConfigFile::default());
        let untouched: ConfigFile = toml::from_str(&sample).expect("the sample is TOML");
        assert_eq!(untouched, ConfigFile::default());
    }

    #[test]
    fn the_sample_is_accepted() {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join("config")).unwrap();
        std::fs::write(place.path().join("config/dateline.toml"), render_default()).unwrap();
        load(&Overrides::default(), &Environment::at(place.path())).unwrap();
    }

    #[test]
    fn every_option_is_documented() {
        fn undocumented(path: &str, schema: &Value, found: &mut Vec<String>) {
            for (key, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                let path = format!("{path}.{key}");
                if property.get("description").is_none() && path != ".processor.exec" {
                    found.push(path.clone());
                }
                undocumented(&path, property, found);
            }
        }
        let schema = schema();
        let mut found = Vec::new();
        undocumented("", &schema, &mut found);
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            undocumented(name, definition, &mut found);
        }
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn a_section_of_a_processor_is_rendered_from_its_schema() {
        let schema = json!({
            "description": "Finds dates.",
            "properties": {
                "language": {"type": "string", "description": "Language of the rules."},
                "limits": {"$ref": "#/$defs/Limits"},
            },
            "$defs": {"Limits": {"description": "Bounds.", "properties": {"spans": {"description": "Most spans."}}}},
        });
        let defaults = json!({"language": "en", "limits": {"spans": 5}});
        insta::assert_snapshot!(render_section("processor.dating", &schema, &defaults), @r#"

        # Finds dates.
        [processor.dating]

        # Language of the rules.
        # language = "en"

        # Bounds.
        [processor.dating.limits]

        # Most spans.
        # spans = 5
        "#);
    }

    #[test]
    fn the_sample_begins_with_what_everybody_sets() {
        let sample = render_default();
        let at = |text: &str| sample.find(text).unwrap_or(usize::MAX);
        assert!(at("# root = \"seeds\"") < at("# state = \".dateline\""));
        assert!(at("[daemon]") < at("[watch]"));
        assert!(at("# settle = \"500ms\"") < at("# rescan-interval = \"30m\""));
        assert!(at("# socket-group = \"news\"") < at("[watch]"));
    }
}
