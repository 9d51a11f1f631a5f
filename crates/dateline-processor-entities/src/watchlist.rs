//! Annotator `watchlist`: where names of the user's lists stand in the text. Says nothing about who is meant, and reads no
//! layer; the lists come as resources.

use crate::name::sound_key;
use crate::token::{Token, flag, fold, hash_folded, tokenize};
use dateline_processor::core::Span;
use dateline_processor::core::layers::{EntityType, WatchMatch, WatchlistLayer};
use dateline_processor::schemars::{self, JsonSchema};
use dateline_processor::{
    Annotator, BuildAnnotator, BuildError, Descriptor, DocumentView, Input, Output, ProcessError, ProcessorConfig,
    ResourceRequest, Resources,
};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Longest name, in tokens; a longer one is an error of the list.
const NAME_TOKENS_MAX: usize = 24;
/// Bits kept for each first word of a name, so that hardly any other word shares one.
const FIRST_BITS: usize = 8;
/// Shortest name part, in letters, that is also found under another transliteration.
const SOUND_LETTERS_MIN: usize = 6;
/// Documents are ticked off against their deadline every so many tokens.
const TICK_TOKENS: usize = 4096;

/// Options of `[processor.watchlist]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct WatchlistConfig {
    /// Lists to match: a path or glob, relative to the configuration file.
    pub lists: Vec<String>,
    /// Whether persons are also found under other transliterations of their listed names (Zelensky, Zelenskiy).
    pub transliterations: bool,
}

impl Default for WatchlistConfig {
    fn default() -> WatchlistConfig {
        WatchlistConfig { lists: vec!["watchlists/*.toml".to_owned()], transliterations: true }
    }
}

impl ProcessorConfig for WatchlistConfig {
    const SECTION: &'static str = "watchlist";

    fn resources(&self) -> Vec<ResourceRequest> {
        let request = |pattern: &String| ResourceRequest { pattern: pattern.clone(), required: false };
        self.lists.iter().map(request).collect()
    }
}

/// One watchlist file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ListFile {
    /// Type of all entries that give none.
    #[serde(rename = "type")]
    kind: Option<EntityType>,
    /// What the list is, for people.
    #[serde(default, rename = "note")]
    _note: Option<String>,
    /// The entries.
    #[serde(default, rename = "entry")]
    entries: Vec<ListEntry>,
}

/// One entry of a watchlist file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ListEntry {
    id: String,
    name: String,
    #[serde(rename = "type")]
    kind: Option<EntityType>,
    #[serde(default)]
    aliases: Vec<String>,
    /// Adjectives and inhabitants of a country: an entry of its own, `ID-people`, of type MISC.
    #[serde(default)]
    demonyms: Vec<String>,
    /// Names of a country's capital, the preferred one first: an entry of its own, `ID-capital`, of type LOC.
    #[serde(default)]
    capital: Vec<String>,
    #[serde(default, rename = "note")]
    _note: Option<String>,
}

/// One thing to watch for, with its names taken out into the automaton.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Watched {
    id: String,
    name: String,
    kind: EntityType,
}

/// Names by the hashes of their words: a trie whose edges share one table.
#[derive(Debug, Default)]
struct Names {
    /// State and word to state; state 0 is the start.
    edges: FxHashMap<(u32, u64), u32>,
    /// By state: which things have the name that ends here.
    ends: Vec<Ends>,
    /// Bits of first words: what is not in them starts no name, and the large table is left alone.
    firsts: Vec<u64>,
}

/// The names that end at one state; hardly ever more than one.
#[derive(Clone, Debug, Default)]
enum Ends {
    #[default]
    None,
    One(Ending),
    Several(Box<[Ending]>),
}

impl Ends {
    fn all(&self) -> &[Ending] {
        match self {
            Ends::None => &[],
            Ends::One(ending) => std::slice::from_ref(ending),
            Ends::Several(endings) => endings,
        }
    }

    fn add(&mut self, ending: Ending) {
        if !self.all().contains(&ending) {
            *self = match self {
                Ends::None => Ends::One(ending),
                _ => Ends::Several(self.all().iter().copied().chain([ending]).collect()),
            };
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ending {
    watched: u32,
    case: Case,
}

/// How a listed name must be written to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Case {
    /// Every word with a capital, or as listed; or all in capitals.
    Name,
    /// In capitals only: acronyms (`WHO`, `US`).
    Capitals,
}

impl Names {
    fn new() -> Names {
        Names { ends: vec![Ends::None], ..Names::default() }
    }

    fn insert(&mut self, words: impl Iterator<Item = u64>, ending: Ending) {
        let mut state = 0;
        for word in words {
            let fresh = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
            state = *self.edges.entry((state, word)).or_insert(fresh);
            if state == fresh {
                self.ends.push(Ends::None);
            }
        }
        self.ends[state as usize].add(ending);
    }

    /// Makes the bits of first words, once all names are in.
    fn close(&mut self) {
        let firsts: Vec<u64> = self.edges.keys().filter(|(state, _)| *state == 0).map(|(_, word)| *word).collect();
        let bits = (firsts.len() * FIRST_BITS).next_power_of_two().max(u64::BITS as usize);
        self.firsts = vec![0; bits / u64::BITS as usize];
        for word in firsts {
            let (at, bit) = self.first(word);
            self.firsts[at] |= bit;
        }
        self.edges.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    fn first(&self, word: u64) -> (usize, u64) {
        let bit = (word ^ word >> 29) as usize & (self.firsts.len() * u64::BITS as usize - 1);
        (bit / u64::BITS as usize, 1 << (bit % u64::BITS as usize))
    }

    fn step(&self, state: u32, word: u64) -> Option<u32> {
        if state == 0 {
            let (at, bit) = self.first(word);
            if self.firsts[at] & bit == 0 {
                return None;
            }
        }
        self.edges.get(&(state, word)).copied()
    }
}

/// The annotator `watchlist`.
#[derive(Debug)]
pub struct Watchlist {
    descriptor: Descriptor,
    watched: Vec<Watched>,
    names: Names,
    /// Persons by the sound of their names.
    sounds: Names,
}

impl BuildAnnotator for Watchlist {
    type Config = WatchlistConfig;

    fn build(config: WatchlistConfig, resources: &Resources) -> Result<Watchlist, BuildError> {
        let descriptor = Descriptor::new("watchlist", 1, "Finds the names of your watchlists")
            .reads(Input::Text)
            .assigns::<WatchlistLayer>();
        let mut built = Watchlist { descriptor, watched: Vec::new(), names: Names::new(), sounds: Names::new() };
        let mut tokens = Vec::new();
        for file in resources.files() {
            let list = read_list(&file.path, &file.bytes)?;
            for entry in list.entries {
                built.add_entry(&file.path, entry, list.kind, config.transliterations, &mut tokens)?;
            }
        }
        built.check_ids()?;
        built.names.close();
        built.sounds.close();
        Ok(built)
    }
}

fn read_list(path: &str, bytes: &[u8]) -> Result<ListFile, BuildError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|source| BuildError::new(format!("watchlist `{path}` is not UTF-8")).because(source))?;
    toml::from_str(text)
        .map_err(|source| BuildError::new(format!("watchlist `{path}` is no watchlist")).because(source))
}

impl Watchlist {
    fn add_entry(
        &mut self,
        path: &str,
        entry: ListEntry,
        default: Option<EntityType>,
        sounds: bool,
        tokens: &mut Vec<Token>,
    ) -> Result<(), BuildError> {
        let wrong = |what: &str| BuildError::new(format!("entry `{}` of watchlist `{path}` {what}", entry.id));
        let kind = entry.kind.or(default).ok_or_else(|| wrong("has no type: write PER, ORG, LOC or MISC"))?;
        if entry.id.trim().is_empty() {
            return Err(wrong("has an empty id"));
        }
        let parts = [
            (entry.id.clone(), kind, std::iter::once(&entry.name).chain(&entry.aliases).collect::<Vec<_>>()),
            (format!("{}-people", entry.id), EntityType::Misc, entry.demonyms.iter().collect()),
            (format!("{}-capital", entry.id), EntityType::Loc, entry.capital.iter().collect()),
        ];
        for (id, kind, names) in parts {
            let Some(first) = names.first() else { continue };
            let index = u32::try_from(self.watched.len()).map_err(|_| wrong("is one too many"))?;
            self.watched.push(Watched { id, name: (*first).clone(), kind });
            for name in names {
                self.add_name(name, index, sounds && kind == EntityType::Per, tokens)
                    .ok_or_else(|| wrong("has a name that is empty or too long"))?;
            }
        }
        Ok(())
    }

    fn add_name(&mut self, name: &str, watched: u32, sounds: bool, tokens: &mut Vec<Token>) -> Option<()> {
        tokens.clear();
        tokenize(name, tokens);
        if tokens.is_empty() || tokens.len() > NAME_TOKENS_MAX {
            return None;
        }
        let capitals = tokens.len() == 1 && !tokens[0].any(flag::LOWER) && tokens[0].is(flag::UPPER);
        let case = if capitals { Case::Capitals } else { Case::Name };
        self.names.insert(tokens.iter().map(|token| key(name, token)), Ending { watched, case });
        if sounds && tokens.iter().any(|token| token.end - token.start >= SOUND_LETTERS_MIN as u32) {
            let keys = tokens.iter().map(|token| sound(name, token));
            self.sounds.insert(keys, Ending { watched, case: Case::Name });
        }
        Some(())
    }

    fn check_ids(&self) -> Result<(), BuildError> {
        let mut seen = FxHashMap::default();
        for watched in &self.watched {
            if seen.insert(watched.id.as_str(), ()).is_some() {
                return Err(BuildError::new(format!("watchlist id `{}` stands twice", watched.id)));
            }
        }
        Ok(())
    }

    /// Number of things watched for; a country's people and capital count on their own.
    #[must_use]
    pub fn len(&self) -> usize {
        self.watched.len()
    }

    /// Whether nothing is watched for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.watched.is_empty()
    }

    /// All matches in `text`: the longest at each place, from the left, never overlapping.
    ///
    /// # Errors
    /// Whatever `tick` gives; it is called now and then.
    pub fn matches(
        &self,
        text: &str,
        mut tick: impl FnMut() -> Result<(), ProcessError>,
    ) -> Result<Vec<WatchMatch>, ProcessError> {
        let mut tokens = Vec::with_capacity(text.len() / 5);
        tokenize(text, &mut tokens);
        let mut found = Vec::new();
        let mut at = 0;
        let mut next_tick = TICK_TOKENS;
        while at < tokens.len() {
            if at >= next_tick {
                tick()?;
                next_tick += TICK_TOKENS;
            }
            let starts = tokens[at].any(flag::UPPER | flag::DIGIT);
            let here = starts.then(|| self.longest(text, &tokens[at..])).flatten();
            match here.filter(|(length, _)| is_name_here(text, &tokens, at, at + length)) {
                Some((length, found_here)) => {
                    found.push(found_here);
                    at += length;
                }
                None => at += 1,
            }
        }
        Ok(found)
    }

    fn longest(&self, text: &str, tokens: &[Token]) -> Option<(usize, WatchMatch)> {
        let exact = walk(&self.names, text, tokens, key);
        let exact_length = exact.as_ref().map_or(0, |(length, _)| *length);
        let wants_sound = tokens[0].is(flag::INITIAL) && !self.sounds.edges.is_empty();
        let sounding = if wants_sound { walk(&self.sounds, text, tokens, sound) } else { None };
        let sounding = sounding.filter(|(length, _)| *length > exact_length && lengthy(&tokens[..*length]));
        let (length, endings) = sounding.or(exact)?;
        let mut indices: Vec<u32> = endings.iter().map(|ending| ending.watched).collect();
        indices.sort_by_key(|index| &self.watched[*index as usize].id);
        indices.dedup();
        let first = &self.watched[*indices.first()? as usize];
        let same_kind = indices.iter().map(|index| &self.watched[*index as usize]).filter(|one| one.kind == first.kind);
        let ids = same_kind.map(|one| one.id.clone()).collect();
        let span = Span { start: tokens[0].start, end: tokens[length - 1].end };
        Some((length, WatchMatch { span, ids, kind: first.kind, name: first.name.clone() }))
    }
}

fn lengthy(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| token.end - token.start >= SOUND_LETTERS_MIN as u32)
}

/// What a word is matched by: its folded form; the stop of an abbreviation is left out.
fn key(text: &str, token: &Token) -> u64 {
    if !token.any(flag::DOT) {
        return token.fold;
    }
    hash_folded(&fold(&text[token.range()]).replace('.', ""))
}

fn sound(text: &str, token: &Token) -> u64 {
    hash_folded(&sound_key(&fold(&text[token.range()])))
}

/// Names in capitals that are also words: they are no names where everything around them is in capitals.
const WORDS: &[&str] =
    &["US", "WHO", "IS", "IT", "CAR", "SEC", "FED", "AU", "CIS", "MAY", "SCO", "BIS", "PAN", "ICE", "CARE"];

/// Whether the name at `from..to` may be one in its surroundings: no currency (`US $3`), no word in a line of capitals.
fn is_name_here(text: &str, tokens: &[Token], from: usize, to: usize) -> bool {
    if tokens.get(to).is_some_and(|next| text[next.range()].starts_with('$')) {
        return false;
    }
    if to - from > 1 || !WORDS.contains(&&text[tokens[from].range()]) {
        return true;
    }
    let before = tokens[..from].iter().rev().take(2);
    let near: Vec<&Token> = before.chain(tokens[to..].iter().take(2)).filter(|token| token.any(flag::WORD)).collect();
    near.len() < 2 || near.iter().any(|token| token.any(flag::LOWER))
}

/// Walks the trie along `tokens` and gives the longest name that is written as it must be.
fn walk<'a>(
    names: &'a Names,
    text: &str,
    tokens: &[Token],
    key: impl Fn(&str, &Token) -> u64,
) -> Option<(usize, Vec<&'a Ending>)> {
    let mut state = 0;
    let mut best = None;
    for (at, token) in tokens.iter().enumerate().take(NAME_TOKENS_MAX) {
        if at > 0 && token.any(flag::LINE) && !token.any(flag::UPPER) {
            break;
        }
        let Some(next) = names.step(state, key(text, token)) else { break };
        state = next;
        let written = |ending: &&Ending| is_written(&tokens[..=at], ending.case);
        let endings: Vec<&Ending> = names.ends[state as usize].all().iter().filter(written).collect();
        if !endings.is_empty() {
            best = Some((at + 1, endings));
        }
    }
    best
}

/// Whether the words are written like a name: with capitals at its first word, so that `may`, `who` and `us` are none.
fn is_written(tokens: &[Token], case: Case) -> bool {
    let words = || tokens.iter().filter(|token| token.any(flag::WORD));
    match case {
        Case::Capitals => words().all(|token| !token.any(flag::LOWER)),
        Case::Name => words().next().is_none_or(|first| first.any(flag::UPPER)),
    }
}

impl Annotator for Watchlist {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        let marks = document.marks()?;
        let mut found = self.matches(document.text()?, || document.tick())?;
        found.retain(|one| !marks.iter().any(|mark| mark.span.overlaps(one.span) && is_header(mark.kind)));
        output.assign(WatchlistLayer(found))
    }
}

/// A wire marker names an agency, which counts as any other name; a date header holds none.
fn is_header(kind: dateline_processor::core::MarkKind) -> bool {
    kind == dateline_processor::core::MarkKind::DateHeader
}

#[cfg(test)]
mod tests {
    use super::{Watchlist, WatchlistConfig};
    use dateline_processor::{BuildAnnotator, Resource, Resources};

    fn watchlist(list: &str) -> Watchlist {
        let file = Resource { path: "watchlists/test.toml".to_owned(), bytes: list.as_bytes().to_vec() };
        Watchlist::build(WatchlistConfig::default(), &Resources::new(vec![file])).expect("the list is right")
    }

    const LIST: &str = r#"
        type = "LOC"
        [[entry]]
        id = "US"
        name = "United States"
        aliases = ["US", "USA", "United States of America"]
        demonyms = ["American", "Americans"]
        capital = ["Washington", "Washington DC"]
        [[entry]]
        id = "UA"
        name = "Ukraine"
        capital = ["Kyiv", "Kiev"]
        [[entry]]
        id = "zelensky"
        type = "PER"
        name = "Volodymyr Zelensky"
        aliases = ["Zelensky"]
        [[entry]]
        id = "may"
        type = "PER"
        name = "Theresa May"
    "#;

    fn found(text: &str) -> Vec<(String, String)> {
        let found = watchlist(LIST).matches(text, || Ok(())).expect("no deadline");
        found.into_iter().map(|one| (text[one.span.range()].to_owned(), one.ids.join(","))).collect()
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(text, id)| ((*text).to_owned(), (*id).to_owned())).collect()
    }

    #[test]
    fn the_longest_name_wins_and_words_are_not_names() {
        assert_eq!(
            found("The United States of America told us that the US and U.S. may stay."),
            pairs(&[("United States of America", "US"), ("US", "US"), ("U.S.", "US")])
        );
        assert_eq!(
            found("UKRAINE and Kiev, americans no, Americans yes"),
            pairs(&[("UKRAINE", "UA"), ("Kiev", "UA-capital"), ("Americans", "US-people")])
        );
    }

    #[test]
    fn transliterations_are_found_by_rule() {
        for name in ["Volodymyr Zelenskiy", "Zelenskyy", "VOLODYMYR ZELENSKYJ", "Volodymyr Zelensky", "Selenskyj"] {
            assert_eq!(found(name), pairs(&[(name, "zelensky")]));
        }
        assert_eq!(found("Volodymyr Zelenko"), []);
    }

    #[test]
    fn mistakes_in_lists_are_named() {
        let build = |list: &str| {
            let file = Resource { path: "watchlists/a.toml".to_owned(), bytes: list.as_bytes().to_vec() };
            Watchlist::build(WatchlistConfig::default(), &Resources::new(vec![file])).expect_err("wrong").reason
        };
        assert_eq!(
            build("[[entry]]\nid=\"x\"\nname=\"X\""),
            "entry `x` of watchlist `watchlists/a.toml` has no type: write PER, ORG, LOC or MISC"
        );
        assert_eq!(
            build("type=\"PER\"\n[[entry]]\nid=\"x\"\nname=\"X\"\n[[entry]]\nid=\"x\"\nname=\"Y\""),
            "watchlist id `x` stands twice"
        );
        assert_eq!(build("nonsense = 1"), "watchlist `watchlists/a.toml` is no watchlist");
    }
}
