//! One language as the tagger uses it: lexicon and grammar read from the rule files compiled in.

use super::frame::Slot;
use super::grammar::{Grammar, RuleError, RuleSet};
use super::lexicon::{ClassId, Lexicon};
use super::resolve::Tense;
use serde::Deserialize;

/// The rule files of English, in the order in which they are read; earlier rules win over later ones of equal length.
const ENGLISH: &[(&str, &str)] = &[
    ("rules/en/none.toml", include_str!("../../rules/en/none.toml")),
    ("rules/en/time.toml", include_str!("../../rules/en/time.toml")),
    ("rules/en/date.toml", include_str!("../../rules/en/date.toml")),
    ("rules/en/reference.toml", include_str!("../../rules/en/reference.toml")),
    ("rules/en/relative.toml", include_str!("../../rules/en/relative.toml")),
    ("rules/en/set.toml", include_str!("../../rules/en/set.toml")),
    ("rules/en/duration.toml", include_str!("../../rules/en/duration.toml")),
];
const ENGLISH_LEXICON: (&str, &str) = ("rules/en/lexicon.toml", include_str!("../../rules/en/lexicon.toml"));
const ENGLISH_VERBS: (&str, &str) = ("rules/en/verbs.toml", include_str!("../../rules/en/verbs.toml"));

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct VerbFile {
    past: Vec<String>,
    future: Vec<String>,
    past_suffixes: Vec<String>,
    continuous_suffixes: Vec<String>,
    not_past: Vec<String>,
    aside: Vec<String>,
    article: Vec<String>,
    is: Vec<String>,
    be: Vec<String>,
    to: Vec<String>,
    until: Vec<String>,
    over: Vec<String>,
    ahead: Vec<String>,
    reports: Vec<String>,
    at: Vec<String>,
    nouns: Vec<String>,
    planned: Vec<String>,
    owner: Vec<String>,
    had: Vec<String>,
    ahead_of: Vec<String>,
    of: Vec<String>,
    degree: Vec<String>,
    settled: Vec<String>,
    settled_for: Vec<String>,
    arranged: Vec<String>,
    onward: Vec<String>,
    through: Vec<String>,
    by: Vec<String>,
    extended: Vec<String>,
    r#for: Vec<String>,
    called: Vec<String>,
    decides: Vec<String>,
    after: Vec<String>,
    will: Vec<String>,
    state: Vec<String>,
    unforeseen: Vec<String>,
}

/// Small words that decide between tenses.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cue {
    /// `is`, `are`.
    Is,
    /// `be`.
    Be,
    /// `to` before an infinitive.
    To,
    /// `until`: what is put off.
    Until,
    /// `ended`, `since`: the date behind it is past.
    Over,
    /// `ahead of`: the date behind it is to come.
    Ahead,
    /// `on`, `in`: a verb may tell of the date behind it.
    At,
    /// `plans`: a noun behind an article.
    Noun,
    /// `scheduled`: behind `had` it came to nothing or is over.
    Planned,
    /// `his`, `their`.
    Owner,
    /// `had`.
    Had,
    /// `ahead`: of something to come where `of` follows.
    AheadOf,
    /// `of`, `to` behind `ahead`.
    Of,
    /// `newly`, `still`: between an article and a participle that describes.
    Degree,
    /// `set`: looks forward only before one of `settled-for`.
    Settled,
    /// `for`, `to` behind `set`.
    SettledFor,
    /// `go`, `comes`: in the present, of what is arranged.
    Arranged,
    /// `starting`: from the date behind it on.
    Onward,
    /// `through`.
    Through,
    /// `by`.
    By,
    /// `extended`: up to a date to come.
    Extended,
    /// `for`.
    For,
    /// `called`: what is called `for` a day lies ahead.
    Called,
    /// `ordered`: what starts on a date as somebody decided lies ahead.
    Decides,
    /// `after`, `following`: what the date names is over.
    After,
    /// `will`: ahead, however far it stands from the date.
    Will,
    /// `closed`, `lower`: behind `is`, of today or of a day to come.
    State,
    /// `quake`: the day of one lies behind.
    Unforeseen,
}

/// How many kinds of [`Cue`] there are.
const CUES: usize = 28;

/// Words, rules and verbs of one language.
pub(crate) struct Language {
    pub(crate) lexicon: Lexicon,
    pub(crate) grammar: Grammar,
    past: ClassId,
    report: ClassId,
    future: ClassId,
    not_past: ClassId,
    deictic: Vec<ClassId>,
    era: Vec<ClassId>,
    aside: ClassId,
    article: ClassId,
    cues: [ClassId; CUES],
    past_suffixes: Vec<String>,
    continuous_suffixes: Vec<String>,
}

impl Language {
    /// English.
    pub(crate) fn english() -> Result<Language, RuleError> {
        let mut lexicon = Lexicon::parse(ENGLISH_LEXICON.0, ENGLISH_LEXICON.1)?;
        let verbs: VerbFile =
            toml::from_str(ENGLISH_VERBS.1).map_err(|source| RuleError::Toml { file: ENGLISH_VERBS.0, source })?;
        let past = lexicon.add_words("past-cue", &verbs.past);
        let future = lexicon.add_words("future-cue", &verbs.future);
        let not_past = lexicon.add_words("no-cue", &verbs.not_past);
        let aside = lexicon.add_words("aside", &verbs.aside);
        let article = lexicon.add_words("determiner", &verbs.article);
        let report = lexicon.add_words("report-cue", &verbs.reports);
        let cues = [
            ("cue-is", &verbs.is),
            ("cue-be", &verbs.be),
            ("cue-to", &verbs.to),
            ("cue-until", &verbs.until),
            ("cue-over", &verbs.over),
            ("cue-ahead", &verbs.ahead),
            ("cue-at", &verbs.at),
            ("cue-noun", &verbs.nouns),
            ("cue-planned", &verbs.planned),
            ("cue-owner", &verbs.owner),
            ("cue-had", &verbs.had),
            ("cue-ahead-of", &verbs.ahead_of),
            ("cue-of", &verbs.of),
            ("cue-degree", &verbs.degree),
            ("cue-settled", &verbs.settled),
            ("cue-settled-for", &verbs.settled_for),
            ("cue-arranged", &verbs.arranged),
            ("cue-onward", &verbs.onward),
            ("cue-through", &verbs.through),
            ("cue-by", &verbs.by),
            ("cue-extended", &verbs.extended),
            ("cue-for", &verbs.r#for),
            ("cue-called", &verbs.called),
            ("cue-decides", &verbs.decides),
            ("cue-after", &verbs.after),
            ("cue-will", &verbs.will),
            ("cue-state", &verbs.state),
            ("cue-unforeseen", &verbs.unforeseen),
        ]
        .map(|(name, words)| lexicon.add_words(name, words));
        let mut set = RuleSet::new();
        for (file, text) in ENGLISH {
            set.add(file, text, &mut lexicon)?;
        }
        lexicon.seal();
        let grammar = Grammar::compile(set, &lexicon)?;
        let classes = |names: &[&str]| names.iter().filter_map(|name| lexicon.find_class(name)).collect::<Vec<_>>();
        let (deictic, era) = (classes(&["weekday", "today", "report-cue"]), classes(&["bc", "era"]));
        Ok(Language {
            lexicon,
            grammar,
            past,
            report,
            future,
            not_past,
            deictic,
            era,
            aside,
            article,
            cues,
            past_suffixes: verbs.past_suffixes,
            continuous_suffixes: verbs.continuous_suffixes,
        })
    }

    fn word_is(&self, word: u32, classes: &[ClassId]) -> bool {
        self.lexicon.entry(word).senses.iter().any(|sense| classes.contains(&sense.class))
    }

    /// Whether the word counts days from the day of writing or reports what somebody says: news, not history.
    pub(crate) fn is_deictic(&self, word: u32) -> bool {
        self.word_is(word, &self.deictic)
    }

    /// Whether the word is such a cue.
    pub(crate) fn is_cue(&self, word: u32, cue: Cue) -> bool {
        self.word_is(word, &[self.cues[cue as usize]])
    }

    /// Whether a date behind the word is compared with, not told of.
    pub(crate) fn looks_aside(&self, word: u32) -> bool {
        self.word_is(word, &[self.aside])
    }

    /// Whether the word makes what follows part of a name or description.
    pub(crate) fn is_article(&self, word: u32) -> bool {
        word != 0 && self.word_is(word, &[self.article])
    }

    /// Whether the word reports what somebody says.
    pub(crate) fn reports(&self, word: u32) -> bool {
        word != 0 && self.word_is(word, &[self.report])
    }

    /// Whether the word names a month.
    pub(crate) fn names_month(&self, word: u32) -> bool {
        word != 0 && self.lexicon.entry(word).senses.iter().any(|sense| sense.slot == Some(Slot::Month))
    }

    /// Whether the word names an era.
    pub(crate) fn is_era(&self, word: u32) -> bool {
        self.word_is(word, &self.era)
    }

    /// The tense a word of the lexicon shows.
    pub(crate) fn tense_of(&self, word: u32) -> Option<Tense> {
        if self.word_is(word, &[self.future]) {
            Some(Tense::Future)
        } else if self.word_is(word, &[self.past]) {
            Some(Tense::Past)
        } else {
            None
        }
    }

    /// Whether a word has the ending of what goes on.
    pub(crate) fn looks_continuous(&self, text: &[u8]) -> bool {
        self.continuous_suffixes.iter().any(|suffix| text.len() > suffix.len() + 1 && text.ends_with(suffix.as_bytes()))
    }

    /// Whether a word has the ending of a past tense.
    pub(crate) fn looks_past(&self, text: &[u8]) -> bool {
        let ends = |suffix: &String| text.len() > suffix.len() + 1 && text.ends_with(suffix.as_bytes());
        self.past_suffixes.iter().any(ends) && {
            let word = self.lexicon.find(text);
            word == 0 || !self.word_is(word, &[self.not_past])
        }
    }
}
