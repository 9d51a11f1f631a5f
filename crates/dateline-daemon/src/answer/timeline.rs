//! `timeline`, `on` and `who`: what happened when, what a day was about, and who was in it.

use super::search::{facets, note, options, parsed, search_error};
use super::{Answered, Answerer, Reply, in_time, layer_of, store_error};
use dateline_core::layers::{DctLayer, EntityLayer, SentenceLayer, Timex, TimexLayer};
use dateline_core::{DateInterval, DocumentId, Revision, Span};
use dateline_processor_index::{Found, FoundHit, Node, Order, Word};
use dateline_protocol::wire::{ByteSpan, DayEntry, DayRelation, EntityCount, TimelineEntry};
use dateline_protocol::{End, ErrorBody, Note, On, Selection, Timeline, TimelineStep, Who};
use dateline_query::{Article, Counted, Matcher, Step, TimelineOptions, Told};

/// Articles a timeline or a count of entities is made from, the best matches first.
const ARTICLES_MAX: usize = 2_000;
/// Threads that read articles for one answer.
const LOADERS_MAX: usize = 4;
/// Articles from which on they are read by several threads.
const SHARED_LOAD_MIN: usize = 100;
/// Lines of a timeline when the request names no number.
const TOP_DEFAULT: u32 = 50;
/// Entries of each kind `on` gives when the request names no number.
const ON_DEFAULT: u32 = 20;
/// Entities counted when the request names no number.
const WHO_DEFAULT: u32 = 30;
/// A document whose date is vaguer than this says nothing about a day, in days.
const VAGUE_DAYS: i32 = 31;

/// An article with its layers.
pub(super) struct Loaded {
    pub(super) document: DocumentId,
    pub(super) revision: Revision,
    pub(super) article: Article,
    pub(super) dct: Option<DateInterval>,
    pub(super) timexes: Vec<Timex>,
    pub(super) sentences: Vec<Span>,
    pub(super) entities: EntityLayer,
}

impl Loaded {
    /// As the questions about it want it.
    pub(super) fn told(&self) -> Told<'_> {
        Told {
            document: self.document,
            revision: self.revision,
            article: &self.article,
            dct: self.dct,
            timexes: &self.timexes,
            sentences: &self.sentences,
            entities: &self.entities,
        }
    }
}

impl Answerer {
    /// An article with its layers; `None` when it is gone.
    pub(super) fn load(&self, document: DocumentId, revision: Revision) -> Result<Option<Loaded>, ErrorBody> {
        // One read for all of it: timelines are made from thousands.
        let Some(data) = self.store.revision_data(document, revision).map_err(store_error)? else { return Ok(None) };
        let article = Article {
            path: data.path,
            part: data.part,
            title: data.content.title,
            text: data.content.text.into(),
            marks: data.content.marks,
            origin: data.content.origin,
            content: data.entry.content,
        };
        let layers = &data.annotations.layers;
        let dct = layer_of::<DctLayer>(layers)?.and_then(|layer| layer.dct.as_ref().map(|dct| dct.interval));
        Ok(Some(Loaded {
            document,
            revision,
            article,
            dct,
            timexes: layer_of::<TimexLayer>(layers)?.map(|layer| layer.0.clone()).unwrap_or_default(),
            sentences: layer_of::<SentenceLayer>(layers)?.map(|layer| layer.0.clone()).unwrap_or_default(),
            entities: layer_of::<EntityLayer>(layers)?.map(|layer| layer.as_ref().clone()).unwrap_or_default(),
        }))
    }

    /// The best articles of a selection with their layers, and the words it asks for.
    fn load_selected(
        &self,
        selection: &Selection,
        reply: &mut Reply<'_>,
    ) -> Result<(Vec<Loaded>, Vec<Word>), ErrorBody> {
        let found = self.best(selection, ARTICLES_MAX, reply)?;
        Ok((self.load_all(&found.hits, reply)?, self.words_of(selection)?))
    }

    /// The articles of many hits with their layers, in the order of the hits; those that are gone are left out. Reading
    /// them is most of the work of a timeline, so it is shared among threads.
    fn load_all(&self, hits: &[FoundHit], reply: &Reply<'_>) -> Result<Vec<Loaded>, ErrorBody> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from).min(LOADERS_MAX);
        let deadline = reply.deadline();
        let load_some = move |hits: &[FoundHit]| -> Result<Vec<Loaded>, ErrorBody> {
            let mut loaded = Vec::with_capacity(hits.len());
            for hit in hits {
                in_time(deadline)?;
                loaded.extend(self.load(hit.document, hit.revision)?);
            }
            Ok(loaded)
        };
        if cores < 2 || hits.len() < SHARED_LOAD_MIN {
            return load_some(hits);
        }
        let parts = std::thread::scope(|scope| {
            let parts = hits.chunks(hits.len().div_ceil(cores));
            let loaders: Vec<_> = parts.map(|part| scope.spawn(move || load_some(part))).collect();
            let joined = loaders
                .into_iter()
                .map(|loader| loader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            joined.collect::<Result<Vec<_>, _>>()
        })?;
        Ok(parts.into_iter().flatten().collect())
    }

    /// The best matches of a selection; what more there is is said.
    pub(super) fn best(&self, selection: &Selection, most: usize, reply: &mut Reply<'_>) -> Result<Found, ErrorBody> {
        let (found, notes) = self.select(selection, most)?;
        notes.iter().for_each(|found| reply.note(note(found)));
        limited(&found, "best", reply);
        Ok(found)
    }

    /// The words a selection asks for, spellings of entities among them.
    pub(super) fn words_of(&self, selection: &Selection) -> Result<Vec<Word>, ErrorBody> {
        if selection.query.trim().is_empty() {
            return Ok(Vec::new());
        }
        let (text, query) = parsed(selection)?;
        let (facets, names) = (facets(self), self.names());
        let context = dateline_query::Context { facets: &facets, aliases: &names };
        let planned = dateline_query::plan(&query, &options(selection, 0, 1), context);
        Ok(planned.map_err(|error| search_error(text, error))?.words)
    }

    pub(super) fn timeline(&self, request: &Timeline, reply: &mut Reply<'_>) -> Answered {
        let (loaded, words) = self.load_selected(&request.selection, reply)?;
        let told: Vec<Told<'_>> = loaded.iter().map(Loaded::told).collect();
        let options = TimelineOptions {
            from: request.from,
            to: request.to,
            step: match request.by {
                TimelineStep::Day => Step::Day,
                TimelineStep::Week => Step::Week,
                TimelineStep::Month => Step::Month,
            },
            top: request.top.unwrap_or(TOP_DEFAULT) as usize,
            sentences: 1,
        };
        for entry in dateline_query::timeline(&told, &mut Matcher::new(&words), &options) {
            if !reply.item(&timeline_entry(entry)) {
                break;
            }
        }
        if reply.sent() == 0 && !loaded.is_empty() {
            reply.note(nothing_placed(loaded.len(), request));
        }
        Ok(End::of_items(reply.sent()))
    }

    pub(super) fn who(&self, request: &Who, reply: &mut Reply<'_>) -> Answered {
        let (loaded, _) = self.load_selected(&request.selection, reply)?;
        let limit = request.limit.unwrap_or(WHO_DEFAULT) as usize;
        let kind = request.kind.as_ref().map(|kind| kind.to_uppercase());
        let counted = dateline_query::who(loaded.iter().map(|article| &article.entities), usize::MAX);
        let wanted = counted.iter().filter(|entity| kind.as_deref().is_none_or(|kind| entity.kind.word() == kind));
        for entity in wanted.take(limit) {
            if !reply.item(&entity_count(entity)) {
                break;
            }
        }
        Ok(End::of_items(reply.sent()))
    }

    /// What was written in an interval, what is about it, and who is named there.
    pub(super) fn on(&self, request: &On, reply: &mut Reply<'_>) -> Answered {
        let limit = request.limit.unwrap_or(ON_DEFAULT) as usize;
        let selected = self.compile_selection(&request.selection)?;
        let within = |node: Node, order: Order| selected.plan(node, order, ARTICLES_MAX);
        let written = self.run_plan(&within(Node::Written(request.interval), Order::Oldest))?;
        limited(&written, "oldest", reply);
        let mut named = Vec::new();
        let mut count = 0;
        for hit in &written.hits {
            let vague = hit.written.is_none_or(|days| (days.latest - days.earliest).get_days() > VAGUE_DAYS);
            let Some(loaded) = self.load(hit.document, hit.revision)?.filter(|_| !vague) else { continue };
            if count < limit {
                reply.item(&written_entry(&loaded));
            }
            count += 1;
            named.push(loaded.entities);
        }
        let about = self.run_plan(&within(Node::Mentions(request.interval), Order::Newest))?;
        limited(&about, "newest", reply);
        let loaded = self.load_all(&about.hits, reply)?;
        let told: Vec<Told<'_>> = loaded.iter().map(Loaded::told).collect();
        let (from, to) = (Some(request.interval.earliest), Some(request.interval.latest));
        // Of one day, what is said of it; of several, which days matter.
        let sentences = if from == to { limit } else { 1 };
        let options = TimelineOptions { from, to, step: Step::Day, top: limit, sentences };
        for entry in dateline_query::timeline(&told, &mut Matcher::new(&[]), &options) {
            reply.item(&about_entry(entry));
        }
        for entity in dateline_query::who(named.iter().chain(loaded.iter().map(|article| &article.entities)), limit) {
            reply.item(&named_entry(&entity));
        }
        Ok(End::of_items(reply.sent()))
    }
}

/// Says so where an answer is made from a part of what matches.
fn limited(found: &Found, which: &str, reply: &mut Reply<'_>) {
    if found.total > found.hits.len() {
        let message = format!("made from the {which} {} of {} documents that match", found.hits.len(), found.total);
        reply.note(Note::new("best-matches-only", message).hint("narrow the query to have all of them"));
    }
}

/// Why a timeline is empty although documents match.
fn nothing_placed(documents: usize, request: &Timeline) -> Note {
    let matched = match documents {
        1 => "1 document matches".to_owned(),
        many => format!("{many} documents match"),
    };
    let when = match (request.from, request.to) {
        (Some(from), Some(to)) => format!("between {from} and {to}"),
        (Some(from), None) => format!("after {from}"),
        (None, Some(to)) => format!("before {to}"),
        (None, None) => "in time".to_owned(),
    };
    let searched = request.selection.searched();
    let message = format!("nothing can be placed {when}{searched}, though {matched}");
    Note::new("nothing-placed", message)
        .hint("without a date of its own a document gives only days it names in full; `dateline undated` lists them")
}

fn timeline_entry(entry: dateline_query::TimelineEntry) -> TimelineEntry {
    TimelineEntry {
        date: entry.days.into(),
        precision: entry.precision.word().to_owned(),
        sentence: entry.sentence,
        sources: u32::try_from(entry.sources).unwrap_or(u32::MAX),
        support: u32::try_from(entry.others.len() + 1).unwrap_or(u32::MAX),
        document: entry.document.0,
        path: entry.path,
        part: Some(entry.part),
        line: entry.line,
        span: ByteSpan::from(entry.span),
        score: entry.score,
        expression: entry.expression,
        others: entry.others.iter().map(|document| document.0).collect(),
    }
}

fn day_entry(relation: DayRelation, text: String, count: usize) -> DayEntry {
    DayEntry {
        relation,
        text,
        date: None,
        count: u32::try_from(count).unwrap_or(u32::MAX),
        document: None,
        path: None,
        part: None,
        line: None,
        entity: None,
        kind: None,
    }
}

fn written_entry(loaded: &Loaded) -> DayEntry {
    let article = &loaded.article;
    let prose = article.marks.iter().map(|mark| mark.span.end as usize).max().unwrap_or(0);
    let first = loaded.sentences.first().and_then(|span| span.slice(&article.text));
    let first =
        first.unwrap_or_else(|| article.text.get(prose..).unwrap_or_default().lines().next().unwrap_or_default());
    let text = article.title.clone().unwrap_or_else(|| first.trim().to_owned());
    DayEntry {
        date: loaded.dct.map(Into::into),
        document: Some(loaded.document.0),
        path: Some(article.path.display()),
        part: Some(article.part.clone()),
        line: Some(article.line(0)),
        ..day_entry(DayRelation::Written, text, 1)
    }
}

fn about_entry(entry: dateline_query::TimelineEntry) -> DayEntry {
    DayEntry {
        date: Some(entry.days.into()),
        document: Some(entry.document.0),
        path: Some(entry.path),
        part: Some(entry.part),
        line: Some(entry.line),
        ..day_entry(DayRelation::About, entry.sentence, entry.sources)
    }
}

fn named_entry(entity: &Counted) -> DayEntry {
    DayEntry {
        entity: entity.reference.clone(),
        kind: Some(entity.kind.word().to_owned()),
        ..day_entry(DayRelation::Named, entity.name.clone(), entity.documents)
    }
}

fn entity_count(entity: &Counted) -> EntityCount {
    EntityCount {
        entity: entity.reference.clone(),
        name: entity.name.clone(),
        kind: entity.kind.word().to_owned(),
        documents: entity.documents as u64,
        mentions: entity.mentions as u64,
    }
}
