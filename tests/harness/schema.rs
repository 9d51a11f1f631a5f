//! Whether what a command prints fits the published schema: the part of JSON Schema that `schema.json` is written in.
//! A keyword that is not known here is an error, so that nothing passes unread.

use serde_json::{Map, Value};
use std::sync::OnceLock;

/// What says nothing of which values fit.
const REMARKS: [&str; 5] = ["title", "description", "default", "format", "$schema"];

/// The published schema.
fn published() -> &'static Value {
    static PUBLISHED: OnceLock<Value> = OnceLock::new();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../dateline-protocol/schema.json");
    let read = || std::fs::read_to_string(path).expect("the schema is published");
    PUBLISHED.get_or_init(|| serde_json::from_str(&read()).expect("the schema is JSON"))
}

/// Everything that has a schema.
pub fn entries() -> impl Iterator<Item = &'static str> {
    published()["properties"].as_object().expect("commands").keys().map(String::as_str)
}

/// The name under which the lines of a command stand in the schema, as `entities show` for `entities show Odesa`.
pub fn entry_of(arguments: &[&str]) -> Option<&'static str> {
    let what = arguments.iter().position(|argument| *argument == "--what").and_then(|at| arguments.get(at + 1));
    let second = match arguments.first() {
        Some(&"export") => what.copied().or(Some("documents")),
        _ => arguments.get(1).copied(),
    };
    let is = |pattern: &str, word: Option<&str>| word.is_some_and(|word| pattern.split('|').any(|one| one == word));
    let fits = |entry: &&'static str| match entry.split_once(' ') {
        Some((first, rest)) => is(first, arguments.first().copied()) && is(rest, second),
        None => is(entry, arguments.first().copied()),
    };
    // The longest name says most: `ask index` before `ask`.
    entries().filter(fits).max_by_key(|entry| entry.len())
}

/// Whether a line fits what the schema says under `entry`.
pub fn check(entry: &str, line: &Value) -> Result<(), String> {
    fits(line, &published()["properties"][entry], entry)
}

fn fits(value: &Value, schema: &Value, at: &str) -> Result<(), String> {
    let rules = match schema {
        Value::Bool(true) => return Ok(()),
        Value::Object(rules) => rules,
        other => return Err(format!("{at}: `{other}` is no schema")),
    };
    for (keyword, rule) in rules {
        let holds = match keyword.as_str() {
            "$ref" => {
                let name = rule.as_str().and_then(|path| path.strip_prefix("#/$defs/")).unwrap_or_default();
                fits(value, &published()["$defs"][name], at)?;
                true
            }
            "type" => is_of(value, rule),
            "const" => value == rule,
            "enum" => rule.as_array().is_some_and(|all| all.contains(value)),
            // These bind numbers only, as the standard has it.
            "minimum" => !value.is_number() || value.as_f64() >= rule.as_f64(),
            "maximum" => !value.is_number() || value.as_f64() <= rule.as_f64(),
            "anyOf" | "oneOf" => {
                let fitting =
                    rule.as_array().map_or(0, |all| all.iter().filter(|one| fits(value, one, at).is_ok()).count());
                fitting == 1 || fitting > 1 && keyword == "anyOf"
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                items
                    .map(|(number, item)| (format!("{at}[{number}]"), item))
                    .try_for_each(|(at, item)| fits(item, rule, &at))?;
                true
            }
            "required" => {
                let mut names = rule.as_array().into_iter().flatten().filter_map(Value::as_str);
                names.all(|name| value.get(name).is_some())
            }
            "properties" => {
                fields(value, rules, at)?;
                true
            }
            "additionalProperties" => {
                others(value, rules, rule, at)?;
                true
            }
            remark if REMARKS.contains(&remark) => true,
            unknown => return Err(format!("{at}: the schema has `{unknown}`, which this test does not read")),
        };
        if !holds {
            return Err(format!("{at}: `{value}` breaks `{keyword}`: {rule}"));
        }
    }
    Ok(())
}

/// Whether a value is of a type, or of one of a list.
fn is_of(value: &Value, types: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap_or_default() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    types.as_array().map_or_else(|| is(types), |all| all.iter().any(is))
}

/// Checks the fields that have a schema. One that is not published is an error unless the rules allow any others.
fn fields(value: &Value, rules: &Map<String, Value>, at: &str) -> Result<(), String> {
    for (name, field) in value.as_object().into_iter().flatten() {
        match rules["properties"].get(name) {
            Some(schema) => fits(field, schema, &format!("{at}.{name}"))?,
            None if rules.contains_key("additionalProperties") => {}
            None => return Err(format!("{at}: the field `{name}` is not published")),
        }
    }
    Ok(())
}

/// Checks the fields that `properties` does not name.
fn others(value: &Value, rules: &Map<String, Value>, rule: &Value, at: &str) -> Result<(), String> {
    let named = |name: &str| rules.get("properties").is_some_and(|named| named.get(name).is_some());
    let mut unnamed = value.as_object().into_iter().flatten().filter(|(name, _)| !named(name));
    match rule {
        Value::Bool(false) => unnamed.next().map_or(Ok(()), |(name, _)| Err(format!("{at}: `{name}` is not allowed"))),
        schema => unnamed.try_for_each(|(name, field)| fits(field, schema, &format!("{at}.{name}"))),
    }
}
