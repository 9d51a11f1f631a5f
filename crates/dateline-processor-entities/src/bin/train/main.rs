//! Trains the tagger: `train --data DIR [--news FILE] [--dev DIR]`; or measures a model again, after a rule has changed:
//! `train --model FILE --dev DIR`. Seeded: the same files give the same model. Reads gold documents as JSON Lines, prints
//! figures, writes `model/ner.bin` and its card.

mod card;
mod cluster;
mod crf;
mod data;
mod stages;

use std::path::PathBuf;
use std::process::ExitCode;

/// What the command line says.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Folder of gold documents, `*.jsonl`.
    data: PathBuf,
    /// Unlabelled news, JSON Lines with `text`.
    news: Option<PathBuf>,
    /// Folder of gold documents to measure on; never trained on.
    dev: Option<PathBuf>,
    /// Where model and card go.
    out: PathBuf,
    /// A lexicon of an earlier run, to be read or else written.
    lexicon: Option<PathBuf>,
    /// A model to be measured as it is; nothing is trained then.
    model: Option<PathBuf>,
    /// Passes over the training data.
    epochs: usize,
    /// Parts left out, by name, for ablation.
    without: Vec<String>,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        data: PathBuf::new(),
        news: None,
        dev: None,
        out: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/model")),
        lexicon: None,
        model: None,
        epochs: 12,
        without: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("`{name}` wants a value"))?;
        match name.as_str() {
            "--data" => options.data = value.into(),
            "--news" => options.news = Some(value.into()),
            "--dev" => options.dev = Some(value.into()),
            "--out" => options.out = value.into(),
            "--lexicon" => options.lexicon = Some(value.into()),
            "--model" => options.model = Some(value.into()),
            "--epochs" => options.epochs = value.parse().map_err(|_| "`--epochs` wants a number".to_owned())?,
            "--without" => options.without.push(value),
            _ => return Err(format!("`{name}` is no option")),
        }
    }
    if options.data.as_os_str().is_empty() && options.model.is_none() {
        return Err("`--data DIR` is missing".to_owned());
    }
    Ok(options)
}

fn main() -> ExitCode {
    let run = options().and_then(|options| stages::run(&options).map_err(|error| error.to_string()));
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("train: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Options {
    /// Whether a part takes part.
    pub(crate) fn with(&self, part: &str) -> bool {
        !self.without.iter().any(|one| one == part)
    }
}

/// A small, fast, seeded generator (xorshift64*), the same on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((self.next() >> 33) as usize * bound) >> 31
    }

    /// A number from 0 up to 1.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u64 << 24) as f32
    }
}
