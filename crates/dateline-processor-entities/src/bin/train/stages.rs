//! The stages of training in order: lexicon, first pass, what it says of documents it did not see, second pass, quantising,
//! measuring. Learns nothing itself.

use crate::crf::{Examples, Weights};
use crate::data::{Gold, lines, read_measured, read_training};
use crate::{Options, card, cluster};
use dateline_processor::core::Span;
use dateline_processor::core::layers::EntityType;
use dateline_processor_entities::tagger::Tagger;
use dateline_processor_entities::tagger::decode::{NEVER, Votes};
use dateline_processor_entities::tagger::features::{document_features, features};
use dateline_processor_entities::tagger::gazetteer::Gazetteer;
use dateline_processor_entities::tagger::label::{LABELS, OUTSIDE, Place, label, may_follow};
use dateline_processor_entities::tagger::lexicon::Lexicon;
use dateline_processor_entities::tagger::model::{Model, ROW, row_of};
use dateline_processor_entities::tagger::page::Page;
use std::error::Error;

/// Rows of the model; a power of two.
const ROWS: usize = 1 << 18;
/// Gold is cut into so many parts so that no part is tagged by a model that saw it.
const FOLDS: u8 = 4;
/// Highest weight after quantising.
const WEIGHT_MAX: f32 = 127.0;

pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    if let Some(path) = &options.model {
        return again(options, &std::fs::read(path)?);
    }
    let gold = read_training(&options.data, options.with("case"))?;
    let names: usize = gold.iter().map(|one| one.names.len()).sum();
    eprintln!("gold: {} documents, {names} names", gold.len());
    let news = read_news(options)?;
    let lists = if options.with("lists") { Gazetteer::load() } else { Gazetteer::default() };
    let lexicon = read_lexicon(options, &gold, &news)?;
    let dev = read_dev(options)?;
    finish(options, &gold, &lists, lexicon, &dev)
}

/// Measures a packed model and writes its card.
fn again(options: &Options, packed: &[u8]) -> Result<(), Box<dyn Error>> {
    let model = Model::unpack(packed).ok_or("the model is damaged")?;
    let unpacked = model.to_bytes().len();
    let figures = measure("model", &Tagger::with(model), &read_dev(options)?);
    std::fs::create_dir_all(&options.out)?;
    card::write(options, &figures, packed.len(), unpacked)
}

fn finish(
    options: &Options,
    all: &[Gold],
    lists: &Gazetteer,
    lexicon: Lexicon,
    dev: &[(String, Vec<Gold>)],
) -> Result<(), Box<dyn Error>> {
    let pages: Vec<Page<'_>> = all.iter().map(|one| Page::new(&one.text, &one.sentences, lists, &lexicon)).collect();
    let examples = first_examples(all, &pages);
    let mut first = Weights::new(ROWS);
    first.train(&examples, options.epochs, None, 2);
    let mut second = first.clone();
    if options.with("second") {
        let guesses = guess_without_seeing(options, &pages, &examples, &lexicon);
        let examples = second_examples(&pages, &guesses, &examples);
        second = Weights::new(ROWS);
        second.train(&examples, options.epochs, None, 3);
    }
    let model = quantise(&first, &second, lexicon);
    let bytes = model.to_bytes();
    let packed = zstd::bulk::compress(&bytes, 19)?;
    let tagger = Tagger::with(model);
    let figures = measure("model", &tagger, dev);
    std::fs::create_dir_all(&options.out)?;
    std::fs::write(options.out.join("ner.bin"), &packed)?;
    card::write(options, &figures, packed.len(), bytes.len())?;
    eprintln!("model: {} bytes packed, {} unpacked", packed.len(), bytes.len());
    Ok(())
}

fn read_news(options: &Options) -> Result<Vec<String>, Box<dyn Error>> {
    let Some(path) = &options.news else { return Ok(Vec::new()) };
    let records = lines(path)?;
    let text = |record: &serde_json::Value| {
        let title = record["title"].as_str().unwrap_or("");
        format!("{title}\n\n{}", record["text"].as_str().unwrap_or(""))
    };
    Ok(records.iter().map(text).collect())
}

fn read_lexicon(options: &Options, gold: &[Gold], news: &[String]) -> Result<Lexicon, Box<dyn Error>> {
    if !options.with("classes") {
        return Ok(Lexicon::default());
    }
    if let Some(path) = options.lexicon.as_ref().filter(|path| path.exists()) {
        return Lexicon::from_bytes(&std::fs::read(path)?).ok_or_else(|| "the lexicon is damaged".into());
    }
    let texts: Vec<&str> = gold.iter().map(|one| one.text.as_str()).chain(news.iter().map(String::as_str)).collect();
    let lexicon = cluster::learn(&texts);
    if let Some(path) = &options.lexicon {
        std::fs::write(path, lexicon.to_bytes())?;
    }
    Ok(lexicon)
}

/// Named sets of gold documents.
type Sets = Vec<(String, Vec<Gold>)>;

fn read_dev(options: &Options) -> Result<Sets, Box<dyn Error>> {
    let Some(folder) = &options.dev else { return Ok(Vec::new()) };
    let mut files: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    let read =
        |file: &std::fs::DirEntry| Ok((file.file_name().to_string_lossy().into_owned(), read_measured(&file.path())?));
    files.iter().map(read).collect()
}

/// The labels of a page's stretches, from the names of its document.
fn gold_labels(page: &Page<'_>, names: &[(Span, EntityType)]) -> Vec<u8> {
    let mut labels = Vec::new();
    for stretch in &page.stretches {
        for at in stretch.start..stretch.end {
            let token = &page.tokens[at];
            let found = names.iter().find(|(span, _)| span.start <= token.start && token.end <= span.end);
            let Some((span, kind)) = found else {
                labels.push(OUTSIDE as u8);
                continue;
            };
            let inside = |at: usize| page.tokens[at].start >= span.start && page.tokens[at].end <= span.end;
            let first = at == stretch.start || !inside(at - 1);
            let last = at + 1 == stretch.end || !inside(at + 1);
            let place = match (first, last) {
                (true, true) => Place::Single,
                (true, false) => Place::Begin,
                (false, true) => Place::End,
                (false, false) => Place::Inside,
            };
            labels.push(label(*kind, place) as u8);
        }
    }
    labels
}

fn first_examples(all: &[Gold], pages: &[Page<'_>]) -> Examples {
    let mut examples = Examples::new();
    for (number, (one, page)) in all.iter().zip(pages).enumerate() {
        let labels = gold_labels(page, &one.names);
        let mut from = 0;
        for stretch in &page.stretches {
            let start = examples.gold.len() as u32;
            for at in stretch.start..stretch.end {
                let mut rows = Vec::with_capacity(96);
                features(page, stretch, at, &mut |feature| rows.push(row_of(feature, ROWS) as u32));
                examples.token(rows, labels[from]);
                from += 1;
            }
            let end = examples.gold.len() as u32;
            examples.stretches.push((start, end, one.weight, (number % usize::from(FOLDS)) as u8));
        }
    }
    examples
}

/// The first pass's labels of every document, each from a model that was not trained on it. The models are independent
/// of each other and made side by side.
fn guess_without_seeing(options: &Options, pages: &[Page<'_>], examples: &Examples, lexicon: &Lexicon) -> Vec<Vec<u8>> {
    let guess = &|fold: u8| {
        let mut weights = Weights::new(ROWS);
        weights.train(examples, (options.epochs / 2).max(3), Some(fold), 10 + u64::from(fold));
        let mut model = quantise(&weights, &weights, lexicon.clone());
        // The second pass sees no document here: its steps decide alone.
        model.steps[1] = model.steps[0];
        let tagger = Tagger::with(model);
        let unseen = pages.iter().skip(usize::from(fold)).step_by(usize::from(FOLDS));
        unseen.map(|page| tagger.first_labels(page)).collect::<Vec<_>>()
    };
    let parts: Vec<Vec<Vec<u8>>> = std::thread::scope(|scope| {
        let folds: Vec<_> = (0..FOLDS).map(|fold| scope.spawn(move || guess(fold))).collect();
        folds.into_iter().map(|fold| fold.join().unwrap_or_default()).collect()
    });
    let mut parts: Vec<_> = parts.into_iter().map(Vec::into_iter).collect();
    (0..pages.len()).map(|number| parts[number % usize::from(FOLDS)].next().unwrap_or_default()).collect()
}

/// What the second pass sees of the gold documents.
fn second_examples(pages: &[Page<'_>], guesses: &[Vec<u8>], first: &Examples) -> Examples {
    let mut examples = Examples::new();
    let mut token = 0;
    let mut number_of_stretch = 0;
    for (number, page) in pages.iter().enumerate() {
        let guess = &guesses[number];
        let mut votes = Votes::default();
        let mut from = 0;
        for stretch in &page.stretches {
            for at in stretch.start..stretch.end {
                if let Some(label) = guess.get(from) {
                    votes.add(page.tokens[at].fold, *label);
                }
                from += 1;
            }
        }
        from = 0;
        for stretch in &page.stretches {
            let start = examples.gold.len() as u32;
            for at in stretch.start..stretch.end {
                let known = &first.rows[first.starts[token]..first.starts[token + 1]];
                let mut rows = known.to_vec();
                if let Some(own) = guess.get(from) {
                    document_features(page, &votes, stretch, at, usize::from(*own), &mut |feature| {
                        rows.push(row_of(feature, ROWS) as u32);
                    });
                }
                examples.token(rows, first.gold[token]);
                token += 1;
                from += 1;
            }
            let (_, _, weight, fold) = first.stretches[number_of_stretch];
            number_of_stretch += 1;
            if !guess.is_empty() {
                examples.stretches.push((start, examples.gold.len() as u32, weight, fold));
            }
        }
    }
    examples
}

/// Both passes as small integers on one scale.
fn quantise(first: &Weights, second: &Weights, lexicon: Lexicon) -> Model {
    let mut rows = vec![[0_i8; ROW]; ROWS];
    let mut steps = [[[0_i32; LABELS]; LABELS]; 2];
    for (pass, weights) in [first, second].into_iter().enumerate() {
        // The scale is set so that all but the largest few weights fit.
        let mut sizes: Vec<f32> = weights.rows.iter().flatten().map(|x| x.abs()).filter(|x| *x > 0.0).collect();
        sizes.sort_by(f32::total_cmp);
        let top = sizes.get(sizes.len().saturating_sub(sizes.len() / 20_000 + 1)).copied().unwrap_or(1.0);
        let scale = WEIGHT_MAX / top;
        for (row, learnt) in rows.iter_mut().zip(&weights.rows) {
            for label in 0..LABELS {
                row[pass * LABELS + label] = (learnt[label] * scale).round().clamp(-WEIGHT_MAX, WEIGHT_MAX) as i8;
            }
        }
        for (before, row) in weights.steps.iter().enumerate() {
            for (after, step) in row.iter().enumerate() {
                steps[pass][before][after] =
                    if may_follow(before, after) { (step * scale).round() as i32 } else { NEVER };
            }
        }
    }
    Model { rows, steps, lexicon }
}

/// Figures on one set.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) set: String,
    /// Precision, recall and F1 in percent: PER, ORG, LOC, all three.
    pub(crate) scores: [[f32; 3]; 4],
}

fn measure(what: &str, tagger: &Tagger, dev: &[(String, Vec<Gold>)]) -> Vec<Figures> {
    let mut all = Vec::new();
    for (set, golds) in dev {
        let mut counts = [[0_f32; 3]; 4];
        for one in golds {
            let found = tagger.tag(&one.text, &one.sentences, || Ok(())).unwrap_or_default();
            for (at, kind) in [EntityType::Per, EntityType::Org, EntityType::Loc].into_iter().enumerate() {
                let right = found.iter().filter(|name| name.1 == kind && one.names.contains(name)).count();
                let given = found.iter().filter(|name| name.1 == kind).count();
                let wanted = one.names.iter().filter(|name| name.1 == kind).count();
                for row in [at, 3] {
                    for (sum, count) in counts[row].iter_mut().zip([right, given, wanted]) {
                        *sum += count as f32;
                    }
                }
            }
        }
        let scores = counts.map(|[right, given, wanted]| {
            [100.0 * right / given.max(1.0), 100.0 * right / wanted.max(1.0), 200.0 * right / (given + wanted).max(1.0)]
        });
        let f1 = scores.map(|row| row[2]);
        eprintln!(
            "{what} on {set}: PER {:.2} ORG {:.2} LOC {:.2} all {:.2} (P {:.2} R {:.2})",
            f1[0], f1[1], f1[2], f1[3], scores[3][0], scores[3][1]
        );
        all.push(Figures { set: set.clone(), scores });
    }
    all
}
