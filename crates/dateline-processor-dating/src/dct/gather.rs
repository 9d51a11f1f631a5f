//! Collects what speaks for a document date: metadata, address, file name, and the edges of the text. Weighs nothing.

use super::Evidence;
use super::read::{DateReader, Found};
use crate::config::{DatingConfig, NumericOrder};
use dateline_processor::core::layers::{Candidate, DctRole};
use dateline_processor::core::{Date, DateInterval, MarkKind, Span, Time, keys};

/// A candidate with what only the weighing needs.
pub(crate) struct Clue {
    pub(crate) candidate: Candidate,
    pub(crate) time: Option<Time>,
    /// Whether its time is universal, so that the local day may be a neighbour.
    pub(crate) utc: bool,
    /// The other reading of an ambiguous numeric date.
    pub(crate) other: Option<Date>,
}

/// Most bytes at the start of a line in which a dateline may stand.
const DATELINE_BYTES_MAX: usize = 300;
/// Lines at the start of a text of which one may open with a dateline: behind a title and a byline.
const DATELINE_LINES: usize = 5;
/// Fewest letters of a place in capitals.
const PLACE_LETTERS_MIN: usize = 3;
/// Most bytes between a place in capitals and the date of its dateline: a state, an agency.
const PLACE_TO_DATE_BYTES_MAX: usize = 30;
/// Most words of a place that is written like any name: `Washington, D.C.,`.
const PLACE_WORDS_MAX: usize = 5;
/// Most bytes of a line that is nothing but a date or says when it was published.
const DATE_LINE_BYTES_MAX: usize = 120;
/// Fewest words in small letters of a line that is a sentence.
const SENTENCE_WORDS_MIN: usize = 3;
/// Lines at the start of a text that may say when it was published.
const DATE_LINES: usize = 6;

/// Metadata keys, the kind of evidence they are, what they say, and their weight in percent.
const METADATA: &[(&str, &str, DctRole, u8)] = &[
    (keys::MAIL_DATE, "mail", DctRole::Published, 96),
    (keys::DATE, "declared", DctRole::Published, 95),
    (keys::PUBLISHED, "declared", DctRole::Published, 95),
    (keys::UPDATED, "declared", DctRole::Updated, 90),
    ("html.meta.article:published_time", "open-graph", DctRole::Published, 93),
    ("html.meta.og:article:published_time", "open-graph", DctRole::Published, 92),
    ("html.meta.og:published_time", "open-graph", DctRole::Published, 92),
    ("html.meta.og:pubdate", "open-graph", DctRole::Published, 90),
    ("html.meta.article:modified_time", "open-graph", DctRole::Updated, 88),
    ("html.meta.og:updated_time", "open-graph", DctRole::Updated, 86),
    ("html.jsonld.datePublished", "json-ld", DctRole::Published, 92),
    ("html.jsonld.dateCreated", "json-ld", DctRole::Published, 86),
    ("html.jsonld.uploadDate", "json-ld", DctRole::Published, 70),
    ("html.jsonld.dateModified", "json-ld", DctRole::Updated, 86),
    (keys::HTML_TIME_PUBLISHED, "time-element", DctRole::Published, 85),
    (keys::HTML_TIME_UPDATED, "time-element", DctRole::Updated, 80),
    (keys::HTML_TIME, "time-element", DctRole::Published, 66),
    (keys::HTML_BYLINE, "byline", DctRole::Published, 74),
    (keys::HTML_VISIBLE, "visible", DctRole::Published, 42),
    (keys::HTML_COPYRIGHT, "copyright", DctRole::Published, 12),
];

/// Names of `<meta>` elements that state the date of publication, with weights.
const META_PUBLISHED: &[(&str, u8)] = &[
    ("date", 75),
    ("pubdate", 88),
    ("publishdate", 88),
    ("publish-date", 88),
    ("publish_date", 88),
    ("publication_date", 88),
    ("publicationdate", 88),
    ("published", 86),
    ("published_time", 88),
    ("published-date", 88),
    ("publisheddate", 88),
    ("datepublished", 90),
    ("datecreated", 84),
    ("date_published", 88),
    ("dc.date", 82),
    ("dc.date.issued", 88),
    ("dc.date.created", 84),
    ("dc.created", 82),
    ("dc.issued", 86),
    ("dcterms.date", 82),
    ("dcterms.created", 84),
    ("dcterms.issued", 86),
    ("dcterms.available", 80),
    ("dcterms.submitted", 70),
    ("citation_publication_date", 84),
    ("citation_date", 82),
    ("citation_online_date", 84),
    ("sailthru.date", 88),
    ("parsely-pub-date", 90),
    ("article.published", 90),
    ("article.created", 84),
    ("article_date_original", 88),
    ("article:published", 90),
    ("article:created", 84),
    ("article:publicationdate", 88),
    ("bt:pubdate", 88),
    ("cxenseparse:recs:publishtime", 86),
    ("og:regdate", 80),
    ("originalpublicationdate", 90),
    ("prism.publicationdate", 86),
    ("rnews:datepublished", 88),
    ("shareaholic:article_published_time", 88),
    ("timestamp", 60),
    ("creation_date", 80),
    ("created", 78),
    ("create_date", 78),
    ("date.created", 80),
    ("ptime", 82),
    ("pdate", 82),
    ("doc_date", 80),
    ("release_date", 76),
    ("datum", 78),
    ("issued", 80),
    ("dateposted", 84),
    ("time", 60),
    ("eomportal-lastupdate", 60),
];

/// Names of `<meta>` elements that state a change.
const META_UPDATED: &[&str] = &[
    "last-modified",
    "lastmodified",
    "last_modified",
    "lastmod",
    "modified",
    "modificationdate",
    "date_modified",
    "datemodified",
    "dc.date.modified",
    "dc.modified",
    "dcterms.modified",
    "dateupdate",
    "updated",
    "updated_time",
    "revision_date",
    "article.updated",
    "article:updated_time",
    "article:modified",
    "article:modified_date",
    "lastupdate",
    "utime",
];

/// All evidence, in the order in which it was found.
pub(crate) fn gather(evidence: &Evidence<'_>, reader: &DateReader, config: &DatingConfig) -> Vec<Clue> {
    let language = evidence.metadata.get(keys::LANGUAGE).and_then(|language| reader.order_of(language));
    let order = language.unwrap_or(config.numeric_order);
    let mut clues = Vec::new();
    header(evidence, &mut clues);
    metadata(evidence, reader, order, &mut clues);
    addresses(evidence, reader, &mut clues);
    text_edges(evidence, reader, order, &mut clues);
    file_name(evidence, reader, &mut clues);
    clues
}

fn push(clues: &mut Vec<Clue>, kind: &str, role: DctRole, weight: u8, found: &Found, quote: &str, span: Option<Span>) {
    clues.push(Clue {
        candidate: Candidate {
            kind: kind.to_owned(),
            span,
            quote: quote.chars().take(120).collect(),
            interval: found.interval,
            role,
            weight,
            accepted: false,
            note: String::new(),
        },
        time: found.time,
        utc: found.utc,
        other: found.other,
    });
}

fn header(evidence: &Evidence<'_>, clues: &mut Vec<Clue>) {
    for mark in evidence.marks.iter().filter(|mark| mark.kind == MarkKind::DateHeader) {
        let quote = mark.span.slice(evidence.text).unwrap_or("");
        if let Some(date) = quote.split_whitespace().find_map(|word| word.parse::<Date>().ok()) {
            let found =
                Found { start: 0, end: 0, interval: DateInterval::day(date), time: None, utc: false, other: None };
            push(clues, "header", DctRole::Published, 98, &found, quote.trim(), Some(mark.span));
        }
    }
}

fn metadata(evidence: &Evidence<'_>, reader: &DateReader, order: NumericOrder, clues: &mut Vec<Clue>) {
    let mut times = 0;
    for (key, value) in evidence.metadata.iter() {
        let known = METADATA.iter().find(|entry| entry.0 == key).map(|(_, kind, role, weight)| (*kind, *role, *weight));
        let Some((kind, role, weight)) = known.or_else(|| meta_name(key)) else { continue };
        let dates = reader.dates(value, order);
        if kind == "copyright" {
            copyright(value, clues);
            // `Published on 1 November 2023` beside the copyright.
            if let Some(found) = dates.iter().find(|found| says(&value[..found.start], &reader.words.published)) {
                push(clues, "byline", role, 70, found, value, None);
            }
            continue;
        }
        let Some(found) = dates.first() else { continue };
        let visible = matches!(kind, "byline" | "visible" | "time-element");
        let stated = role;
        let (role, mut weight) = if visible { told(reader, value, found, role, weight) } else { (role, weight) };
        if kind == "time-element" || kind == "byline" || kind == "visible" {
            // A clock stands beside the date of an article, not in the head of a page.
            if found.time.is_some() && kind == "visible" {
                weight += 5;
            }
            // The further down the page, the less it speaks for the article.
            weight = weight.saturating_sub(times.min(12));
            times += 1;
        }
        push(clues, kind, role, weight, found, value, None);
        // `Published 5 April 2022, updated 7 April 2022` in one line.
        if let Some(second) = dates.get(1).filter(|_| visible) {
            let (role, weight) = told(
                reader,
                &value[found.end..],
                &Found { start: second.start - found.end, ..*second },
                stated,
                weight.saturating_sub(20),
            );
            push(clues, kind, role, weight, second, value, None);
        }
    }
}

/// Whether the last words before a date are one of `words`.
fn says(before: &str, words: &[String]) -> bool {
    let lower = before.to_lowercase();
    let tail = lower.trim_end_matches([':', ' ', '.']);
    words.iter().any(|word| tail.rfind(word.trim()).is_some_and(|at| tail.len() - at < word.len() + 12))
}

fn meta_name(key: &str) -> Option<(&'static str, DctRole, u8)> {
    let name = key.strip_prefix(keys::HTML_META)?;
    let published =
        META_PUBLISHED.iter().find(|known| known.0 == name).map(|known| ("meta", DctRole::Published, known.1));
    published.or_else(|| META_UPDATED.contains(&name).then_some(("meta", DctRole::Updated, 78)))
}

fn has_one(text: &str, words: &[String]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// Whether a line tells something: `The war began on February 24, 2022.` It is not signed with the day it tells of.
fn is_sentence(line: &str) -> bool {
    let small = line.split_whitespace().filter(|word| word.starts_with(char::is_lowercase)).count();
    line.ends_with(['.', '!', '?']) && small >= SENTENCE_WORDS_MIN
}

/// What the words around a visible date say about it.
fn told(reader: &DateReader, text: &str, found: &Found, role: DctRole, weight: u8) -> (DctRole, u8) {
    let before = text.get(..found.start).unwrap_or("").to_lowercase();
    let has = |words: &[String]| has_one(&before, words);
    if has(&reader.words.updated) {
        return (DctRole::Updated, weight.saturating_sub(4));
    }
    if has(&reader.words.published) {
        return (role, weight.saturating_add(8).min(88));
    }
    if has(&reader.words.other) {
        return (role, weight / 3);
    }
    if is_sentence(text) {
        return (role, weight / 2);
    }
    let author = has_one(&text.to_lowercase(), &reader.words.author);
    let weight = if author && text.len() < 100 { weight.saturating_add(5) } else { weight };
    // A line with little beside the date is there for the date.
    let rest = text.len().saturating_sub(found.end - found.start);
    (
        role,
        if rest <= 12 {
            weight.saturating_add(4)
        } else if rest > 80 {
            weight.saturating_sub(12)
        } else {
            weight
        },
    )
}

/// The last year of a copyright line.
fn copyright(value: &str, clues: &mut Vec<Clue>) {
    let years = value.split(|character: char| !character.is_ascii_digit()).filter(|part| part.len() == 4);
    let year = years.filter_map(|part| part.parse::<i16>().ok()).filter(|year| (1980..2100).contains(year)).max();
    if let Some(day) = year.and_then(|year| Date::new(year, 1, 1).ok()) {
        let found = Found { start: 0, end: 0, interval: DateInterval::year(day), time: None, utc: false, other: None };
        push(clues, "copyright", DctRole::Published, 12, &found, value, None);
    }
}

/// `/2022/04/05/title`, `/2022/04/`, `/20220405-title`.
fn addresses(evidence: &Evidence<'_>, reader: &DateReader, clues: &mut Vec<Clue>) {
    let known = [keys::HTML_CANONICAL, keys::URL, "html.meta.og:url"];
    let mut addresses: Vec<&str> = known.iter().flat_map(|key| evidence.metadata.all(key)).collect();
    addresses.sort_unstable();
    addresses.dedup();
    for address in addresses {
        // An archive's address holds the day of its copy before the article's own.
        let address = address.rfind("http").filter(|at| *at > 0).map_or(address, |at| &address[at..]);
        let path =
            address.split_once("://").map_or(address, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        let path = path.split(['?', '#']).next().unwrap_or(path);
        let dates = reader.dates(path, NumericOrder::DayFirst);
        if let Some(found) = dates.iter().find(|found| plausible_year(found.interval.earliest)) {
            push(clues, "address", DctRole::Published, 84, found, address, None);
        } else if let Some(month) = year_and_month(path) {
            let found =
                Found { start: 0, end: 0, interval: DateInterval::month(month), time: None, utc: false, other: None };
            push(clues, "address", DctRole::Published, 50, &found, address, None);
        }
    }
}

fn plausible_year(date: Date) -> bool {
    (1985..2100).contains(&date.year())
}

/// The first year and month of an address: `/2022/04/`.
fn year_and_month(path: &str) -> Option<Date> {
    let parts: Vec<&str> = path.split('/').collect();
    parts.windows(2).find_map(|pair| month_of(pair[0], pair[1]))
}

/// The first year and month in the name of a file or its folders: `2022-04/title.txt`, `report_2022_04.txt`. Not where the
/// two may be years: `2011-12`.
fn named_month(path: &str) -> Option<Date> {
    let parts: Vec<&str> = path.split(['/', '-', '_', ' ', '.']).collect();
    let month = parts.windows(2).find_map(|pair| month_of(pair[0], pair[1]).filter(|_| pair[1].len() == 2))?;
    (i16::from(month.month()) != (month.year() + 1) % 100).then_some(month)
}

/// The first day of a month, from the digits of its year and its number.
fn month_of(year: &str, month: &str) -> Option<Date> {
    let (value, month_value) = (year.parse::<i16>().ok()?, month.parse::<i8>().ok()?);
    let fits = year.len() == 4 && month.len() <= 2;
    fits.then(|| Date::new(value, month_value, 1).ok()).flatten().filter(|month| plausible_year(*month))
}

/// Lines at the start that are dates or say when, a dateline, and signatures of quoted messages.
fn text_edges(evidence: &Evidence<'_>, reader: &DateReader, order: NumericOrder, clues: &mut Vec<Clue>) {
    let text = evidence.text;
    let mut start = 0;
    let mut seen = 0;
    let is_page = evidence.metadata.iter().any(|(key, _)| key.starts_with("html."));
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let trimmed = line.trim();
        if trimmed.is_empty() {
            continue;
        }
        seen += 1;
        signature(trimmed, at + (line.len() - line.trim_start().len()), reader, order, clues);
        if seen > DATE_LINES || is_page || trimmed.len() > DATE_LINE_BYTES_MAX {
            continue;
        }
        let offset = at + (line.len() - line.trim_start().len());
        if let Some(found) = reader.dates(trimmed, order).first() {
            let alone = trimmed.len().saturating_sub(found.end - found.start) <= 12 && found.start <= 12;
            let (role, weight) = told(reader, trimmed, found, DctRole::Published, 70);
            let lower = trimmed[..found.start].to_lowercase();
            let says = reader.words.published.iter().chain(&reader.words.updated).any(|word| lower.starts_with(word));
            if alone || says {
                let span = Span::new(offset + found.start, offset + found.end);
                push(clues, "date-line", role, weight, found, trimmed, Some(span));
            }
        }
    }
    dateline(text, reader, order, clues);
}

/// `— Name (@handle) April 4, 2022`: the quoted message is that old, so the article is no older.
fn signature(line: &str, offset: usize, reader: &DateReader, order: NumericOrder, clues: &mut Vec<Clue>) {
    let Some(handle) = line.find("(@") else { return };
    let dash = line[..handle].rfind(['—', '–']).or_else(|| line[..handle].rfind("--"));
    let Some(close) = line[handle..].find(')').map(|close| handle + close) else { return };
    if dash.is_none() || handle > 200 {
        return;
    }
    if let Some(found) = reader.dates(&line[close..], order).first().filter(|found| found.start <= 8) {
        let span = Span::new(offset + close + found.start, offset + close + found.end);
        push(clues, "signature", DctRole::LowerBound, 60, found, line, Some(span));
    }
}

/// The first lines of a text that begin like a dateline, with a place, and where they begin. The rest is not read for dates.
fn opening_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    let lines = text.split_inclusive('\n').map(move |line| {
        let body = line.trim_start();
        let at = start + line.len() - body.len();
        start += line.len();
        let mut end = body.len().min(DATELINE_BYTES_MAX);
        while !body.is_char_boundary(end) {
            end -= 1;
        }
        (at, body[..end].trim_end())
    });
    lines.filter(|(_, line)| !line.is_empty()).take(DATELINE_LINES).filter(|(_, line)| {
        let place = place_of(line);
        place.len() < line.len() && (is_shouted(place) || is_named(place))
    })
}

/// What stands before the first comma, bracket or dash of a line.
fn place_of(line: &str) -> &str {
    line.split([',', '(', '-', '—', '–']).next().unwrap_or("").trim()
}

/// Whether a place is written in capitals.
fn is_shouted(place: &str) -> bool {
    place.chars().all(|character| !character.is_lowercase())
        && place.chars().filter(|character| character.is_alphabetic()).count() >= PLACE_LETTERS_MIN
}

/// Whether a few words are written like a name.
fn is_named(words: &str) -> bool {
    words.split_whitespace().take(PLACE_WORDS_MAX + 1).count() <= PLACE_WORDS_MAX
        && words.split_whitespace().all(|word| word == "(" || word.starts_with(char::is_uppercase))
}

/// Whether a line opens with a dateline whose date stands in `start..end`: a place in capitals and the date near it, or a
/// place written like any name with the date right behind.
fn is_dateline(line: &str, start: usize, end: usize) -> bool {
    let (place, follows) = (place_of(line), line[end..].trim_start());
    if is_shouted(place) {
        return start <= place.len() + PLACE_TO_DATE_BYTES_MAX && closes_dateline(follows);
    }
    let head = &line[..start];
    (head.ends_with(", ") || head.ends_with(" (")) && is_named(head) && closes_with_dash(follows)
}

/// Whether what follows a date shows that the dateline ends with it: `(Reuters) -`, `) –`.
fn closes_dateline(follows: &str) -> bool {
    ["-", "—", "–", "(", ":", "/"].iter().any(|sign| follows.starts_with(sign)) || closes_with_dash(follows)
}

/// Whether a dash follows, behind a bracket or the name of an agency in brackets at most.
fn closes_with_dash(follows: &str) -> bool {
    let dash = |text: &str| text.trim_start().starts_with(['-', '—', '–']);
    let behind = match follows.strip_prefix('(') {
        Some(agency) => agency.split_once(')').map_or("", |(_, behind)| behind),
        None => follows.strip_prefix(')').unwrap_or(follows),
    };
    dash(behind)
}

/// `BEIJING, April 5, 2022 (Reuters) -`: a place, a whole date, a dash.
fn dateline(text: &str, reader: &DateReader, order: NumericOrder, clues: &mut Vec<Clue>) {
    for (offset, line) in opening_lines(text) {
        for found in reader.dates(line, order) {
            let day = found.interval.earliest == found.interval.latest;
            if day && is_dateline(line, found.start, found.end) {
                let span = Span::new(offset + found.start, offset + found.end);
                push(clues, "dateline", DctRole::Published, 82, &found, &line[..found.end], Some(span));
                return;
            }
        }
    }
}

/// `BEIJING, April 5 (Reuters) -`: the day of the dateline in `within`, where other evidence gives no more than a month or a
/// year and the day lies in it once.
pub(super) fn dateline_day(text: &str, reader: &DateReader, within: DateInterval) -> Option<Clue> {
    let (offset, line, (month, day, start, end)) = opening_lines(text).find_map(|(offset, line)| {
        let found = reader.month_day(line).filter(|found| is_dateline(line, found.2, found.3))?;
        Some((offset, line, found))
    })?;
    let days = (within.earliest.year()..=within.latest.year()).filter_map(|year| Date::new(year, month, day).ok());
    let mut inside = days.filter(|day| within.contains(DateInterval::day(*day)));
    let (first, second) = (inside.next()?, inside.next());
    if second.is_some() {
        return None;
    }
    let mut clues = Vec::new();
    let found = Found { start, end, interval: DateInterval::day(first), time: None, utc: false, other: None };
    let span = Span::new(offset + start, offset + end);
    push(&mut clues, "dateline", DctRole::Published, 60, &found, &line[..end], Some(span));
    clues.pop()
}

/// `2022-04-05-title.txt`, `title_20220405.txt`.
fn file_name(evidence: &Evidence<'_>, reader: &DateReader, clues: &mut Vec<Clue>) {
    let path = evidence.source.path.as_str();
    let name = path.rsplit('/').next().unwrap_or(path).replace('_', " ");
    let dates = reader.dates(&name, NumericOrder::DayFirst);
    let whole = dates.iter().find(|found| plausible_year(found.interval.earliest));
    if let Some(found) = whole {
        push(clues, "file-name", DctRole::Published, 62, found, path, None);
    } else if let Some((folder, _)) = path.rsplit_once('/')
        && let Some(found) =
            reader.dates(folder, NumericOrder::DayFirst).iter().rfind(|found| plausible_year(found.interval.earliest))
    {
        push(clues, "folder", DctRole::Published, 56, found, path, None);
    } else if let Some(month) = named_month(path) {
        let found =
            Found { start: 0, end: 0, interval: DateInterval::month(month), time: None, utc: false, other: None };
        push(clues, "file-name", DctRole::Published, 44, &found, path, None);
    }
}
