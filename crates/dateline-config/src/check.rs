//! Looks for keys that a schema does not know. Types of values are serde's business.

use crate::positions::join;
use crate::{ConfigError, Fault, Origin};
use serde_json::Value;

/// How alike two keys must be for one to be suggested for the other, from 0 to 1.
const LIKENESS_MIN: f64 = 0.6;

/// Checks a table against the JSON Schema of the struct it will be read into: every key must be one of its properties.
///
/// `section` is the dotted path of the table (`processor.dating`); `origin` says where a dotted path was written.
///
/// # Errors
/// [`Fault::UnknownKey`] for the first unknown key, with the nearest one.
pub fn check_table(
    section: &str,
    table: &Value,
    schema: &Value,
    origin: &dyn Fn(&str) -> Option<Origin>,
) -> Result<(), ConfigError> {
    check(section, table, schema, schema, origin)
}

fn check(
    section: &str,
    value: &Value,
    schema: &Value,
    root: &Value,
    origin: &dyn Fn(&str) -> Option<Origin>,
) -> Result<(), ConfigError> {
    let schema = resolve(schema, root);
    match value {
        Value::Object(table) => {
            let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Ok(()) };
            let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
            for (key, value) in table {
                let path = join(section, key);
                match properties.get(key) {
                    Some(schema) => check(&path, value, schema, root, origin)?,
                    None if is_closed => {
                        let known: Vec<&str> = properties.keys().map(String::as_str).collect();
                        return Err(unknown(path, key, &known, origin));
                    }
                    None => {}
                }
            }
            Ok(())
        }
        Value::Array(elements) => {
            let Some(items) = schema.get("items") else { return Ok(()) };
            let mut numbered = elements.iter().enumerate();
            numbered.try_for_each(|(number, element)| {
                check(&join(section, &number.to_string()), element, items, root, origin)
            })
        }
        _ => Ok(()),
    }
}

fn unknown(path: String, key: &str, known: &[&str], origin: &dyn Fn(&str) -> Option<Origin>) -> ConfigError {
    let fault = Fault::UnknownKey {
        nearest: nearest(key, known.iter().copied()).map(str::to_owned),
        known: known.iter().map(|key| (*key).to_owned()).collect(),
        key: path.clone(),
    };
    ConfigError { origin: origin(&path), fault }
}

/// Follows `$ref`, and looks through the `anyOf` of an optional struct.
pub(crate) fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let found = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return found.map_or(schema, |found| resolve(found, root));
    }
    let choices = schema.get("anyOf").and_then(Value::as_array);
    let real = choices.and_then(|choices| choices.iter().find(|choice| choice.get("$ref").is_some()));
    real.map_or(schema, |choice| resolve(choice, root))
}

/// The name among `known` that `word` was probably meant to be.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().replace('_', "-");
    let scored = known.into_iter().map(|name| (strsim::normalized_damerau_levenshtein(&word, name), name));
    let near = scored.filter(|(likeness, _)| *likeness >= LIKENESS_MIN);
    near.max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(one.1))).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_near() {
        let known = ["settle", "rescan-interval", "poll", "poll-interval"];
        assert_eq!(nearest("setle", known), Some("settle"));
        assert_eq!(nearest("rescan_interval", known), Some("rescan-interval"));
        assert_eq!(nearest("colour", known), None);
    }
}
