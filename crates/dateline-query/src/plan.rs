//! [`Query`] to [`Plan`]: which fields, how the parts weigh, what is required, which other spellings are searched.

use crate::context::{Aliases, FacetDeclaration, KnownEntity};
use crate::error::{QueryError, SearchError};
use crate::note::Note;
use crate::parse::{day_range, unknown_field};
use crate::query::{Clause, ClauseKind, EntityField, Form, OtherField, Query, Terms, WordField};
use crate::stop::is_stop_word;
use dateline_core::layers::EntityType;
use dateline_core::{Date, DateInterval, DocumentId, FacetKind, FacetValue, Timestamp};
use dateline_processor_index::words::Folder;
use dateline_processor_index::{Clock, FacetTest, Field, Filter, Node, Order, Plan, Scoring, Word};

/// What another spelling of an entity's name counts beside the one asked for: so little that a text full of it stays
/// below a long one that has the name once.
const ALIAS_WEIGHT: f32 = 0.2;
/// Other spellings searched for one name.
const SPELLINGS_MAX: usize = 24;
/// Entities one name may mean and still all be searched.
const CANDIDATES_MAX: usize = 8;
/// Words of a name typed without quotes.
const NAME_WORDS_MAX: usize = 4;
/// Names looked up for one query, whose words are no names most of the time.
const NAME_LOOKUPS_MAX: usize = 32;

/// Which of the words a document must have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Match {
    /// All; when none has, the best partial matches, and the notes say so.
    #[default]
    All,
    /// At least one.
    Any,
}

/// How a query is to be answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchOptions {
    /// Which of the words must be there.
    pub matching: Match,
    /// No partial matches where no document has all words.
    pub strict: bool,
    /// Search no other spellings of names.
    pub literal: bool,
    /// Search words that the best documents have in common too.
    pub expand: bool,
    /// Only documents certainly written by this day.
    pub as_of: Option<Date>,
    /// With `as_of`: undated documents too.
    pub undated: bool,
    /// What was known at this time, instead of now.
    pub known_at: Option<Timestamp>,
    /// Order; by score when the query has words, else newest first.
    pub order: Option<Order>,
    /// How scores are made; the index's own way when absent.
    pub scoring: Option<Scoring>,
    /// Only documents with a greater id, as [`Plan::after`] says.
    pub after: Option<DocumentId>,
    /// How many hits are passed over.
    pub offset: usize,
    /// How many hits are returned at most.
    pub limit: usize,
}

/// What a plan is made with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The facets that processors declare.
    pub facets: &'a [FacetDeclaration],
    /// Names and their aliases.
    pub aliases: &'a dyn Aliases,
}

/// A plan with what there is to say about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// What is asked of the index.
    pub plan: Plan,
    /// What the user should know.
    pub notes: Vec<Note>,
    /// Words whose places a snippet shows, folded.
    pub words: Vec<Word>,
    /// Whether anything but filters was asked for.
    pub ranked: bool,
}

/// Makes a plan of a query.
///
/// # Errors
/// [`SearchError::Query`] for fields nobody declares and values that do not fit them; [`SearchError::Names`].
pub fn plan(query: &Query, options: &SearchOptions, context: Context<'_>) -> Result<Planned, SearchError> {
    let mut planner = Planner {
        context,
        options,
        folder: Folder::default(),
        keep_stop_words: !has_content(&query.root),
        notes: Vec::new(),
        words: Vec::new(),
        near: Vec::new(),
        loose: Vec::new(),
        ranked: false,
        names_looked_up: 0,
    };
    let node = planner.clause(&query.root, options.matching)?;
    let node = with_loose(node, std::mem::take(&mut planner.loose));
    let clock = options.known_at.map_or(Clock::Current, Clock::KnownAt);
    let default = if planner.ranked { Order::Score } else { Order::Newest };
    let plan = Plan {
        node,
        filter: Filter { clock, as_of: options.as_of, undated: options.undated },
        order: options.order.unwrap_or(default),
        near: planner.near,
        scoring: options.scoring.unwrap_or_default(),
        after: options.after,
        offset: options.offset,
        limit: options.limit,
    };
    Ok(Planned { plan, notes: planner.notes, words: planner.words, ranked: planner.ranked })
}

/// Whether a query has anything but stop words.
fn has_content(clause: &Clause) -> bool {
    match &clause.kind {
        ClauseKind::Terms(terms) => terms.form != Form::Plain || terms.words.iter().any(|word| !is_stop_word(word)),
        ClauseKind::All(clauses) | ClauseKind::Any(clauses) => clauses.iter().any(has_content),
        ClauseKind::Not(_) => false,
        _ => true,
    }
}

struct Planner<'a> {
    context: Context<'a>,
    options: &'a SearchOptions,
    folder: Folder,
    keep_stop_words: bool,
    notes: Vec<Note>,
    words: Vec<Word>,
    near: Vec<Word>,
    /// Words of phrases, each by itself: they rank the documents that have the phrase and find none.
    loose: Vec<Node>,
    ranked: bool,
    names_looked_up: usize,
}

/// The condition for words in one field.
fn in_field(field: Field, terms: &Terms) -> Node {
    let exact = || terms.words.iter().cloned().map(Word::Exact).collect::<Vec<_>>();
    let last = |make: fn(String) -> Word| {
        let mut words = exact();
        if let Some(last) = words.pop() {
            words.push(make(last.text().to_owned()));
        }
        words
    };
    let single = |mut words: Vec<Word>| {
        if words.len() == 1 { Node::Word(field, words.remove(0)) } else { Node::Phrase(field, words) }
    };
    match terms.form {
        Form::Plain => single(terms.words.iter().cloned().map(Word::Stem).collect()),
        Form::Quoted { prefix: false } => single(exact()),
        Form::Quoted { prefix: true } | Form::Prefix => single(last(Word::Prefix)),
        Form::Near(gap) => Node::Near(field, exact(), gap),
        Form::Fuzzy => single(terms.words.iter().cloned().map(Word::Fuzzy).collect()),
    }
}

/// The condition, its documents ranked by these words too.
fn with_loose(node: Node, loose: Vec<Node>) -> Node {
    if loose.is_empty() { node } else { Node::And(vec![node, Node::Or([vec![Node::Everything], loose].concat())]) }
}

fn filter(node: Node) -> Node {
    Node::Weighted(Box::new(node), 0.0)
}

impl Planner<'_> {
    fn clause(&mut self, clause: &Clause, matching: Match) -> Result<Node, SearchError> {
        Ok(match &clause.kind {
            ClauseKind::Everything => Node::Everything,
            ClauseKind::Terms(terms) => self.terms(terms, matching)?.unwrap_or(Node::Everything),
            ClauseKind::Field(field, terms) => self.word_field(*field, terms),
            ClauseKind::Entity(field, terms) => self.entity(*field, terms)?,
            ClauseKind::Written(interval) => Node::Written(*interval),
            ClauseKind::Mentions(interval) => Node::Mentions(*interval),
            ClauseKind::Language(value) => Node::Language(value.clone()),
            ClauseKind::Extension(value) => Node::Extension(value.clone()),
            ClauseKind::Other(field) => self.facet(field)?,
            ClauseKind::All(clauses) => self.all(clauses, matching)?,
            ClauseKind::Any(clauses) => {
                let mut nodes = Vec::with_capacity(clauses.len());
                for clause in clauses {
                    // A stop word among alternatives would match nearly everything.
                    if let ClauseKind::Terms(terms) = &clause.kind {
                        nodes.extend(self.terms(terms, matching)?);
                    } else {
                        nodes.push(self.clause(clause, matching)?);
                    }
                }
                if nodes.is_empty() { Node::Everything } else { Node::Or(nodes) }
            }
            ClauseKind::Not(inner) => {
                // What is excluded is neither shown in snippets nor near anything.
                let (words, near, ranked) = (self.words.len(), self.near.len(), self.ranked);
                let loose = self.loose.len();
                let node = self.clause(inner, Match::All)?;
                self.words.truncate(words);
                self.near.truncate(near);
                self.loose.truncate(loose);
                self.ranked = ranked;
                Node::Not(Box::new(node))
            }
        })
    }

    /// A sequence: words may be optional, filters and exclusions never are.
    fn all(&mut self, clauses: &[Clause], matching: Match) -> Result<Node, SearchError> {
        let (mut words, mut required) = (Vec::new(), Vec::new());
        let mut at = 0;
        while at < clauses.len() {
            if let Some((node, used)) = self.name_in_words(&clauses[at..], matching)? {
                words.push(node);
                at += used;
                continue;
            }
            match &clauses[at].kind {
                ClauseKind::Terms(terms) => words.extend(self.terms(terms, matching)?),
                ClauseKind::All(_) | ClauseKind::Any(_) => words.push(self.clause(&clauses[at], matching)?),
                _ => required.push(self.clause(&clauses[at], matching)?),
            }
            at += 1;
        }
        if matching == Match::Any && words.len() > 1 {
            words = vec![Node::Or(words)];
        }
        words.append(&mut required);
        Ok(if words.len() == 1 && !matches!(words[0], Node::Not(_)) { words.remove(0) } else { Node::And(words) })
    }

    /// Words of the text; `None` when they say nothing.
    fn terms(&mut self, terms: &Terms, matching: Match) -> Result<Option<Node>, SearchError> {
        let says_nothing = |word: &String| is_stop_word(word);
        if terms.form == Form::Plain && !self.keep_stop_words && terms.words.iter().all(says_nothing) {
            return Ok(None);
        }
        self.ranked = true;
        let node = if terms.form == Form::Plain && terms.words.len() > 1 && matching == Match::Any {
            let parts = terms.words.iter().filter(|word| !says_nothing(word)).cloned().map(Word::Stem);
            Node::Or(parts.map(|word| Node::Word(Field::Text, word)).collect())
        } else {
            in_field(Field::Text, terms)
        };
        self.remember(terms);
        let tried = matches!(terms.form, Form::Plain | Form::Quoted { prefix: false });
        if !tried || self.options.literal {
            return Ok(Some(node));
        }
        let spellings = self.other_spellings(&terms.text, &terms.words)?;
        Ok(Some(self.with_spellings(node, spellings)))
    }

    /// Keeps the words for snippets and nearness.
    fn remember(&mut self, terms: &Terms) {
        let make: fn(String) -> Word = match terms.form {
            Form::Plain => Word::Stem,
            Form::Quoted { .. } | Form::Near(_) => Word::Exact,
            Form::Prefix => Word::Prefix,
            Form::Fuzzy => Word::Fuzzy,
        };
        let last = terms.words.len().saturating_sub(1);
        for (at, word) in terms.words.iter().enumerate() {
            let quoted_prefix = terms.form == (Form::Quoted { prefix: true }) && at == last;
            self.words.push(if quoted_prefix { Word::Prefix(word.clone()) } else { make(word.clone()) });
            if !self.keep_stop_words && is_stop_word(word) {
                continue;
            }
            match terms.form {
                Form::Plain => self.near.push(Word::Stem(word.clone())),
                Form::Quoted { .. } | Form::Near(_) if last > 0 => {
                    self.loose.push(Node::Word(Field::Text, Word::Stem(word.clone())));
                }
                _ => {}
            }
        }
    }

    fn word_field(&mut self, field: WordField, terms: &Terms) -> Node {
        match field {
            WordField::Title => {
                self.ranked = true;
                self.remember(terms);
                in_field(Field::Title, terms)
            }
            WordField::Path => filter(in_field(Field::Path, terms)),
            WordField::Source => filter(in_field(Field::Source, terms)),
        }
    }

    /// A person's, organisation's or place's name typed as plain words: the longest run that is one.
    fn name_in_words(&mut self, clauses: &[Clause], matching: Match) -> Result<Option<(Node, usize)>, SearchError> {
        if self.options.literal {
            return Ok(None);
        }
        let plain = |clause: &Clause| match &clause.kind {
            ClauseKind::Terms(terms) if terms.form == Form::Plain => Some(terms.clone()),
            _ => None,
        };
        let run: Vec<Terms> = clauses.iter().map_while(plain).take(NAME_WORDS_MAX).collect();
        for length in (2..=run.len()).rev() {
            let run = &run[..length];
            if is_stop_word(&run[0].words[0]) || run[length - 1].words.iter().all(|word| is_stop_word(word)) {
                continue;
            }
            let words: Vec<String> = run.iter().flat_map(|terms| terms.words.iter().cloned()).collect();
            let name = run.iter().map(|terms| terms.text.as_str()).collect::<Vec<_>>().join(" ");
            let spellings = self.other_spellings(&name, &words)?;
            if spellings.is_empty() {
                continue;
            }
            self.ranked = true;
            run.iter().for_each(|terms| self.remember(terms));
            let parts = words.iter().filter(|word| self.keep_stop_words || !is_stop_word(word)).cloned();
            let parts: Vec<Node> = parts.map(|word| Node::Word(Field::Text, Word::Stem(word))).collect();
            let literal = if matching == Match::Any { Node::Or(parts) } else { Node::And(parts) };
            return Ok(Some((self.with_spellings(literal, spellings), length)));
        }
        Ok(None)
    }

    /// The other names of the one entity a name means; none when it means none or several.
    fn other_spellings(&mut self, name: &str, words: &[String]) -> Result<Vec<Vec<String>>, SearchError> {
        self.names_looked_up += 1;
        if self.names_looked_up > NAME_LOOKUPS_MAX {
            return Ok(Vec::new());
        }
        let candidates = self.context.aliases.named(name).map_err(SearchError::Names)?;
        let [entity] = candidates.as_slice() else { return Ok(Vec::new()) };
        let mut spellings: Vec<Vec<String>> = Vec::new();
        let mut shown = Vec::new();
        for other in &entity.names {
            let folded = self.folder.folded_words(other);
            // A name that holds the one asked for is found by it anyway.
            let held = folded.windows(words.len()).any(|window| window == words);
            if !held && !folded.is_empty() && !spellings.contains(&folded) && spellings.len() < SPELLINGS_MAX {
                shown.push(other.clone());
                spellings.push(folded);
            }
        }
        if !shown.is_empty() {
            self.notes.push(Note::Also { name: name.to_owned(), spellings: shown });
        }
        Ok(spellings)
    }

    fn with_spellings(&mut self, literal: Node, spellings: Vec<Vec<String>>) -> Node {
        if spellings.is_empty() {
            return literal;
        }
        let mut others = Vec::with_capacity(spellings.len());
        for words in spellings {
            self.words.extend(words.iter().cloned().map(Word::Exact));
            others.push(phrase(Field::Text, words));
        }
        Node::Spellings(Box::new(literal), others, ALIAS_WEIGHT)
    }

    /// Documents with an entity, ranked by how much they speak of it.
    fn entity(&mut self, field: EntityField, terms: &Terms) -> Result<Node, SearchError> {
        let fields: &[Field] = match field {
            EntityField::Any => &Field::NAMES,
            EntityField::Person => &[Field::Person],
            EntityField::Org => &[Field::Org],
            EntityField::Place => &[Field::Place],
        };
        self.ranked = true;
        let known = self.known_entities(field, terms)?;
        let mut conditions: Vec<Node> = Vec::new();
        let mut spoken: Vec<Vec<String>> = vec![terms.words.clone()];
        if known.is_empty() || terms.form != Form::Plain {
            // Names are no prose: their words have no stems.
            conditions.extend(fields.iter().map(|field| in_field(*field, terms)));
        }
        for entity in &known {
            conditions.push(Node::Reference(entity.id.clone()));
            let listed = is_on_a_watchlist(&entity.id);
            for name in entity.names.iter().take(SPELLINGS_MAX) {
                let words = self.folder.folded_words(name);
                if !listed && !words.is_empty() {
                    conditions.extend(fields.iter().map(|field| phrase(*field, words.clone())));
                }
                if !words.is_empty() && !spoken.contains(&words) {
                    spoken.push(words);
                }
            }
        }
        self.words.extend(spoken.iter().flatten().cloned().map(Word::Exact));
        let mut ranking = vec![Node::Everything];
        if matches!(terms.form, Form::Plain | Form::Quoted { .. }) {
            ranking.push(Node::Best(spoken.into_iter().map(|words| phrase(Field::Text, words)).collect()));
        }
        Ok(Node::And(vec![filter(Node::Or(conditions)), Node::Or(ranking)]))
    }

    /// The entities a name in an entity field may mean; says so when they are several.
    fn known_entities(&mut self, field: EntityField, terms: &Terms) -> Result<Vec<KnownEntity>, SearchError> {
        if !matches!(terms.form, Form::Plain | Form::Quoted { prefix: false }) {
            return Ok(Vec::new());
        }
        let fits = |kind: EntityType| match field {
            EntityField::Any => true,
            EntityField::Person => kind == EntityType::Per,
            EntityField::Org => kind == EntityType::Org,
            EntityField::Place => kind == EntityType::Loc,
        };
        let mut known = self.context.aliases.named(&terms.text).map_err(SearchError::Names)?;
        known.retain(|entity| fits(entity.kind));
        known.truncate(CANDIDATES_MAX);
        if known.len() > 1 {
            let candidates = known.iter().map(|entity| (entity.id.clone(), entity.name.clone())).collect();
            self.notes.push(Note::Ambiguous { name: terms.text.clone(), candidates });
        }
        if known.is_empty() {
            let like = self.context.aliases.like(&terms.text).map_err(SearchError::Names)?;
            self.notes.push(Note::UnknownName { name: terms.text.clone(), like });
        }
        Ok(known)
    }

    fn facet(&mut self, field: &OtherField) -> Result<Node, QueryError> {
        let declared = self.context.facets.iter().find(|facet| facet.name == field.name);
        let Some(declared) = declared else {
            let names: Vec<&str> = self.context.facets.iter().map(|facet| facet.name.as_str()).collect();
            return Err(unknown_field(field, &names));
        };
        let test = facet_test(declared.kind, &field.value).ok_or_else(|| {
            let expected = match declared.kind {
                FacetKind::Keyword => "a word",
                FacetKind::Integer => "a whole number or range: `5`, `>=5`, `1..9`",
                FacetKind::Number => "a number or range: `0.5`, `>=0.5`, `0.1..0.9`",
                FacetKind::Date => "a day, month, year or range: `2022-04`, `>=2022-04-05`",
            };
            QueryError::new(
                format!("`{}` is no value of `{}`", field.value, field.name),
                field.value_span.clone(),
                expected,
            )
        })?;
        Ok(Node::Facet(field.name.clone(), test))
    }
}

fn phrase(field: Field, words: Vec<String>) -> Node {
    let mut words: Vec<Word> = words.into_iter().map(Word::Exact).collect();
    if words.len() == 1 { Node::Word(field, words.remove(0)) } else { Node::Phrase(field, words) }
}

/// Reads a condition on a facet; `*` is any value.
fn facet_test(kind: FacetKind, text: &str) -> Option<FacetTest> {
    if text == "*" {
        return Some(FacetTest::Any(kind));
    }
    match kind {
        FacetKind::Keyword => Some(FacetTest::Is(FacetValue::Keyword(text.to_owned()))),
        FacetKind::Integer => {
            let one = |text: &str| text.trim().parse::<i64>().ok();
            let range = numbers(text, &one)?;
            let (from, to) = (range.from.map(|(at, open)| at.saturating_add(i64::from(open))), range.to);
            let to = to.map(|(at, open)| at.saturating_sub(i64::from(open)));
            Some(FacetTest::Between(from.map(FacetValue::Integer), to.map(FacetValue::Integer)))
        }
        FacetKind::Number => {
            let one = |text: &str| text.trim().parse::<f64>().ok().filter(|number| !number.is_nan());
            let range = numbers(text, &one)?;
            let from = range.from.map(|(at, open)| if open { at.next_up() } else { at });
            let to = range.to.map(|(at, open)| if open { at.next_down() } else { at });
            Some(FacetTest::Between(from.map(FacetValue::Number), to.map(FacetValue::Number)))
        }
        FacetKind::Date => {
            let DateInterval { earliest, latest } = day_range(text)?;
            Some(FacetTest::Between(Some(FacetValue::Date(earliest)), Some(FacetValue::Date(latest))))
        }
    }
}

/// A range whose bounds say whether they are left out.
struct Range<T> {
    from: Option<(T, bool)>,
    to: Option<(T, bool)>,
}

fn numbers<T: Copy>(text: &str, one: &dyn Fn(&str) -> Option<T>) -> Option<Range<T>> {
    let from = |at: T, open: bool| Range { from: Some((at, open)), to: None };
    let to = |at: T, open: bool| Range { from: None, to: Some((at, open)) };
    if let Some(rest) = text.strip_prefix(">=") {
        return Some(from(one(rest)?, false));
    }
    if let Some(rest) = text.strip_prefix("<=") {
        return Some(to(one(rest)?, false));
    }
    if let Some(rest) = text.strip_prefix('>') {
        return Some(from(one(rest)?, true));
    }
    if let Some(rest) = text.strip_prefix('<') {
        return Some(to(one(rest)?, true));
    }
    match text.split_once("..") {
        Some(("", end)) => Some(to(one(end)?, false)),
        Some((start, "")) => Some(from(one(start)?, false)),
        Some((start, end)) => Some(Range { from: Some((one(start)?, false)), to: Some((one(end)?, false)) }),
        None => {
            let at = one(text)?;
            Some(Range { from: Some((at, false)), to: Some((at, false)) })
        }
    }
}

/// Whether an entity is tagged by its id in the index. Those of the registry alone are not: their ids begin with their
/// type (`per:...`), and they are found by their names.
fn is_on_a_watchlist(id: &str) -> bool {
    let head = id.split_once(':').map(|(head, _)| head.to_ascii_uppercase());
    head.is_none_or(|head| EntityType::parse(&head).is_none())
}
