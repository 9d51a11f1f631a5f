//! The reference page of the processors a program has, in Markdown: what each says of itself in its descriptor and in the
//! doc comments of its options. Not the contract for authors, which is the README of `dateline-processor`.

use crate::errors::Fatal;
use dateline_pipeline::{ProcessorTables, Registry, Section, SectionKind};
use dateline_processor::core::FacetKind;
use dateline_processor::{Descriptor, LayerSpec};
use std::collections::BTreeMap;
use std::fmt::Write;

const HEAD: &str = "# Processors

Printed by `datelined config reference`. Annotators run in the order that follows from what they read and write; indexers fold what
came of it into what questions are answered from. `enabled = false` in its section leaves a processor out; `dateline plan` says what
a change would run.
";

/// The page.
///
/// # Errors
/// When a processor cannot be built with its default options.
pub(crate) fn page(registry: &Registry) -> Result<String, Fatal> {
    let members = registry.members(&ProcessorTables::new(), &BTreeMap::new())?;
    let mut page = HEAD.to_owned();
    for section in registry.sections() {
        let annotator = members.iter().map(|member| member.annotator.descriptor());
        let descriptor = annotator.into_iter().find(|descriptor| descriptor.name() == section.name);
        let _ = write!(page, "\n## {}\n\n", section.name);
        match (section.kind, descriptor) {
            (SectionKind::Annotator, Some(descriptor)) => write_annotator(&mut page, descriptor),
            _ => page.push_str("An indexer.\n"),
        }
        write_options(&mut page, &section);
    }
    Ok(page)
}

fn write_annotator(page: &mut String, descriptor: &Descriptor) {
    let inputs: Vec<String> = descriptor.inputs().iter().map(|input| input.name().to_owned()).collect();
    let layers = |optional: bool| -> Vec<String> {
        let wanted = descriptor.required().iter().filter(|layer| layer.optional == optional);
        wanted.map(|layer| named(&layer.spec)).collect()
    };
    let facets: Vec<String> = descriptor
        .facets()
        .iter()
        .map(|facet| format!("`{}:` ({}): {}", facet.name, kind(facet.kind), facet.about))
        .collect();
    let cost = descriptor.cost();
    let rows = [
        ("reads", inputs.join(", ")),
        ("needs", layers(false).join("; ")),
        ("uses where it is there", layers(true).join("; ")),
        ("writes", descriptor.assigned().iter().map(named).collect::<Vec<_>>().join("; ")),
        ("facets for queries", facets.join("; ")),
        ("a document may take", format!("{} s, {} MiB of layers", cost.time.as_secs_f32(), cost.output_bytes >> 20)),
    ];
    let _ = write!(
        page,
        "{}. An annotator, version {}.\n\n| | |\n| --- | --- |\n",
        capitalised(descriptor.about()),
        descriptor.version()
    );
    for (what, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(page, "| {what} | {} |", value.replace('|', "\\|"));
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn named(layer: &LayerSpec) -> String {
    format!("layer `{}`, schema {}", layer.name(), layer.schema())
}

fn kind(kind: FacetKind) -> &'static str {
    match kind {
        FacetKind::Keyword => "a word",
        FacetKind::Integer => "a whole number",
        FacetKind::Number => "a number",
        FacetKind::Date => "a day",
    }
}

fn write_options(page: &mut String, section: &Section) {
    let name = format!("processor.{}", section.name);
    let sample = dateline_config::render_section(&name, &section.schema, &section.defaults);
    let _ = write!(page, "\n```toml\n{}\n```\n", sample.trim());
}
