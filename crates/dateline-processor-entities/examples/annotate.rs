//! The three annotators over JSON Lines on standard input, as `dateline annotate` writes them; or `--speed`, which repeats
//! them and prints tokens a second, load time and resident memory. `--lists DIR` gives the watchlists.

use dateline_processor::core::layers::{EntityLayer, EntityType, SentenceLayer, WatchlistLayer};
use dateline_processor::core::{Document, DocumentInput, Hints, MentionHint, Span};
use dateline_processor::{
    Annotator, BuildAnnotator, DocumentView, LayerSource, LayerValue, NoDeadline, Output, Resource, Resources,
};
use dateline_processor_entities::{
    Entities, EntitiesConfig, Sentences, SentencesConfig, Watchlist, WatchlistConfig, token,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::BufRead;
use std::time::Instant;

struct Layers(BTreeMap<String, LayerValue>);

impl LayerSource for Layers {
    fn layer(&self, name: &str) -> Option<&LayerValue> {
        self.0.get(name)
    }
}

fn run(annotators: &[&dyn Annotator], input: &DocumentInput) -> Layers {
    let mut layers = Layers(BTreeMap::new());
    for annotator in annotators {
        let view = DocumentView::new(annotator.descriptor(), input, &layers, &NoDeadline);
        let mut output = Output::new(annotator.descriptor(), &input.document.text);
        annotator.annotate(&view, &mut output).expect("content is never an error");
        for (record, value) in output.into_parts().layers {
            layers.0.insert(record.name, value);
        }
    }
    layers
}

fn lists(folder: Option<String>) -> Resources {
    let mut files = Vec::new();
    for entry in folder.into_iter().flat_map(|folder| std::fs::read_dir(folder).expect("a folder of lists")) {
        let path = entry.expect("a list").path();
        files.push(Resource { path: path.display().to_string(), bytes: std::fs::read(&path).expect("a list") });
    }
    Resources::new(files)
}

fn mentions(record: &Value) -> Option<Vec<MentionHint>> {
    let list = record["mentions"].as_array()?;
    let mention = |one: &Value| {
        let span = Span::new(one["start"].as_u64()? as usize, one["end"].as_u64()? as usize);
        Some(MentionHint { span, kind: EntityType::parse(one["type"].as_str()?)? })
    };
    Some(list.iter().filter_map(mention).collect())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.iter().position(|one| one == "--lists").and_then(|at| arguments.get(at + 1)).cloned();
    let begun = Instant::now();
    let sentences = Sentences::build(SentencesConfig::default(), &Resources::default()).expect("builds");
    let watchlist = Watchlist::build(WatchlistConfig::default(), &lists(folder)).expect("the lists are right");
    let listed = begun.elapsed();
    let entities = Entities::build(EntitiesConfig::default(), &Resources::default()).expect("builds");
    let loaded = begun.elapsed();
    let annotators: [&dyn Annotator; 3] = [&sentences, &watchlist, &entities];
    let records: Vec<Value> =
        std::io::stdin().lock().lines().map(|line| serde_json::from_str(&line.expect("text")).expect("JSON")).collect();
    let inputs: Vec<DocumentInput> = records
        .iter()
        .map(|record| DocumentInput {
            document: Document { text: record["text"].as_str().unwrap_or("").to_owned(), ..Document::default() },
            hints: Hints { mentions: mentions(record), ..Hints::default() },
            ..DocumentInput::default()
        })
        .collect();
    if arguments.iter().any(|one| one == "--speed") {
        return speed(&annotators, &inputs, listed.as_secs_f64(), loaded.as_secs_f64());
    }
    for (record, input) in records.iter().zip(&inputs) {
        let layers = run(&annotators, input);
        let layer = layers.0["entity"].downcast_ref::<EntityLayer>().expect("entities were assigned");
        let sentences = layers.0["sentence"].downcast_ref::<SentenceLayer>().map_or(0, |layer| layer.0.len());
        let watched = layers.0["watchlist"].downcast_ref::<WatchlistLayer>().map_or(0, |layer| layer.0.len());
        let names: Vec<Value> = layer
            .mentions
            .iter()
            .map(|one| {
                let entity = &layer.entities[one.entity as usize];
                json!({ "start": one.span.start, "end": one.span.end, "type": one.kind.word(),
                    "text": one.span.slice(&input.document.text), "entity": one.entity, "cluster": one.entity,
                    "name": entity.name, "ref": entity.reference })
            })
            .collect();
        let line = json!({ "id": record["id"], "entities": names, "mentions": names, "sentences": sentences, "watched": watched });
        println!("{line}");
    }
}

/// Processor time of this process so far, so that what runs beside it counts little.
fn processor_seconds() -> f64 {
    let schedule = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    schedule.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

fn speed(annotators: &[&dyn Annotator; 3], inputs: &[DocumentInput], listed: f64, loaded: f64) {
    let mut tokens = Vec::new();
    inputs.iter().for_each(|input| token::tokenize(&input.document.text, &mut tokens));
    println!("load: watchlists {:.1} ms, tagger {:.1} ms", listed * 1e3, (loaded - listed) * 1e3);
    let begun = processor_seconds();
    for input in inputs {
        tokens.clear();
        token::tokenize(&input.document.text, &mut tokens);
    }
    let spent = processor_seconds() - begun;
    tokens.clear();
    inputs.iter().for_each(|input| token::tokenize(&input.document.text, &mut tokens));
    println!("tokens alone: {:.0} tokens/s", tokens.len() as f64 / spent);
    for (name, count) in [("sentences", 1), ("sentences, watchlist", 2), ("all three", 3)] {
        let mut best = f64::MAX;
        for _ in 0..3 {
            let begun = processor_seconds();
            inputs.iter().for_each(|input| drop(run(&annotators[..count], input)));
            best = best.min(processor_seconds() - begun);
        }
        println!("{name}: {:.0} tokens/s ({} tokens)", tokens.len() as f64 / best, tokens.len());
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM"))
        .for_each(|line| println!("{line}"));
}
