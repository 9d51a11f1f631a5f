//! `explain` and `why`: what was found in a document and by which rule, why a processor ran or did not, and where a
//! file is in the pipeline.

use super::dates::last_day;
use super::{Answered, Answerer, Reply, layer_of, store_error, unknown};
use crate::decisions::{About, hints_for};
use dateline_core::layers::{DctLayer, EntityLayer, LanguageLayer, TimexLayer};
use dateline_core::{DocumentInput, Outcome, OutcomeState, SourceInfo, Span, Timestamp};
use dateline_pipeline::{ENABLED, Plan, Planned, Standing};
use dateline_processor::{BuildAnnotator, ProcessorConfig, Resources};
use dateline_processor_dating::{Dating, DatingConfig, TimexExplanation};
use dateline_protocol::wire::{Explanation, Step, Whereabouts};
use dateline_protocol::{Detail, End, ErrorBody, ErrorKind, Explain, Why};
use dateline_store::{DocumentEntry, RevisionData};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

fn step(depth: u8, label: &str, text: impl Into<String>) -> Step {
    Step { depth, label: label.to_owned(), text: text.into(), accepted: None, facts: Value::Null }
}

impl Answerer {
    pub(super) fn explain(&self, request: &Explain, reply: &mut Reply<'_>) -> Answered {
        let entry = self.find_document(&request.document)?;
        let data = self.revision(&entry, entry.current.revision)?;
        let (about, steps) = match &request.detail {
            None => ("document".to_owned(), self.explain_all(&entry, &data)?),
            Some(Detail::Processor(name)) => (name.clone(), self.explain_processor(name, &data)?),
            Some(Detail::Bytes { start, end }) => {
                let span = Span { start: *start, end: *end };
                (format!("{span}"), explain_bytes(span, &data, &self.readings_at(span, &entry, &data)?)?)
            }
        };
        let (path, part) = (entry.path.display(), Some(entry.part.clone()));
        reply.item(&Explanation { document: entry.document.0, path, part, about, steps });
        Ok(End::done())
    }

    fn explain_all(&self, entry: &DocumentEntry, data: &RevisionData) -> Result<Vec<Step>, ErrorBody> {
        let mut steps = vec![step(0, "read", format!("from `{}`, part {}", entry.path, entry.part))];
        steps.extend(data.annotations.diagnostics.iter().map(|found| step(1, &found.code, found.message.clone())));
        let mut names: Vec<&str> = data.annotations.outcomes.iter().map(|outcome| outcome.processor.as_str()).collect();
        for known in self.program.processor_names() {
            if !names.contains(&known) {
                names.push(known);
            }
        }
        let plan = self.program.stale(&data.annotations.outcomes)?;
        for name in names {
            steps.extend(explain_standing(name, data, &plan));
        }
        steps.extend(dct_steps(data)?);
        steps.extend(language_steps(data)?);
        Ok(steps)
    }

    /// How the dating processor reads the expressions at `span`. Only the outcome is kept with a document, so it is asked
    /// again, with what it was given; a chain without it has nothing to say.
    fn readings_at(
        &self,
        span: Span,
        entry: &DocumentEntry,
        data: &RevisionData,
    ) -> Result<Vec<TimexExplanation>, ErrorBody> {
        if !self.program.assigns(DatingConfig::SECTION, "timex") {
            return Ok(Vec::new());
        }
        let mut options = self.program.tables.get(DatingConfig::SECTION).cloned().unwrap_or_else(|| json!({}));
        if let Some(options) = options.as_object_mut() {
            options.remove(ENABLED);
        }
        let internal = |error: &dyn std::error::Error| ErrorBody::from_error(ErrorKind::Internal, error);
        let config: DatingConfig = serde_json::from_value(options).map_err(|error| internal(&error))?;
        let dating = Dating::build(config, &Resources::default()).map_err(|error| internal(&error))?;
        let decisions = self.program.decisions.all().map_err(store_error)?;
        let mtime = self.store.source(&entry.path).map_err(store_error)?;
        let mtime = mtime.and_then(|source| Timestamp::from_nanosecond(source.identity.mtime_ns.into()).ok());
        let input = DocumentInput {
            document: data.content.clone(),
            source: SourceInfo { path: entry.path.display(), mtime },
            hints: hints_for(&decisions, &About::entry(entry)),
        };
        Ok(dating.explain_span(&input, span))
    }

    fn explain_processor(&self, name: &str, data: &RevisionData) -> Result<Vec<Step>, ErrorBody> {
        let known = self.program.processor_names().any(|known| known == name);
        if !known && !data.annotations.outcomes.iter().any(|outcome| outcome.processor == name) {
            let names: Vec<String> = self.program.processor_names().map(str::to_owned).collect();
            return Err(unknown(format!("no processor `{name}`"), name, &names));
        }
        let mut steps = explain_standing(name, data, &self.program.stale(&data.annotations.outcomes)?);
        let assigns = |layer: &str| self.program.assigns(name, layer);
        if assigns("dct") {
            steps.extend(dct_steps(data)?);
        }
        if assigns("language") {
            steps.extend(language_steps(data)?);
        }
        if assigns("timex") {
            let layer = layer_of::<TimexLayer>(&data.annotations.layers)?.unwrap_or_default();
            steps.extend(layer.0.iter().map(|timex| timex_step(timex, &data.content.text)));
        }
        if assigns("entity") {
            let layer = layer_of::<EntityLayer>(&data.annotations.layers)?.unwrap_or_default();
            steps.extend(entity_steps(&layer, &data.content.text));
        }
        Ok(steps)
    }

    pub(super) fn why(&self, request: &Why, reply: &mut Reply<'_>) -> Answered {
        let mut readings = self.readings(&request.path);
        // A unique fragment of a path names the file here as everywhere.
        readings.extend(self.find_source(&request.path).ok().map(|source| source.path));
        for path in &readings {
            let source = self.store.source(path).map_err(store_error)?;
            let failure = self.store.failure(path).map_err(store_error)?;
            if source.is_none() && failure.is_none() {
                continue;
            }
            let mut steps = Vec::new();
            let mut state = "failed";
            let mut documents = Vec::new();
            if let Some(source) = source {
                documents = self.store.documents_of(path).map_err(store_error)?;
                documents.retain(|entry| entry.open);
                state = if source.removed {
                    "deleted"
                } else if source.complete {
                    "indexed"
                } else {
                    "partly read"
                };
                steps.push(step(0, "catalog", source.changed.strftime("last changed %Y-%m-%d %H:%M:%SZ").to_string()));
                steps.push(step(1, "documents", source.documents.to_string()));
                steps.extend(source.diagnostics.iter().map(|found| step(1, &found.code, found.message.clone())));
            }
            if let Some(failure) = failure {
                steps.extend(failure.failure.iter().map(|why| step(0, &why.code, why.reason.clone())));
                let record = |record: &dateline_store::RecordFailure| step(1, &record.part, record.reason.clone());
                steps.extend(failure.records.iter().map(record));
            }
            let searchable = self.are_searchable(&documents);
            let documents = documents.iter().map(|entry| entry.document.0).collect();
            let (path, state) = (path.display(), state.to_owned());
            reply.item(&Whereabouts { path, state, searchable, documents, steps, hint: None });
            return Ok(End::done());
        }
        let mut unknown = self.unknown_file(&request.path);
        unknown.steps.extend(self.paths_like(&request.path)?.into_iter().map(|path| step(1, "did you mean", path)));
        reply.item(&unknown);
        Ok(End::of_items(0))
    }

    fn are_searchable(&self, documents: &[DocumentEntry]) -> bool {
        let facts = self.live.facts();
        let indexed = if self.control.is_some() { facts.indexed } else { self.store.sequence() };
        !documents.is_empty() && documents.iter().all(|entry| entry.current.changed <= indexed)
    }

    /// What can be said of a file the catalog does not know.
    fn unknown_file(&self, path: &str) -> Whereabouts {
        let root = &self.program.root;
        let is_outside = std::path::Path::new(path).is_absolute() && !std::path::Path::new(path).starts_with(root);
        let seen = match is_outside {
            true => format!("it is not in the watched folder, `{}`", root.display()),
            false => "no such file was seen".to_owned(),
        };
        let hint = match self.control {
            _ if is_outside => "put it there, or watch its folder: `datelined --root DIR`",
            Some(_) => {
                "if the file is in the watched folder, `dateline rescan` looks again; dot files, editors' \
                        temporary files and the globs under `watch.ignore` are left out"
            }
            None => "no daemon is running: start it with `datelined`, or read the folder once with `datelined once`",
        };
        Whereabouts {
            path: path.to_owned(),
            state: "unknown".to_owned(),
            searchable: false,
            documents: Vec::new(),
            steps: vec![step(0, "catalog", seen)],
            hint: Some(hint.to_owned()),
        }
    }
}

/// The language and how it is known.
fn language_steps(data: &RevisionData) -> Result<Vec<Step>, ErrorBody> {
    let Some(layer) = layer_of::<LanguageLayer>(&data.annotations.layers)? else { return Ok(Vec::new()) };
    let told = match &layer.0 {
        Some(language) => format!("{}, {}", language.tag, language.basis.word()),
        None => "none is declared, and the text does not tell".to_owned(),
    };
    Ok(vec![step(0, "language", told)])
}

/// Why a processor did or did not run on the document, and whether it would now.
fn explain_standing(name: &str, data: &RevisionData, plan: &Plan) -> Vec<Step> {
    let mut steps = Vec::new();
    match data.annotations.outcomes.iter().find(|outcome| outcome.processor == name) {
        Some(outcome) => steps.extend(outcome_steps(outcome)),
        None => steps.push(step(0, name, "has not run on this document")),
    }
    if let Some(planned) = plan.steps.iter().find(|planned| planned.processor == name) {
        steps.push(step(1, "now", standing_text(planned)));
    } else {
        steps.push(step(1, "now", "it is not in the chain; its results go with the next run"));
    }
    steps
}

fn outcome_steps(outcome: &Outcome) -> Vec<Step> {
    let text = match &outcome.state {
        OutcomeState::Done => format!("ran, code version {}", outcome.version),
        OutcomeState::Failed { reason } => format!("failed: {reason}"),
        OutcomeState::Skipped { missing } => format!("was skipped: layer `{missing}` is missing"),
    };
    let mut steps = vec![step(0, &outcome.processor, text)];
    steps.extend(outcome.diagnostics.iter().map(|found| step(1, &found.code, found.message.clone())));
    steps
}

fn standing_text(planned: &Planned) -> String {
    let reasons: Vec<String> = planned.because.iter().map(ToString::to_string).collect();
    match planned.standing {
        Standing::Fresh => "up to date: nothing it depends on has changed".to_owned(),
        Standing::Runs => format!("will run again: {}", reasons.join(", ")),
        Standing::MayRun => format!("may run again: {}", reasons.join(", ")),
    }
}

fn dct_steps(data: &RevisionData) -> Result<Vec<Step>, ErrorBody> {
    let Some(layer) = layer_of::<DctLayer>(&data.annotations.layers)? else { return Ok(Vec::new()) };
    let head = match &layer.dct {
        Some(dct) => {
            let (days, precision) = (dct.interval, dct.precision.word());
            format!("{days}, to the {precision}, {} % sure", dct.confidence)
        }
        None => "unknown: nothing says when it was written".to_owned(),
    };
    let mut steps = vec![step(0, "document date", head)];
    steps.extend(layer.updated.map(|updated| step(1, "updated", updated.to_string())));
    steps.extend(layer.not_before.map(|day| step(1, "not before", day.to_string())));
    let latest = last_day(&layer, data.entry.seen_from, &TimeZone::system());
    steps.extend(latest.map(|day| step(1, "not after", format!("{day} (the file's own time; no evidence)"))));
    steps.extend(layer.candidates.iter().map(|candidate| {
        let place = candidate.span.map(|span| format!(" at {span}")).unwrap_or_default();
        let text = format!(
            "{} from \"{}\"{place}, weight {}: {}",
            candidate.interval, candidate.quote, candidate.weight, candidate.note
        );
        Step { accepted: Some(candidate.accepted), ..step(1, &candidate.kind, text) }
    }));
    Ok(steps)
}

fn timex_step(timex: &dateline_core::layers::Timex, text: &str) -> Step {
    let quote = timex.span.slice(text).unwrap_or_default();
    let days = timex.interval().map(|days| days.to_string()).filter(|days| *days != timex.value);
    let days = days.map(|days| format!(" = {days}")).unwrap_or_default();
    let anchor = match timex.anchor.and_then(|anchor| anchor.slice(text)) {
        Some(anchor) => format!(", counted from \"{anchor}\""),
        None => String::new(),
    };
    let value = format!("\"{quote}\" is {} {}{days}, rule {}{anchor}", timex.kind.word(), timex.value, timex.rule);
    step(0, &timex.span.to_string(), value)
}

fn entity_steps(layer: &EntityLayer, text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for (number, entity) in layer.entities.iter().enumerate() {
        let listed = entity.reference.as_ref().map(|id| format!(", on a watchlist as {id}")).unwrap_or_default();
        steps.push(step(0, entity.kind.word(), format!("{}{listed}", entity.name)));
        let own = layer.mentions.iter().filter(|mention| mention.entity as usize == number);
        steps.extend(own.map(|mention| {
            step(1, &mention.span.to_string(), mention.span.slice(text).unwrap_or_default().to_owned())
        }));
    }
    steps
}

fn explain_bytes(span: Span, data: &RevisionData, readings: &[TimexExplanation]) -> Result<Vec<Step>, ErrorBody> {
    let text = &data.content.text;
    span.check(text).map_err(|error| ErrorBody::from_error(ErrorKind::BadRequest, &error))?;
    let mut steps = vec![step(0, "text", span.slice(text).unwrap_or_default())];
    let marks = data.content.marks.iter().filter(|mark| mark.span.overlaps(span));
    steps.extend(marks.map(|mark| step(0, "mark", format!("{:?} at {}", mark.kind, mark.span))));
    let timex = layer_of::<TimexLayer>(&data.annotations.layers)?.unwrap_or_default();
    for timex in timex.0.iter().filter(|timex| timex.span.overlaps(span)) {
        steps.push(timex_step(timex, text));
        // What was stored before a rule changed has no reading now.
        let reading = readings.iter().find(|reading| reading.timex == *timex);
        steps.extend(reading.into_iter().flat_map(|reading| &reading.steps).map(|text| step(1, "step", text)));
    }
    let layer = layer_of::<EntityLayer>(&data.annotations.layers)?.unwrap_or_default();
    for mention in layer.mentions.iter().filter(|mention| mention.span.overlaps(span)) {
        let entity = layer.entities.get(mention.entity as usize);
        let name = entity.map(|entity| entity.name.clone()).unwrap_or_default();
        let quote = mention.span.slice(text).unwrap_or_default();
        steps.push(step(0, mention.kind.word(), format!("\"{quote}\" at {} names {name}", mention.span)));
    }
    Ok(steps)
}
