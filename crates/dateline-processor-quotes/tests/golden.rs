//! Runs `golden/*.md`: which quotations must be found, who said them, and what is none.
//!
//! The layers it reads come from a writer in this file: sentences end at full stops, names are listed here. So the cases
//! do not change when a tagger learns something.

mod support;

use dateline_processor_quotes::QuoteLayer;
use dateline_testkit::{Golden, Note};

#[test]
fn golden_cases_hold() {
    Golden::new(concat!(env!("CARGO_MANIFEST_DIR"), "/golden"))
        .annotator(support::Layers::default())
        .annotator(support::quotes())
        .layer(|layer: &QuoteLayer, text| {
            let note = |quote: &dateline_processor_quotes::Quote| {
                let who = quote.speaker.as_ref().map_or("?".to_owned(), |speaker| {
                    let words = speaker.span.slice(text).unwrap_or_default();
                    if words == speaker.name { words.to_owned() } else { format!("{words} = {}", speaker.name) }
                });
                let cue = quote.cue.and_then(|cue| cue.slice(text)).unwrap_or("-");
                Note::at(quote.span, format!("{} {}, {who}, {cue}", quote.kind.word(), quote.utterance))
            };
            layer.0.iter().map(note).collect()
        })
        .run();
}
