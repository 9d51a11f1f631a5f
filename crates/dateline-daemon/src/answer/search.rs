//! `search`, and the selections other requests share: a query and the two clocks, asked of the index.

use super::{Answered, Answerer, Reply, store_error};
use dateline_core::{DocumentId, Revision, Span};
use dateline_processor_index::{Clock, Filter, Found, FoundHit, Node, Order, Plan};
use dateline_protocol::wire::{ByteSpan, Days, Hit};
use dateline_protocol::{Counts, End, ErrorBody, ErrorKind, Exit, Match, Note, Search, Selection};
use dateline_query::{
    Aliases, Article, Context, FacetDeclaration, KnownEntity, OutsideError, Query, QueryError, SearchError,
    SearchOptions, Sources, Texts,
};
use dateline_store::{ChangeData, DocumentEntry, Store};
use serde_json::{Value, json};
use std::cell::OnceCell;
use std::collections::HashSet;

/// The query that everything answers.
const EVERYTHING: &str = "*";
/// Documents asked of the index at once when all of them are wanted.
const PAGE: usize = 10_000;
/// Hits looked at once more for paths, at least, when the first ones were in too few files.
const PATHS_HITS_MIN: usize = 100;
/// Hits one search may ask for.
const HITS_MAX: u32 = 100_000;

/// Letters of a mistyped name that entities are looked for by.
const PART_LETTERS: usize = 3;
/// Entities looked at that have a part of a mistyped name.
const LIKE_LOOKED_AT: usize = 600;

/// The store as the source of texts.
pub(super) struct StoreTexts<'a>(pub(super) &'a Store);

impl Texts for StoreTexts<'_> {
    fn article(&self, document: DocumentId, revision: Revision) -> Result<Option<Article>, OutsideError> {
        let Some(entry) = self.0.document(document)? else { return Ok(None) };
        let Some(revised) = self.0.revision(document, revision)? else { return Ok(None) };
        let Some(content) = self.0.content(document, revision)? else { return Ok(None) };
        Ok(Some(Article {
            path: entry.path,
            part: entry.part,
            title: content.title,
            text: content.text.into(),
            marks: content.marks,
            origin: content.origin,
            content: revised.content,
        }))
    }
}

/// The registry as the source of names, for one request: the user's decisions are read at the first name, once.
pub(super) struct Names<'a> {
    answerer: &'a Answerer,
    decisions: OnceCell<Value>,
}

impl Names<'_> {
    fn ask(&self, mut question: Value) -> Result<Value, OutsideError> {
        let decisions = match self.decisions.get() {
            Some(read) => read,
            None => {
                let read = self.answerer.entity_decisions()?;
                self.decisions.get_or_init(|| read)
            }
        };
        question["decisions"] = decisions.clone();
        Ok(self.answerer.ask_indexer(super::entities::REGISTRY, &question)?)
    }
}

impl Aliases for Names<'_> {
    fn named(&self, name: &str) -> Result<Vec<KnownEntity>, OutsideError> {
        Ok(super::entities::known_entities(&self.ask(json!({"op": "resolve", "name": name}))?))
    }

    fn like(&self, name: &str) -> Result<Vec<String>, OutsideError> {
        // The registry finds names by any part of them: a name with a slip in it has some part without.
        let letters: Vec<char> = name.chars().collect();
        let mut parts = vec![name.to_owned(), beginning(&letters), letters[letters.len() / 2..].iter().collect()];
        // Two letters in each other's place at the beginning of a short name leave no part of it as it is.
        for at in 1..letters.len().min(PART_LETTERS + 1) {
            let mut swapped = letters.clone();
            swapped.swap(at - 1, at);
            parts.push(beginning(&swapped));
        }
        let answer = self.ask(json!({"op": "list", "queries": parts, "limit": LIKE_LOOKED_AT}))?;
        let mut known: Vec<(String, Vec<String>)> = Vec::new();
        for entity in answer["entities"].as_array().into_iter().flatten() {
            let spellings = entity["forms"].as_array().into_iter().flatten();
            let spellings = spellings.filter_map(|form| form["text"].as_str().map(str::to_owned)).collect();
            known.extend(entity["name"].as_str().map(|name| (name.to_owned(), spellings)));
        }
        Ok(dateline_query::names_like(name, &known))
    }
}

/// The letters a name is looked for by.
fn beginning(letters: &[char]) -> String {
    letters.iter().take(PART_LETTERS).collect()
}

/// The facets processors declare.
pub(super) fn facets(answerer: &Answerer) -> Vec<FacetDeclaration> {
    let declared = answerer.program.facets();
    declared.map(|facet| FacetDeclaration { name: facet.name.clone(), kind: facet.kind }).collect()
}

pub(super) fn options(selection: &Selection, offset: usize, limit: usize) -> SearchOptions {
    SearchOptions {
        matching: match selection.matching {
            Match::All => dateline_query::Match::All,
            Match::Any => dateline_query::Match::Any,
        },
        literal: selection.literal,
        expand: selection.expand,
        as_of: selection.as_of,
        undated: selection.undated,
        known_at: selection.known_at,
        offset,
        limit,
        ..SearchOptions::default()
    }
}

/// The query of a selection, as it is read.
pub(super) fn parsed(selection: &Selection) -> Result<(&str, Query), ErrorBody> {
    let text = if selection.query.trim().is_empty() { EVERYTHING } else { &selection.query };
    let query = dateline_query::parse(text).map_err(|error| query_error(text, error))?;
    Ok((text, query))
}

pub(super) fn search_error(query: &str, error: SearchError) -> ErrorBody {
    match error {
        SearchError::Query(error) => query_error(query, error),
        other => ErrorBody::from_error(ErrorKind::Internal, &other),
    }
}

fn query_error(query: &str, error: QueryError) -> ErrorBody {
    let start = error.span.start.min(query.len());
    let span = Span::new(start, error.span.end.clamp(start, query.len()));
    let expected = if error.expected.is_empty() { None } else { Some(format!("expected {}", error.expected)) };
    let body = ErrorBody::new(ErrorKind::Query, error.message).at(query, span);
    ErrorBody { causes: expected.into_iter().collect(), hint: error.hint, ..body }
}

pub(super) fn note(note: &dateline_query::Note) -> Note {
    let code = match note {
        dateline_query::Note::Partial => "partial-matches",
        dateline_query::Note::Also { .. } => "also",
        dateline_query::Note::Ambiguous { .. } => "ambiguous-name",
        dateline_query::Note::UnknownName { .. } => "unknown-name",
        dateline_query::Note::UndatedLeftOut { .. } => "undated-left-out",
        dateline_query::Note::Expanded { .. } => "expanded",
    };
    Note::new(code, note.to_string())
}

/// A filter for changes: whether a changed document matches a selection now.
pub(super) struct Selected {
    node: Option<Node>,
    filter: Filter,
}

impl Selected {
    /// A plan for the documents that match this and `node`.
    pub(super) fn plan(&self, node: Node, order: Order, limit: usize) -> Plan {
        let node = match &self.node {
            Some(own) => Node::And(vec![node, own.clone()]),
            None => node,
        };
        Plan { filter: self.filter, order, ..Plan::new(node, limit) }
    }

    pub(super) fn matches(&self, answerer: &Answerer, change: &ChangeData) -> Result<bool, ErrorBody> {
        if self.node.is_none() || change.opened.is_none() {
            return Ok(self.node.is_none());
        }
        let plan = self.plan(Node::Document(change.document), Order::Score, 1);
        Ok(answerer.run_plan(&plan)?.total > 0)
    }
}

/// What a search lists: hits with their passages, or bare ones.
struct Listed {
    shown: Vec<dateline_query::Hit>,
    bare: Vec<Hit>,
    total: usize,
    notes: Vec<dateline_query::Note>,
}

impl From<dateline_query::Hits> for Listed {
    fn from(hits: dateline_query::Hits) -> Listed {
        Listed { shown: hits.hits, bare: Vec::new(), total: hits.total, notes: hits.notes }
    }
}

impl Answerer {
    pub(super) fn search(&self, request: &Search, reply: &mut Reply<'_>) -> Answered {
        let selection = &request.selection;
        let (text, query) = parsed(selection)?;
        let limit = request.limit.min(HITS_MAX) as usize;
        let options = options(selection, request.offset as usize, limit);
        let (facets, texts, names) = (facets(self), StoreTexts(&self.store), self.names());
        let sources = self.sources(&texts, &facets, &names);
        let listed = match request.paths_only {
            true => self.paths(&query, &options, sources),
            false => dateline_query::search(&query, &options, sources).map(Listed::from),
        };
        let listed = listed.map_err(|error| search_error(text, error))?;
        let mut undated = None;
        let mut also = Vec::new();
        for found in &listed.notes {
            match found {
                dateline_query::Note::UndatedLeftOut { documents } => undated = Some(*documents as u64),
                dateline_query::Note::Also { spellings, .. } => also.extend(spellings.iter().cloned()),
                _ => {}
            }
            reply.note(note(found));
        }
        for shown in listed.shown {
            if !reply.item(&self.wire_hit(shown, &also)) {
                break;
            }
        }
        for hit in &listed.bare {
            if !reply.item(hit) {
                break;
            }
        }
        // Nobody who asked for no hits is surprised that there are none.
        let is_empty = reply.sent() == 0 && (limit > 0 || listed.total == 0);
        if is_empty {
            reply.note(self.nothing_found(selection, listed.total)?);
        }
        let exit = if is_empty { Exit::Nothing } else { Exit::Found };
        Ok(End { exit, counts: Counts { items: reply.sent(), total: Some(listed.total as u64), undated } })
    }

    fn wire_hit(&self, hit: dateline_query::Hit, also: &[String]) -> Hit {
        let highlights = hit.matches.iter().map(|at| ByteSpan { start: at.start as u64, end: at.end as u64 });
        let deleted = self.store.document(hit.document).ok().flatten().is_some_and(|entry| !entry.open);
        Hit {
            document: hit.document.0,
            path: hit.path,
            part: Some(hit.part),
            title: Some(hit.title),
            dct: hit.dct.map(Days::from),
            score: f64::from(hit.score),
            snippet: hit.snippet,
            cut_before: hit.cut.0,
            cut_after: hit.cut.1,
            revision: hit.revision.0,
            line: hit.line,
            highlights: highlights.collect(),
            also: also.to_vec(),
            span: hit.file_span.map(|(start, end)| ByteSpan { start, end }),
            content: Some(hit.content.hex()),
            deleted,
        }
    }

    /// The best hit of each path, without its text. Offset and limit count paths: a file may hold any number of hits.
    fn paths(&self, query: &Query, options: &SearchOptions, sources: Sources<'_>) -> Result<Listed, SearchError> {
        let wanted = options.offset.saturating_add(options.limit);
        let (mut told, mut bare) = (HashSet::new(), Vec::new());
        let mut page = SearchOptions { offset: 0, limit: wanted, ..options.clone() };
        loop {
            let matched = dateline_query::find(query, &page, sources)?;
            for found in &matched.found.hits {
                let entry = self.store.document(found.document).map_err(|error| SearchError::Text(Box::new(error)))?;
                let Some(entry) = entry.filter(|entry| told.len() < wanted && !told.contains(&entry.path)) else {
                    continue;
                };
                told.insert(entry.path.clone());
                if told.len() > options.offset {
                    bare.push(bare_hit(found, entry));
                }
            }
            page.offset += matched.found.hits.len();
            if told.len() >= wanted || matched.found.hits.len() < page.limit {
                let (total, notes) = (matched.found.total, matched.planned.notes);
                return Ok(Listed { shown: Vec::new(), bare, total, notes });
            }
            page.limit = page.limit.saturating_mul(2).clamp(PATHS_HITS_MIN, PAGE);
        }
    }

    /// One line that says what was searched.
    fn nothing_found(&self, selection: &Selection, total: usize) -> Result<Note, ErrorBody> {
        if total > 0 {
            let (are, documents, matches) = match total {
                1 => ("is", "document", "matches"),
                _ => ("are", "documents", "match"),
            };
            return Ok(Note::new("no-hit", format!("there {are} only {total} {documents} that {matches}")));
        }
        // What came later is not even counted.
        let documents = match selection.as_of.is_some() || selection.known_at.is_some() {
            true => self.run_plan(&Plan { filter: filter(selection), ..Plan::new(Node::Everything, 1) })?.total as u64,
            false => self.store.stats().map_err(store_error)?.documents,
        };
        let s = if documents == 1 { "" } else { "s" };
        let message = format!("nothing found{} in {documents} document{s}", selection.searched());
        let note = Note::new("no-hit", message);
        let is_new = self.store.stats().map_err(store_error)?.documents == 0;
        Ok(if is_new { note.hint("drop files into the watched folder first") } else { note })
    }

    /// Names for one request.
    pub(super) fn names(&self) -> Names<'_> {
        Names { answerer: self, decisions: OnceCell::new() }
    }

    /// Names much like one that nobody has.
    pub(super) fn names_like(&self, name: &str) -> Result<Vec<String>, ErrorBody> {
        self.names().like(name).map_err(|error| ErrorBody::from_error(ErrorKind::Internal, error.as_ref()))
    }

    /// What searches are made of.
    pub(super) fn sources<'a>(
        &'a self,
        texts: &'a StoreTexts<'a>,
        facets: &'a [FacetDeclaration],
        names: &'a Names<'a>,
    ) -> Sources<'a> {
        Sources { index: &self.index, texts, context: Context { facets, aliases: names } }
    }

    pub(super) fn run_plan(&self, plan: &Plan) -> Result<Found, ErrorBody> {
        self.index.search(plan).map_err(|error| ErrorBody::from_error(ErrorKind::Internal, &error))
    }

    /// The documents a selection matches, best first or, without a query, by date; and what the user should know.
    pub(super) fn select(
        &self,
        selection: &Selection,
        limit: usize,
    ) -> Result<(Found, Vec<dateline_query::Note>), ErrorBody> {
        let order = selection.query.trim().is_empty().then_some(Order::Oldest);
        self.select_by(selection, SearchOptions { order, ..options(selection, 0, limit) })
    }

    fn select_by(
        &self,
        selection: &Selection,
        options: SearchOptions,
    ) -> Result<(Found, Vec<dateline_query::Note>), ErrorBody> {
        let (text, query) = parsed(selection)?;
        let (facets, texts, names) = (facets(self), StoreTexts(&self.store), self.names());
        let matched = dateline_query::find(&query, &options, self.sources(&texts, &facets, &names));
        let matched = matched.map_err(|error| search_error(text, error))?;
        Ok((matched.found, matched.planned.notes))
    }

    /// Calls `visit` with every document a selection matches, in the order of their ids, until it says stop, and gives what
    /// the user should know. No more than a page of them is held, and none that was there all the time is missed or told
    /// twice. Partial matches are none: nobody looks at so many.
    pub(super) fn each_selected(
        &self,
        selection: &Selection,
        visit: &mut dyn FnMut(DocumentId, Revision) -> bool,
    ) -> Result<Vec<dateline_query::Note>, ErrorBody> {
        let mut after = None;
        loop {
            let order = Some(Order::Arrival);
            let page = SearchOptions { order, after, strict: true, ..options(selection, 0, PAGE) };
            let (found, notes) = self.select_by(selection, page)?;
            let go_on = found.hits.iter().all(|hit| visit(hit.document, hit.revision));
            after = found.hits.last().map(|hit| hit.document);
            if !go_on || found.hits.len() < PAGE {
                return Ok(notes);
            }
        }
    }

    /// A selection as a filter for changes.
    pub(super) fn compile_selection(&self, selection: &Selection) -> Result<Selected, ErrorBody> {
        let filter = filter(selection);
        if selection.query.trim().is_empty() {
            return Ok(Selected { node: None, filter });
        }
        let (text, query) = parsed(selection)?;
        let (facets, names) = (facets(self), self.names());
        let context = Context { facets: &facets, aliases: &names };
        let planned = dateline_query::plan(&query, &options(selection, 0, 1), context);
        let planned = planned.map_err(|error| search_error(text, error))?;
        Ok(Selected { node: Some(planned.plan.node), filter })
    }

    /// How many current documents have no date; `None` when the index cannot tell.
    pub(super) fn count_undated(&self) -> Option<u64> {
        let everything = Plan::new(Node::Everything, 1);
        let all = self.index.search(&everything).ok()?.total;
        let filter = Filter { as_of: Some(dateline_core::Date::MAX), ..Filter::default() };
        let dated = self.index.search(&Plan { filter, ..everything }).ok()?.total;
        Some(all.saturating_sub(dated) as u64)
    }
}

/// A hit of which only the path is wanted.
fn bare_hit(found: &FoundHit, entry: DocumentEntry) -> Hit {
    Hit {
        document: found.document.0,
        path: entry.path.display(),
        part: Some(entry.part),
        title: None,
        dct: found.written.map(Days::from),
        score: f64::from(found.score),
        snippet: String::new(),
        cut_before: false,
        cut_after: false,
        revision: found.revision.0,
        line: 0,
        highlights: Vec::new(),
        also: Vec::new(),
        span: None,
        content: None,
        deleted: !entry.open,
    }
}

fn filter(selection: &Selection) -> Filter {
    let clock = selection.known_at.map_or(Clock::Current, Clock::KnownAt);
    Filter { clock, as_of: selection.as_of, undated: selection.undated }
}
