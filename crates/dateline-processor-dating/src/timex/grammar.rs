//! Rules as data: patterns over word classes, compiled into one automaton.
//!
//! A pattern is a row of class names and `'literal'` words; `( | )` choose, `?` makes optional, `{ }` bound what is
//! tagged (without braces: all of it). What a match means is the resolver's matter.
//!
//! Beside `pattern` and `op` a rule may say `set` (slots every match has), and of a match with several tagged parts: `share`
//! (slots they lend each other), `then` (slots of those after the first), `lend` (a slot of the last part under the name
//! by which the first knows it); and `only` (the kinds of text in which it holds).

use super::frame::{Frame, Slot, code_of};
use super::lexicon::{ClassId, Lexicon, class};
use super::token::{self, SenseBuffer, Token};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Most tokens one match can span.
pub(crate) const MATCH_TOKENS_MAX: usize = 20;
/// Most tagged parts of one match.
const PARTS_MAX: usize = 4;
/// Most steps spent on one starting token; patterns are short, so this bounds ambiguity, not length.
const STEPS_MAX: u32 = 2_000;
/// Most states of the automaton.
const STATES_MAX: usize = 60_000;

/// Why the rules of a language could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RuleError {
    /// Not TOML, or of the wrong shape.
    #[error("`{file}` is no rule file")]
    Toml {
        /// The file.
        file: &'static str,
        /// Why.
        #[source]
        source: toml::de::Error,
    },
    /// A name nobody defines.
    #[error("`{file}`: `{rule}` uses `{what}`, which is not defined")]
    Unknown {
        /// The file.
        file: &'static str,
        /// The rule or class.
        rule: String,
        /// The name.
        what: String,
    },
    /// A pattern that does not parse.
    #[error("`{file}`: pattern of `{rule}`: {reason}")]
    Pattern {
        /// The file.
        file: &'static str,
        /// The rule.
        rule: String,
        /// Why.
        reason: &'static str,
    },
    /// The automaton grows too large.
    #[error("the rules need more than {STATES_MAX} states")]
    TooLarge,
}

/// What the resolver does with a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Op {
    /// Nothing: the words look like a date and are none.
    None,
    /// A place in the calendar.
    Point,
    /// A number of units before or after some point.
    Offset,
    /// A length of time.
    Duration,
    /// Something that recurs.
    Set,
    /// Past, present or future, vaguely.
    Ref,
}

/// In which kind of text a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Where {
    News,
    Narrative,
    Colloquial,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[serde(default)]
    define: BTreeMap<String, String>,
    #[serde(default)]
    rule: Vec<RuleEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    name: String,
    pattern: Patterns,
    op: Op,
    #[serde(default)]
    set: BTreeMap<String, toml::Value>,
    #[serde(default)]
    share: Vec<String>,
    #[serde(default)]
    then: BTreeMap<String, toml::Value>,
    #[serde(default)]
    lend: BTreeMap<String, String>,
    #[serde(default)]
    only: Vec<Where>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Patterns {
    One(String),
    Many(Vec<String>),
}

#[derive(Clone, Debug)]
enum Node {
    Class(ClassId),
    Row(Vec<Node>),
    Choice(Vec<Node>),
    Maybe(Box<Node>),
    Open,
    Close,
}

/// One rule.
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) op: Op,
    /// Slots every match has.
    constants: Vec<(Slot, i32)>,
    /// Slots that the extents of one match lend each other.
    share: Vec<Slot>,
    /// Slots that the extents after the first have beside the constants.
    then: Vec<(Slot, i32)>,
    /// Slots of the last extent, with those by which the first one knows of them.
    lend: Vec<(Slot, Slot)>,
    pub(crate) only: Vec<Where>,
    node: Node,
    bounded: bool,
}

/// One pattern as read, before it is compiled.
pub(crate) struct RuleSet {
    pub(crate) rules: Vec<Rule>,
    defines: BTreeMap<String, String>,
}

impl RuleSet {
    pub(crate) fn new() -> RuleSet {
        RuleSet { rules: Vec::new(), defines: BTreeMap::new() }
    }

    /// Adds a rule file. Definitions hold for it and the files after it.
    pub(crate) fn add(&mut self, file: &'static str, text: &str, lexicon: &mut Lexicon) -> Result<(), RuleError> {
        let parsed: RuleFile = toml::from_str(text).map_err(|source| RuleError::Toml { file, source })?;
        self.defines.extend(parsed.define);
        for entry in parsed.rule {
            let patterns = match &entry.pattern {
                Patterns::One(pattern) => std::slice::from_ref(pattern),
                Patterns::Many(patterns) => patterns.as_slice(),
            };
            for pattern in patterns {
                let rule = self.rule(file, &entry, pattern, lexicon)?;
                self.rules.push(rule);
            }
        }
        Ok(())
    }

    fn rule(
        &self,
        file: &'static str,
        entry: &RuleEntry,
        pattern: &str,
        lexicon: &mut Lexicon,
    ) -> Result<Rule, RuleError> {
        let unknown = |what: &str| RuleError::Unknown { file, rule: entry.name.clone(), what: what.to_owned() };
        let slot = |name: &str| Slot::parse(name).ok_or_else(|| unknown(name));
        let filled = |set: &BTreeMap<String, toml::Value>| -> Result<Vec<(Slot, i32)>, RuleError> {
            let mut constants = Vec::new();
            for (name, value) in set {
                let slot = slot(name)?;
                let code = match value {
                    toml::Value::Integer(number) => i32::try_from(*number).ok(),
                    toml::Value::String(word) => code_of(slot, word),
                    _ => None,
                };
                constants.push((slot, code.ok_or_else(|| unknown(&value.to_string()))?));
            }
            Ok(constants)
        };
        let (constants, then) = (filled(&entry.set)?, filled(&entry.then)?);
        let share = entry.share.iter().map(|name| slot(name)).collect::<Result<_, _>>()?;
        let lend = entry.lend.iter().map(|(from, to)| Ok((slot(from)?, slot(to)?))).collect::<Result<_, _>>()?;
        let node = PatternParser { set: self, file, rule: &entry.name, lexicon }.parse(pattern)?;
        Ok(Rule {
            name: entry.name.clone(),
            op: entry.op,
            constants,
            share,
            then,
            lend,
            only: entry.only.clone(),
            node,
            bounded: pattern.contains('{'),
        })
    }
}

struct PatternParser<'a> {
    set: &'a RuleSet,
    file: &'static str,
    rule: &'a str,
    lexicon: &'a mut Lexicon,
}

impl PatternParser<'_> {
    fn wrong(&self, reason: &'static str) -> RuleError {
        RuleError::Pattern { file: self.file, rule: self.rule.to_owned(), reason }
    }

    fn parse(&mut self, pattern: &str) -> Result<Node, RuleError> {
        let words = split(pattern);
        let mut at = 0;
        let node = self.choice(&words, &mut at, 0)?;
        if at == words.len() { Ok(node) } else { Err(self.wrong("a bracket closes that was not opened")) }
    }

    fn choice(&mut self, words: &[String], at: &mut usize, depth: usize) -> Result<Node, RuleError> {
        if depth > 16 {
            return Err(self.wrong("definitions nest too deep"));
        }
        let mut choices = vec![Vec::new()];
        while let Some(word) = words.get(*at) {
            let node = match word.as_str() {
                ")" => break,
                "|" => {
                    *at += 1;
                    choices.push(Vec::new());
                    continue;
                }
                "(" => {
                    *at += 1;
                    let inner = self.choice(words, at, depth + 1)?;
                    if words.get(*at).map(String::as_str) != Some(")") {
                        return Err(self.wrong("a bracket is not closed"));
                    }
                    inner
                }
                "{" => Node::Open,
                "}" => Node::Close,
                "?" => return Err(self.wrong("`?` follows nothing")),
                name => self.atom(name, depth)?,
            };
            *at += 1;
            let node = if words.get(*at).map(String::as_str) == Some("?") {
                *at += 1;
                Node::Maybe(Box::new(node))
            } else {
                node
            };
            if let Some(row) = choices.last_mut() {
                row.push(node);
            }
        }
        let mut rows: Vec<Node> = choices.into_iter().map(Node::Row).collect();
        Ok(if rows.len() == 1 { rows.swap_remove(0) } else { Node::Choice(rows) })
    }

    fn atom(&mut self, name: &str, depth: usize) -> Result<Node, RuleError> {
        if let Some(text) = name.strip_prefix('\'') {
            return Ok(Node::Class(self.lexicon.literal(text.trim_end_matches('\''))));
        }
        if let Some(definition) = self.set.defines.get(name) {
            let words = split(definition);
            return self.choice(&words, &mut 0, depth + 1);
        }
        let unknown = || RuleError::Unknown { file: self.file, rule: self.rule.to_owned(), what: name.to_owned() };
        self.lexicon.find_class(name).map(Node::Class).ok_or_else(unknown)
    }
}

/// Cuts a pattern into names, literals and signs.
fn split(pattern: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for character in pattern.chars() {
        // Inside a literal an apostrophe may stand (`'o'clock'`); it ends only before a blank or a sign.
        if quoted || !matches!(character, '(' | ')' | '|' | '?' | '{' | '}' | ' ' | '\n') {
            if character == '\'' && word.is_empty() {
                quoted = true;
            }
            if quoted && character == ' ' {
                quoted = false;
                words.push(std::mem::take(&mut word));
                continue;
            }
            if quoted
                && word.len() > 1
                && word.ends_with('\'')
                && matches!(character, '(' | ')' | '|' | '?' | '{' | '}' | '\n')
            {
                quoted = false;
                words.push(std::mem::take(&mut word));
                if character != '\n' {
                    words.push(character.to_string());
                }
                continue;
            }
            word.push(character);
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if !matches!(character, ' ' | '\n') {
            words.push(character.to_string());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// A state before determinisation: where it goes by class, and where without.
#[derive(Default)]
struct Draft {
    edges: Vec<(ClassId, u32)>,
    free: Vec<u32>,
    accepts: Option<u16>,
}

fn draw(node: &Node, from: u32, states: &mut Vec<Draft>) -> u32 {
    match node {
        Node::Open | Node::Close => from,
        Node::Class(class) => {
            let to = states.len() as u32;
            states.push(Draft::default());
            states[from as usize].edges.push((*class, to));
            to
        }
        Node::Row(nodes) => nodes.iter().fold(from, |from, node| draw(node, from, states)),
        Node::Choice(nodes) => {
            let ends: Vec<u32> = nodes.iter().map(|node| draw(node, from, states)).collect();
            let to = states.len() as u32;
            states.push(Draft::default());
            ends.iter().for_each(|end| states[*end as usize].free.push(to));
            to
        }
        Node::Maybe(inner) => {
            // A state of its own in front, so that a row of optional parts cannot run in circles.
            let end = draw(inner, from, states);
            let to = states.len() as u32;
            states.push(Draft::default());
            states[end as usize].free.push(to);
            states[from as usize].free.push(to);
            to
        }
    }
}

/// A state of the automaton: edges in `edges[from..to]`, and the best rule that ends here.
#[derive(Clone, Default)]
struct State {
    from: u32,
    to: u32,
    accepts: Vec<u16>,
}

/// All rules of a language in one deterministic automaton over word classes.
pub(crate) struct Grammar {
    pub(crate) rules: Vec<Rule>,
    states: Vec<State>,
    edges: Vec<(ClassId, u32)>,
    /// Where each class leads from the start; 0 for nowhere.
    start: Vec<u32>,
}

/// A match, before it is resolved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Match {
    pub(crate) rule: u16,
    pub(crate) from: usize,
    pub(crate) length: usize,
    path: [ClassId; MATCH_TOKENS_MAX],
    /// First token and the one after the last, of each tagged part, counted from `from`.
    parts: [(u8, u8); PARTS_MAX],
    count: usize,
}

impl Match {
    /// How many tokens lie before the first tagged part.
    pub(crate) fn tagged_start(&self) -> usize {
        if self.count == 0 { 0 } else { usize::from(self.parts[0].0) }
    }

    /// How many tokens lie before the end of the last tagged part.
    pub(crate) fn tagged_end(&self) -> usize {
        if self.count == 0 { self.length } else { usize::from(self.parts[self.count - 1].1) }
    }
}

/// What of a match is tagged, and what it says.
pub(crate) struct Extent {
    /// First token.
    pub(crate) from: usize,
    /// The token after the last one.
    pub(crate) to: usize,
    pub(crate) frame: Frame,
}

impl Grammar {
    /// Compiles the rules. No class may be made after it.
    pub(crate) fn compile(set: RuleSet, lexicon: &Lexicon) -> Result<Grammar, RuleError> {
        let mut drafts = vec![Draft::default()];
        for (at, rule) in set.rules.iter().enumerate() {
            let end = draw(&rule.node, 0, &mut drafts);
            let accept = drafts.len() as u32;
            drafts.push(Draft { accepts: Some(at as u16), ..Draft::default() });
            drafts[end as usize].free.push(accept);
        }
        let mut grammar =
            Grammar { rules: set.rules, states: Vec::new(), edges: Vec::new(), start: vec![0; lexicon.class_count()] };
        grammar.determinise(&drafts)?;
        let first = grammar.states[0].clone();
        for (class, to) in &grammar.edges[first.from as usize..first.to as usize] {
            grammar.start[*class as usize] = *to;
        }
        Ok(grammar)
    }

    fn determinise(&mut self, drafts: &[Draft]) -> Result<(), RuleError> {
        let first = closure(&[0], drafts);
        let mut known: BTreeMap<Vec<u32>, u32> = BTreeMap::from([(first.clone(), 0)]);
        let mut sets = vec![first];
        let mut at = 0;
        while at < sets.len() {
            let mut targets: BTreeMap<ClassId, Vec<u32>> = BTreeMap::new();
            let mut accepts: Vec<u16> = Vec::new();
            for draft in sets[at].iter().map(|draft| &drafts[*draft as usize]) {
                draft.edges.iter().for_each(|(class, to)| targets.entry(*class).or_default().push(*to));
                accepts.extend(draft.accepts);
            }
            accepts.sort_unstable();
            let from = self.edges.len() as u32;
            for (class, targets) in targets {
                let set = closure(&targets, drafts);
                let next = sets.len() as u32;
                let to = *known.entry(set.clone()).or_insert(next);
                if to == next {
                    sets.push(set);
                }
                self.edges.push((class, to));
            }
            self.states.push(State { from, to: self.edges.len() as u32, accepts });
            at += 1;
            if sets.len() > STATES_MAX {
                return Err(RuleError::TooLarge);
            }
        }
        Ok(())
    }

    /// The longest match that starts at token `from`; of equally long ones, that of the rule written first.
    pub(crate) fn longest(&self, scanner: &mut Scanner<'_>, from: usize) -> Option<Match> {
        let mut walk = Walk { grammar: self, from, path: [0; MATCH_TOKENS_MAX], best: None, steps: 0 };
        let head = scanner.senses_at(from, 0)?;
        for at in 0..head {
            let class = scanner.class_at(0, at);
            let state = self.start[class as usize];
            if state != 0 {
                walk.path[0] = class;
                walk.step(scanner, state, 1);
            }
        }
        let mut best = walk.best?;
        self.bound(&mut best);
        Some(best)
    }

    fn edge(&self, state: &State, class: ClassId) -> Option<u32> {
        let edges = &self.edges[state.from as usize..state.to as usize];
        edges.binary_search_by_key(&class, |edge| edge.0).ok().map(|at| edges[at].1)
    }

    /// Finds which tokens of a match are tagged.
    fn bound(&self, found: &mut Match) {
        let rule = &self.rules[found.rule as usize];
        found.parts = [(0, found.length as u8); PARTS_MAX];
        found.count = 1;
        if !rule.bounded {
            return;
        }
        let mut marks = Vec::with_capacity(2 * PARTS_MAX);
        let left = Left { nodes: std::slice::from_ref(&rule.node), next: None };
        if align(&left, &found.path[..found.length], 0, &mut marks) {
            let pairs = marks.chunks_exact(2).map(|pair| (pair[0] as u8, pair[1] as u8));
            found.count = 0;
            for pair in pairs.filter(|pair| pair.0 < pair.1).take(PARTS_MAX) {
                found.parts[found.count] = pair;
                found.count += 1;
            }
        }
    }

    /// The tagged parts of a match with their frames.
    pub(crate) fn extents(&self, found: &Match, scanner: &mut Scanner<'_>) -> Vec<Extent> {
        let rule = &self.rules[found.rule as usize];
        let mut extents: Vec<Extent> = Vec::new();
        for (from, to) in found.parts[..found.count].iter().map(|(from, to)| (usize::from(*from), usize::from(*to))) {
            let mut frame = Frame::default();
            let then = if extents.is_empty() { &[] } else { rule.then.as_slice() };
            for (slot, value) in rule.constants.iter().chain(then) {
                frame.set(*slot, *value);
            }
            for at in from..to {
                if frame.has(Slot::Compound) {
                    frame.keep_major();
                }
                scanner.bind(found.from + at, found.path[at], &mut frame);
            }
            extents.push(Extent { from: found.from + from, to: found.from + to, frame });
        }
        if extents.len() > 1 {
            rule.lend.iter().for_each(|(from, to)| {
                if let Some(value) = extents.last().and_then(|last| last.frame.get(*from)) {
                    extents[0].frame.set(*to, value);
                }
            });
            for at in 0..extents.len() {
                for other in (0..extents.len()).rev() {
                    let lender = extents[other].frame;
                    rule.share.iter().for_each(|slot| extents[at].frame.inherit(*slot, &lender));
                }
            }
        }
        extents
    }
}

/// What is left of a pattern: a row, and what follows the row it stands in.
struct Left<'a> {
    nodes: &'a [Node],
    next: Option<&'a Left<'a>>,
}

/// Finds where the marks of a pattern fall on the classes it matched.
fn align(left: &Left<'_>, path: &[ClassId], at: usize, marks: &mut Vec<usize>) -> bool {
    let Some((node, tail)) = left.nodes.split_first() else {
        return left.next.map_or(at == path.len(), |next| align(next, path, at, marks));
    };
    let after = Left { nodes: tail, next: left.next };
    let kept = marks.len();
    let mut attempt = |front: &[Node]| {
        let found = align(&Left { nodes: front, next: Some(&after) }, path, at, marks);
        if !found {
            marks.truncate(kept);
        }
        found
    };
    match node {
        Node::Open | Node::Close => {
            marks.push(at);
            align(&after, path, at, marks)
        }
        Node::Class(class) => path.get(at) == Some(class) && align(&after, path, at + 1, marks),
        Node::Row(nodes) => attempt(nodes),
        Node::Choice(nodes) => nodes.iter().any(|node| attempt(std::slice::from_ref(node))),
        Node::Maybe(inner) => attempt(std::slice::from_ref(inner)) || attempt(&[]),
    }
}

fn closure(from: &[u32], drafts: &[Draft]) -> Vec<u32> {
    let mut set: Vec<u32> = from.to_vec();
    let mut at = 0;
    while at < set.len() {
        for next in &drafts[set[at] as usize].free {
            if !set.contains(next) {
                set.push(*next);
            }
        }
        at += 1;
    }
    set.sort_unstable();
    set.dedup();
    set
}

struct Walk<'a> {
    grammar: &'a Grammar,
    from: usize,
    path: [ClassId; MATCH_TOKENS_MAX],
    best: Option<Match>,
    steps: u32,
}

impl Walk<'_> {
    fn step(&mut self, scanner: &mut Scanner<'_>, state: u32, length: usize) {
        self.steps += 1;
        let grammar = self.grammar;
        let state = &grammar.states[state as usize];
        if let Some(rule) = state.accepts.iter().copied().find(|rule| scanner.allows(&grammar.rules[*rule as usize])) {
            let better = self.best.is_none_or(|best| length > best.length || length == best.length && rule < best.rule);
            if better {
                self.best = Some(Match {
                    rule,
                    from: self.from,
                    length,
                    path: self.path,
                    parts: [(0, 0); PARTS_MAX],
                    count: 0,
                });
            }
        }
        if length == MATCH_TOKENS_MAX
            || self.steps > STEPS_MAX
            || state.from == state.to
            || !scanner.joined(self.from + length)
        {
            return;
        }
        let Some(count) = scanner.senses_at(self.from + length, length) else { return };
        for at in 0..count {
            let class = scanner.class_at(length, at);
            if let Some(next) = grammar.edge(state, class) {
                self.path[length] = class;
                self.step(scanner, next, length + 1);
            }
        }
    }
}

fn names_month(token: &Token, lexicon: &Lexicon) -> bool {
    token.word != 0 && lexicon.entry(token.word).senses.iter().any(|sense| sense.slot == Some(Slot::Month))
}

/// Reads tokens for the automaton: which classes each has, in this kind of text.
pub(crate) struct Scanner<'a> {
    pub(crate) tokens: &'a [Token],
    pub(crate) lexicon: &'a Lexicon,
    pub(crate) place: Where,
    /// One buffer per depth of a walk, with the token it was filled for.
    buffers: Vec<(usize, SenseBuffer)>,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(tokens: &'a [Token], lexicon: &'a Lexicon, place: Where) -> Scanner<'a> {
        let buffers = (0..=MATCH_TOKENS_MAX).map(|_| (usize::MAX, SenseBuffer::new())).collect();
        Scanner { tokens, lexicon, place, buffers }
    }

    fn senses_at(&mut self, token: usize, depth: usize) -> Option<usize> {
        let read = self.tokens.get(token)?;
        let buffer = &mut self.buffers[depth];
        if buffer.0 != token {
            buffer.0 = token;
            token::senses(read, self.lexicon, self.place == Where::Colloquial, &mut buffer.1);
            // `February 12-point document`: a number joined to a word counts, unless the word is its month.
            if self
                .tokens
                .get(token + 1)
                .is_some_and(|next| next.has(token::HYPHEN) && !names_month(next, self.lexicon))
            {
                buffer.1.retain(|sense| sense.class != class::DAY);
            }
        }
        Some(buffer.1.len())
    }

    fn class_at(&self, depth: usize, at: usize) -> ClassId {
        self.buffers[depth].1[at].class
    }

    fn allows(&self, rule: &Rule) -> bool {
        rule.only.is_empty() || rule.only.contains(&self.place)
    }

    /// Whether nothing parts the token from the one before it.
    fn joined(&self, token: usize) -> bool {
        self.tokens.get(token).is_some_and(|token| !token.has(token::PARAGRAPH))
    }

    fn bind(&mut self, token: usize, class: ClassId, frame: &mut Frame) {
        let depth = MATCH_TOKENS_MAX;
        if self.senses_at(token, depth).is_some()
            && let Some(sense) = self.buffers[depth].1.iter().find(|sense| sense.class == class)
        {
            token::bind(&self.tokens[token], sense, frame);
        }
    }
}
