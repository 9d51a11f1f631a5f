//! Tags the documents of a JSON Lines file and prints their expressions as JSON Lines; on standard error, the speed.
//! Not the `annotate` command: no chain, no parser, one thread.

use dateline_processor::core::layers::TimexLayer;
use dateline_processor::core::{DateInterval, DctHint, DocumentInput, Genre};
use dateline_processor::{
    Annotator, BuildAnnotator, DocumentView, LayerSource, LayerValue, NoDeadline, Output, Resources,
};
use dateline_processor_dating::{Dating, DatingConfig};
use std::io::{BufWriter, Write};
use std::time::Instant;

struct NoLayers;

impl LayerSource for NoLayers {
    fn layer(&self, _name: &str) -> Option<&LayerValue> {
        None
    }
}

fn input(record: &serde_json::Value) -> DocumentInput {
    let mut input = DocumentInput::default();
    input.document.text = record["text"].as_str().unwrap_or("").to_owned();
    let genre = record["genre"].clone();
    input.hints.genre = serde_json::from_value::<Genre>(genre).ok();
    let dct = record["dct"].as_str().or_else(|| record["date"].as_str()).unwrap_or("");
    let interval = dct.get(..10).and_then(|day| DateInterval::parse(day).ok());
    let time = dct.get(11..).and_then(|time| time.parse().ok());
    input.hints.dct = interval.map(|interval| DctHint { interval: Some(interval), time, decided: false });
    input
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: tag_jsonl FILE [--quiet]")?;
    let quiet = std::env::args().any(|argument| argument == "--quiet");
    let started = Instant::now();
    let dating = Dating::build(DatingConfig::default(), &Resources::default())?;
    eprintln!("rules compiled in {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
    let text = std::fs::read_to_string(path)?;
    let records: Vec<serde_json::Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let inputs: Vec<DocumentInput> = records.iter().map(input).collect();
    let bytes: usize = inputs.iter().map(|input| input.document.text.len()).sum();
    let mut layers = Vec::with_capacity(inputs.len());
    let started = Instant::now();
    for input in &inputs {
        let mut output = Output::new(dating.descriptor(), &input.document.text);
        dating.annotate(&DocumentView::new(dating.descriptor(), input, &NoLayers, &NoDeadline), &mut output)?;
        layers.push(output.into_parts().layers);
    }
    let seconds = started.elapsed().as_secs_f64();
    eprintln!("{bytes} bytes in {seconds:.3} s: {:.1} MB/s", bytes as f64 / 1e6 / seconds);
    if quiet {
        return Ok(());
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    for ((record, input), layers) in records.iter().zip(&inputs).zip(layers) {
        let layer = layers.iter().find_map(|(_, value)| value.downcast_ref::<TimexLayer>()).ok_or("no timex layer")?;
        let timex: Vec<serde_json::Value> = layer.0.iter().map(|timex| {
            let text = timex.span.slice(&input.document.text).unwrap_or("");
            serde_json::json!({"start": timex.span.start, "end": timex.span.end, "type": timex.kind.word(), "value": timex.value,
                "text": text, "mod": timex.modifier, "rule": timex.rule, "earliest": timex.earliest, "latest": timex.latest})
        }).collect();
        let line = serde_json::json!({"id": record["id"], "text": record["text"], "timex": timex});
        writeln!(out, "{line}")?;
    }
    Ok(())
}
