//! The JSON Schema of everything commands print and `annotate` reads, made from the wire structs.

use crate::wire;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

/// One schema with a definition per wire struct, keyed by its name.
#[must_use]
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut commands = Map::new();
    let mut add = |command: &str, schema: schemars::Schema| {
        commands.insert(command.to_owned(), schema.to_value());
    };
    add_commands(&mut generator, &mut add);
    let definitions = generator.take_definitions(true);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dateline",
        "description": "One line of output of each command with --json, and of the input of annotate. Fields may be \
            added; none changes its meaning or goes away.",
        "properties": commands,
        "$defs": definitions,
    })
}

fn add_commands(generator: &mut SchemaGenerator, add: &mut impl FnMut(&str, schemars::Schema)) {
    add("annotate (input)", generator.subschema_for::<wire::AnnotateInput>());
    add("annotate", generator.subschema_for::<wire::AnnotateOutput>());
    add("annotate (bad line)", generator.subschema_for::<wire::AnnotateError>());
    add("ask", generator.subschema_for::<wire::IndexerAnswer>());
    add("ask index", generator.subschema_for::<wire::WordCounts>());
    add("backup", generator.subschema_for::<wire::BackupReport>());
    add("config", generator.subschema_for::<wire::ConfigValue>());
    add("conflicts", generator.subschema_for::<wire::Conflict>());
    add("date", generator.subschema_for::<wire::DocumentDate>());
    add("doctor", generator.subschema_for::<wire::Finding>());
    add("entities list", generator.subschema_for::<wire::EntitySummary>());
    add("entities merge|split|rename|never|undo|decisions", generator.subschema_for::<wire::Decided>());
    add("entities show", generator.subschema_for::<wire::EntityDetail>());
    add("entities suggest", generator.subschema_for::<wire::EntitySuggestion>());
    add("explain", generator.subschema_for::<wire::Explanation>());
    add("export documents", generator.subschema_for::<wire::ExportDocument>());
    add("export entities", generator.subschema_for::<wire::ExportEntity>());
    add("export timexes", generator.subschema_for::<wire::ExportTimex>());
    add("failures", generator.subschema_for::<wire::Failure>());
    add("on", generator.subschema_for::<wire::DayEntry>());
    add("plan", generator.subschema_for::<wire::PlanStep>());
    add("quotes", generator.subschema_for::<wire::Quote>());
    add("rescan", generator.subschema_for::<wire::Rescanned>());
    add("retry", generator.subschema_for::<wire::Retried>());
    add("search", generator.subschema_for::<wire::Hit>());
    add("show", generator.subschema_for::<wire::Shown>());
    add("similar", generator.subschema_for::<wire::SimilarDocument>());
    add("status", generator.subschema_for::<wire::Status>());
    add("tail|alert", generator.subschema_for::<wire::Arrival>());
    add("timeline", generator.subschema_for::<wire::TimelineEntry>());
    add("try", generator.subschema_for::<wire::Tried>());
    add("try --sample", generator.subschema_for::<wire::SampleDifference>());
    add("try --sample (last line)", generator.subschema_for::<wire::SampleTally>());
    add("undated", generator.subschema_for::<wire::UndatedDocument>());
    add("who", generator.subschema_for::<wire::EntityCount>());
    add("why", generator.subschema_for::<wire::Whereabouts>());
}

/// The schema as the text of `schema.json`.
///
/// # Panics
/// With `BUG:` never: a JSON value always has a text.
#[must_use]
pub fn render_schema() -> String {
    let mut text = serde_json::to_string_pretty(&schema()).expect("BUG: a JSON value has a text");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_published_schema_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.json");
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::write(path, super::render_schema()).expect("writes");
        }
        let published = std::fs::read_to_string(path).unwrap_or_default();
        assert!(published == super::render_schema(), "schema.json is stale: run the tests with UPDATE_GENERATED=1");
    }

    #[test]
    fn a_hit_has_the_fields_others_rely_on() {
        let schema = super::schema();
        let hit = schema["$defs"]["Hit"]["properties"].as_object().expect("an object");
        for field in ["document", "path", "part", "title", "dct", "score", "snippet", "revision", "line"] {
            assert!(hit.contains_key(field), "{field}");
        }
        let status = schema["$defs"]["Status"]["properties"].as_object().expect("an object");
        for field in [
            "state",
            "documents",
            "pending",
            "failed",
            "sequence",
            "indexed_sequence",
            "last_reconcile",
            "lost_event_rescans",
            "rss_bytes",
            "store_bytes",
            "index_bytes",
            "verified",
        ] {
            assert!(status.contains_key(field), "{field}");
        }
    }
}
