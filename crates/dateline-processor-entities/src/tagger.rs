//! Finds names and their types in running text: a linear chain over hashed features, in two passes over a document. What
//! it learnt stands in the model file; see `model/CARD.md`. Resolves nothing.

mod bodies;
mod bounds;
pub mod decode;
pub mod features;
pub mod gazetteer;
pub mod label;
pub mod lexicon;
pub mod model;
pub mod page;
mod repair;
mod ships;
mod sport;

use dateline_processor::core::Span;
use dateline_processor::core::layers::EntityType;
use dateline_processor::{BuildError, ProcessError};
use decode::{Votes, viterbi};
use gazetteer::Gazetteer;
use label::{LABELS, Place, parts};
use model::{Model, Scores};
use page::Page;

/// The trained model, packed.
const MODEL: &[u8] = include_bytes!("../model/ner.bin");
/// Documents are ticked off against their deadline every so many stretches.
const TICK_STRETCHES: usize = 256;

/// The tagger with its model.
#[derive(Debug)]
pub struct Tagger {
    model: Model,
    lists: Gazetteer,
}

impl Tagger {
    /// Loads the model that is part of the program.
    ///
    /// # Errors
    /// [`BuildError`] when the model is damaged.
    pub fn load() -> Result<Tagger, BuildError> {
        let model = Model::unpack(MODEL).ok_or_else(|| BuildError::new("the tagger's model is damaged"))?;
        Ok(Tagger::with(model))
    }

    /// A tagger with another model, for the trainer.
    #[must_use]
    pub fn with(model: Model) -> Tagger {
        Tagger { model, lists: Gazetteer::load() }
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The names in `text`, sorted and without overlaps.
    ///
    /// # Errors
    /// Whatever `tick` gives; it is called now and then.
    pub fn tag(
        &self,
        text: &str,
        sentences: &[Span],
        mut tick: impl FnMut() -> Result<(), ProcessError>,
    ) -> Result<Vec<(Span, EntityType)>, ProcessError> {
        let page = Page::new(text, sentences, &self.lists, &self.model.lexicon);
        let labels = self.labels(&page, &mut tick)?;
        let names = repair::repair(&page, &self.lists, spans(&page, &labels));
        Ok(names)
    }

    /// The labels of all tokens of all stretches, one after the other.
    ///
    /// # Errors
    /// Whatever `tick` gives.
    pub fn labels(
        &self,
        page: &Page<'_>,
        tick: &mut impl FnMut() -> Result<(), ProcessError>,
    ) -> Result<Vec<u8>, ProcessError> {
        let total: usize = page.stretches.iter().map(|stretch| stretch.end - stretch.start).sum();
        let mut second: Vec<Scores> = Vec::with_capacity(total);
        let mut first: Vec<Scores> = Vec::with_capacity(16);
        let mut labels = Vec::with_capacity(total);
        let mut votes = Votes::default();
        for (number, stretch) in page.stretches.iter().enumerate() {
            if number % TICK_STRETCHES == 0 {
                tick()?;
            }
            first.clear();
            for at in stretch.start..stretch.end {
                let (one, two) = self.score(page, stretch, at);
                first.push(one);
                second.push(two);
            }
            let from = labels.len();
            viterbi(&first, &self.model.steps[0], &mut labels);
            for (at, label) in (stretch.start..stretch.end).zip(&labels[from..]) {
                votes.add(page.tokens[at].fold, *label);
            }
        }
        self.second_pass(page, &votes, &mut second, &labels)
    }

    /// The first pass's labels alone, for the trainer.
    #[must_use]
    pub fn first_labels(&self, page: &Page<'_>) -> Vec<u8> {
        let mut labels = Vec::new();
        let mut scores: Vec<Scores> = Vec::new();
        for stretch in &page.stretches {
            scores.clear();
            scores.extend((stretch.start..stretch.end).map(|at| self.score(page, stretch, at).0));
            viterbi(&scores, &self.model.steps[0], &mut labels);
        }
        labels
    }

    fn second_pass(
        &self,
        page: &Page<'_>,
        votes: &Votes,
        scores: &mut [Scores],
        first: &[u8],
    ) -> Result<Vec<u8>, ProcessError> {
        let mut labels = Vec::with_capacity(first.len());
        let mut from = 0;
        for stretch in &page.stretches {
            let here = &mut scores[from..from + stretch.end - stretch.start];
            for (offset, scores) in here.iter_mut().enumerate() {
                let own = usize::from(first[from + offset]);
                features::document_features(page, votes, stretch, stretch.start + offset, own, &mut |feature| {
                    let row = &self.model.rows[self.model.row(feature)];
                    for label in 0..LABELS {
                        scores[label] += i32::from(row[LABELS + label]);
                    }
                });
            }
            viterbi(here, &self.model.steps[1], &mut labels);
            from += stretch.end - stretch.start;
        }
        Ok(labels)
    }

    /// Scores of both passes at one token, without what the second adds.
    fn score(&self, page: &Page<'_>, stretch: &page::Stretch, at: usize) -> (Scores, Scores) {
        let mut rows = [0_u32; features::FEATURES_MAX];
        let mut count = 0;
        features::features(page, stretch, at, &mut |feature| {
            if count < rows.len() {
                rows[count] = self.model.row(feature) as u32;
                count += 1;
            }
        });
        let mut sums = [0_i16; 2 * LABELS];
        for row in &rows[..count] {
            let weights = &self.model.rows[*row as usize];
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += i16::from(*weight);
            }
        }
        let mut scores = ([0_i32; LABELS], [0_i32; LABELS]);
        for label in 0..LABELS {
            scores.0[label] = i32::from(sums[label]);
            scores.1[label] = i32::from(sums[LABELS + label]);
        }
        scores
    }
}

/// The names a page's labels spell.
#[must_use]
pub fn spans(page: &Page<'_>, labels: &[u8]) -> Vec<(Span, EntityType)> {
    let mut names = Vec::new();
    let mut from = 0;
    for stretch in &page.stretches {
        let mut start = stretch.start;
        for (at, label) in (stretch.start..stretch.end).zip(&labels[from..]) {
            let Some((kind, place)) = parts(usize::from(*label)) else { continue };
            if matches!(place, Place::Begin | Place::Single) {
                start = at;
            }
            let next = labels.get(from + at + 1 - stretch.start).filter(|_| at + 1 < stretch.end);
            let goes_on = next
                .and_then(|next| parts(usize::from(*next)))
                .is_some_and(|(kind, place)| kind == EntityType::Misc && place == Place::Inside);
            let ends = match place {
                Place::End | Place::Single => true,
                Place::Inside => kind == EntityType::Misc && !goes_on,
                Place::Begin => false,
            };
            if ends {
                names.push((Span { start: page.tokens[start].start, end: page.tokens[at].end }, kind));
            }
        }
        from += stretch.end - stretch.start;
    }
    names
}
