//! What a page says about itself: title, author, address, and every hint at its dates, uninterpreted.

use super::blocks::{Blocks, flag};
use super::dom::{Dom, Tag};
use super::entities;
use crate::limits;
use crate::record::{Draft, Facts, one_line, shorten};
use dateline_core::{Diagnostic, keys};
use serde_json::Value;

/// Longest visible text that is looked at for a date, bytes.
const DATE_TEXT_BYTES_MAX: usize = 160;
/// Longest JSON-LD block that is read, bytes.
const JSONLD_BYTES_MAX: usize = 1 << 20;
/// Most JSON-LD objects of a page that are looked at.
const JSONLD_OBJECTS_MAX: usize = 200;
/// Longest value of a `<meta>` that is kept, bytes.
const META_BYTES_MAX: usize = 1000;
/// Shortest `articleBody` of a page's JSON-LD that is believed, bytes.
const BODY_BYTES_MIN: usize = 200;
/// Most `<h1>` and `<h2>` of a page that are looked at for its title.
const HEADINGS_MAX: usize = 12;
/// Blocks before and after the headline in which a date belongs to the article.
const BYLINE_BLOCKS: usize = 8;

/// Fills title and metadata of a page's draft.
pub(crate) fn collect(dom: &Dom<'_>, page: &Blocks, chosen: &[usize], source: &str, draft: &mut Draft) {
    let mut seen = Seen::default();
    let mut facts = Facts::default();
    for (index, node) in dom.nodes.iter().enumerate() {
        match node.tag {
            Tag::Meta => meta(dom, index, &mut facts, &mut seen),
            Tag::Link => link(dom, index, &mut facts),
            Tag::Title if seen.title.is_none() => seen.title = Some(dom.text(index, limits::TITLE_BYTES_MAX)),
            Tag::H1 | Tag::H2 => heading(dom, page, index, &mut seen),
            Tag::Script => script(dom, index, &mut facts, &mut seen),
            Tag::Time => time(dom, index, page, &mut facts, &mut seen),
            Tag::Html => language(dom, index, &mut seen),
            Tag::Abbr | Tag::Span | Tag::Div | Tag::P => microformat(dom, index, page, &mut facts),
            _ => {}
        }
    }
    if seen.jsonld == 0 {
        loose_dates(source, &mut facts);
    }
    visible_dates(dom, page, chosen, &mut facts);
    draft.title = seen.best_title(&facts);
    // Pages that show their text by script, or the start of it, often carry all of it in their JSON-LD.
    if let Some(body) = seen.body.take().filter(|body| draft.text.len() * 2 < body.len()) {
        draft.text = body;
    }
    finish(&mut facts, &seen);
    if draft.text.trim().is_empty() {
        // A page that shows itself by script still says what it is about.
        let about = facts.get("html.meta.og:description").or_else(|| facts.get("html.meta.description"));
        draft.text = about.or(draft.title.as_deref()).unwrap_or_default().to_owned();
        draft
            .diagnostics
            .push(Diagnostic::new("no-main-text", "the page shows no text; its own description stands for it"));
    }
    draft.facts = facts;
}

#[derive(Default)]
struct Seen {
    title: Option<String>,
    headings: Vec<String>,
    heading_elements: usize,
    /// How many of the headings are of the first level; they stand first.
    h1: usize,
    language: Option<String>,
    jsonld: usize,
    headline: Option<String>,
    body: Option<String>,
    authors: Vec<String>,
    publisher: Option<String>,
    times: usize,
}

impl Seen {
    /// The headline: what several places agree on, else the most specific one.
    fn best_title(&self, facts: &Facts) -> Option<String> {
        let page = self.title.as_deref().unwrap_or_default();
        let site = facts.get("html.meta.og:site_name").or(self.publisher.as_deref()).unwrap_or_default();
        let agreed = |heading: &&String| heading.len() >= 4 && *heading != site && contains_loosely(page, heading);
        // The longest one: on many pages the first heading is the name of the site.
        if let Some(heading) = self.headings.iter().filter(agreed).max_by_key(|heading| heading.len()) {
            return Some(heading.clone());
        }
        let shared = facts.get("html.meta.og:title").or_else(|| facts.get("html.meta.twitter:title"));
        let candidates = [self.headline.as_deref(), shared];
        let named = candidates.into_iter().flatten().map(str::trim).find(|title| !title.is_empty());
        let heading = self.headings.first().filter(|heading| self.h1 == 1 && heading.len() >= 10);
        named
            .map(without_site)
            .or_else(|| heading.cloned())
            .or_else(|| Some(without_site(page)).filter(|title| !title.is_empty()))
    }
}

/// Whether `whole` holds `part`, letters and digits only, case aside.
fn contains_loosely(whole: &str, part: &str) -> bool {
    let squeeze =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    squeeze(whole).contains(&squeeze(part))
}

/// `Grain ships sail | The Daily` without the site's name.
fn without_site(title: &str) -> String {
    let title = one_line(title);
    for separator in [" | ", " – ", " — ", " - ", " « ", " » ", " :: ", " • "] {
        if let Some((before, after)) = title.rsplit_once(separator) {
            let words = |text: &str| text.split_whitespace().count();
            if words(before) >= 3 && words(after) <= 5 {
                return before.trim().to_owned();
            }
            if words(before) <= 3 && words(after) >= 4 && title.matches(separator).count() == 1 {
                return after.trim().to_owned();
            }
        }
    }
    title
}

/// Names of `<meta>` that say nothing about an article.
const META_NOISE: &[&str] = &[
    "viewport",
    "theme-color",
    "robots",
    "googlebot",
    "generator",
    "referrer",
    "format-detection",
    "csrf",
    "msapplication",
    "apple-",
    "google",
    "fb:",
    "al:",
    "twitter:card",
    "twitter:site",
    "twitter:creator",
    "twitter:image",
    "twitter:app",
    "og:image",
    "og:video",
    "handheld",
    "mobile",
    "verify",
    "p:domain",
    "yandex",
    "msvalidate",
    "norton",
    "pinterest",
    "application-name",
    "skype",
    "parsely-metadata",
    "sailthru.image",
    "content-type",
    "x-ua-compatible",
    "charset",
    "page-",
    "ga-",
    "rating",
    "resource-type",
    "y_key",
    "bitly",
    "shareaholic",
    "swift-page",
    "image",
    "thumbnail",
    "video",
    "twitter:title",
    "twitter:description",
    "refresh",
];

fn meta(dom: &Dom<'_>, index: usize, facts: &mut Facts, seen: &mut Seen) {
    let (mut name, mut content) = (None, None);
    for (attribute, value) in dom.attributes(index) {
        match attribute.to_ascii_lowercase().as_str() {
            "content" => content = Some(value),
            "property" => name = Some(value),
            "name" | "itemprop" | "http-equiv" => name = name.or(Some(value)),
            _ => {}
        }
    }
    let (Some(name), Some(content)) = (name, content) else { return };
    let name = shorten(name.trim(), 100).to_lowercase();
    let value = entities::decode(shorten(content, META_BYTES_MAX));
    if META_NOISE.iter().any(|noise| name.starts_with(noise)) || name.is_empty() {
        return;
    }
    if matches!(
        name.as_str(),
        "author" | "article:author" | "dc.creator" | "dcterms.creator" | "parsely-author" | "byl" | "sailthru.author"
    ) {
        push_author(seen, &value);
    }
    facts.push(&format!("{}{name}", keys::HTML_META), &one_line(&value));
}

fn push_author(seen: &mut Seen, name: &str) {
    let name = one_line(name);
    let name =
        ["By ", "by ", "BY ", "Von ", "von "].iter().find_map(|by| name.strip_prefix(by)).unwrap_or(&name).to_owned();
    let plausible = !name.is_empty() && name.len() < 120 && !name.contains("://") && !name.contains('@');
    if plausible && seen.authors.len() < 16 && !seen.authors.contains(&name) {
        seen.authors.push(name);
    }
}

fn link(dom: &Dom<'_>, index: usize, facts: &mut Facts) {
    let canonical = |rel: &str| rel.split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case("canonical"));
    if dom.attribute(index, "rel").is_some_and(canonical)
        && let Some(address) = dom.attribute(index, "href")
    {
        facts.push(keys::HTML_CANONICAL, &entities::decode(address));
    }
}

fn language(dom: &Dom<'_>, index: usize, seen: &mut Seen) {
    let found = dom.attribute(index, "lang").or_else(|| dom.attribute(index, "xml:lang"));
    seen.language = found.map(str::trim).filter(|tag| !tag.is_empty() && tag.len() <= 20).map(str::to_owned);
}

fn heading(dom: &Dom<'_>, page: &Blocks, index: usize, seen: &mut Seen) {
    seen.heading_elements += 1;
    if page.flags[index] & flag::HIDDEN == 0 && seen.heading_elements <= HEADINGS_MAX {
        let text = dom.text(index, limits::TITLE_BYTES_MAX);
        if text.is_empty() {
            return;
        }
        if dom.nodes[index].tag == Tag::H1 {
            seen.headings.insert(seen.h1, text);
            seen.h1 += 1;
        } else {
            seen.headings.push(text);
        }
    }
}

/// The places of a page that are not the article: what is dated there is something else.
const OUTSIDE: u32 = flag::BESIDE | flag::COMMENTS | flag::ASIDE | flag::FOOTER;

/// `<time>`: its `datetime`, else its text, under the key its marks ask for.
fn time(dom: &Dom<'_>, index: usize, page: &Blocks, facts: &mut Facts, seen: &mut Seen) {
    seen.times += 1;
    if seen.times > limits::HTML_DATES_MAX {
        return;
    }
    let mut value = None;
    let mut key = keys::HTML_TIME;
    for (name, content) in dom.attributes(index) {
        match name.to_ascii_lowercase().as_str() {
            "datetime" => value = Some(content.trim().to_owned()).filter(|value| !value.is_empty()),
            "pubdate" => key = keys::HTML_TIME_PUBLISHED,
            "itemprop" | "class" | "data-testid" => {
                let content = content.to_ascii_lowercase();
                if ["modified", "updated", "lastmod"].iter().any(|mark| content.contains(mark)) {
                    key = keys::HTML_TIME_UPDATED;
                } else if ["publish", "entry-date", "created", "posted"].iter().any(|mark| content.contains(mark)) {
                    key = keys::HTML_TIME_PUBLISHED;
                }
            }
            _ => {}
        }
    }
    if page.flags[index] & OUTSIDE != 0 {
        key = keys::HTML_VISIBLE;
    }
    let value = value.unwrap_or_else(|| dom.text(index, 200));
    if !value.is_empty() {
        facts.push(key, &entities::decode(shorten(&value, 100)));
    }
}

/// `itemprop=datePublished content=..` and `class=published title=..` on any element.
fn microformat(dom: &Dom<'_>, index: usize, page: &Blocks, facts: &mut Facts) {
    let (mut key, mut value) = (None, None);
    for (name, content) in dom.attributes(index) {
        match name {
            "itemprop" => match content {
                "datePublished" | "dateCreated" => key = Some(keys::HTML_TIME_PUBLISHED),
                "dateModified" => key = Some(keys::HTML_TIME_UPDATED),
                _ => {}
            },
            "class" if content == "published" || content == "date" || content.starts_with("published ") => {
                key = key.or(Some(keys::HTML_TIME_PUBLISHED));
            }
            "class" if content == "updated" => key = key.or(Some(keys::HTML_TIME_UPDATED)),
            "content" | "datetime" => value = Some(content),
            "title" => value = value.or(Some(content)),
            _ => {}
        }
    }
    let Some(mut key) = key else { return };
    if page.flags[index] & OUTSIDE != 0 {
        key = keys::HTML_VISIBLE;
    }
    match value {
        Some(value) if looks_dated(value) => facts.push(key, &entities::decode(shorten(value, 100))),
        _ if page.flags[index] & flag::HIDDEN == 0
            && dom.nodes[index].until < u32::try_from(index).unwrap_or(0) + 12 =>
        {
            let text = dom.text(index, 200);
            if text.len() <= 100 && looks_dated(&text) {
                facts.push(key, &text);
            }
        }
        _ => {}
    }
}

fn script(dom: &Dom<'_>, index: usize, facts: &mut Facts, seen: &mut Seen) {
    let jsonld =
        dom.attribute(index, "type").is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/ld+json"));
    let content = dom.nodes.get(index + 1).filter(|node| node.tag == Tag::Text && node.parent as usize == index);
    if !jsonld || content.is_none() {
        return;
    }
    let raw = dom.raw(index + 1);
    if raw.len() > JSONLD_BYTES_MAX {
        return;
    }
    let raw = raw
        .trim()
        .trim_start_matches("<!--")
        .trim_start_matches("//<![CDATA[")
        .trim_end_matches("-->")
        .trim_end_matches("//]]>");
    if let Ok(value) = serde_json::from_str::<Value>(raw.trim().trim_end_matches(';')) {
        seen.jsonld += usize::from(objects(&value, facts, seen));
    }
}

/// The properties of the objects that describe the page; says whether one of them was dated.
fn objects(value: &Value, facts: &mut Facts, seen: &mut Seen) -> bool {
    let mut dated = false;
    let mut queue = std::collections::VecDeque::from([value]);
    let mut left = JSONLD_OBJECTS_MAX;
    while let Some(value) = queue.pop_front() {
        left -= 1;
        if left == 0 {
            break;
        }
        match value {
            Value::Array(values) => queue.extend(values.iter().take(JSONLD_OBJECTS_MAX)),
            Value::Object(object) => {
                if !is_other_thing(object.get("@type")) {
                    dated |= properties(object, facts, seen);
                }
                queue.extend(["@graph", "mainEntity", "mainEntityOfPage"].iter().filter_map(|name| object.get(*name)));
            }
            _ => {}
        }
    }
    dated
}

/// Types whose dates are not those of the page.
fn is_other_thing(kind: Option<&Value>) -> bool {
    let other = [
        "Event",
        "Offer",
        "Review",
        "Comment",
        "Person",
        "Organization",
        "BreadcrumbList",
        "Product",
        "ItemList",
        "JobPosting",
        "ImageObject",
    ];
    match kind {
        Some(Value::String(kind)) => other.iter().any(|other| kind.ends_with(other)),
        Some(Value::Array(kinds)) => {
            kinds.iter().any(|kind| is_other_thing(Some(kind).filter(|kind| kind.is_string())))
        }
        _ => false,
    }
}

fn properties(object: &serde_json::Map<String, Value>, facts: &mut Facts, seen: &mut Seen) -> bool {
    let mut dated = false;
    if let Some(kind) = object.get("@type").and_then(Value::as_str) {
        facts.push(&format!("{}@type", keys::HTML_JSONLD), kind);
    }
    for name in ["datePublished", "dateModified", "dateCreated", "uploadDate", "articleSection", "inLanguage"] {
        if let Some(value) = object.get(name).and_then(Value::as_str) {
            facts.push(&format!("{}{name}", keys::HTML_JSONLD), value);
            dated |= name.starts_with("date");
        }
    }
    if let Some(headline) = object.get("headline").and_then(Value::as_str)
        && seen.headline.is_none()
    {
        seen.headline = Some(one_line(&entities::decode(headline)));
    }
    if let Some(body) = object.get("articleBody").and_then(Value::as_str).filter(|body| body.len() >= BODY_BYTES_MIN) {
        seen.body.get_or_insert_with(|| super::prose(body));
    }
    if let Some(author) = object.get("author") {
        names(author, seen);
    }
    if let Some(publisher) = object.get("publisher").and_then(|publisher| publisher.get("name")).and_then(Value::as_str)
    {
        seen.publisher.get_or_insert_with(|| one_line(&entities::decode(publisher)));
    }
    dated
}

fn names(author: &Value, seen: &mut Seen) {
    match author {
        Value::String(name) => push_author(seen, &entities::decode(name)),
        Value::Array(authors) => {
            authors.iter().take(16).filter(|author| !author.is_array()).for_each(|author| names(author, seen));
        }
        Value::Object(author) => {
            if let Some(name) = author.get("name").and_then(Value::as_str) {
                push_author(seen, &entities::decode(name));
            }
        }
        _ => {}
    }
}

/// The first `"datePublished": "..."` anywhere in the page, for JSON-LD that is broken or stands in other scripts.
fn loose_dates(source: &str, facts: &mut Facts) {
    for name in ["datePublished", "dateModified", "dateCreated"] {
        let mut at = 0;
        for _ in 0..8 {
            let Some(found) = memchr::memmem::find(&source.as_bytes()[at..], name.as_bytes()) else { break };
            at += found + name.len();
            if let Some(value) = quoted_value(&source[at..]).filter(|value| looks_dated(value)) {
                facts.push(&format!("{}{name}", keys::HTML_JSONLD), value);
                break;
            }
        }
    }
}

/// The value in `": "value"`, escaped quotes allowed.
fn quoted_value(rest: &str) -> Option<&str> {
    let rest = rest.trim_start_matches(['"', '\'', '\\']).trim_start().strip_prefix(':')?.trim_start();
    let rest = rest.trim_start_matches('\\').strip_prefix(['"', '\''])?;
    let end = rest.bytes().take(64).position(|byte| matches!(byte, b'"' | b'\'' | b'\\' | b'<'))?;
    Some(&rest[..end])
}

/// Short visible texts that hold a date: beside the headline or named so, the others, and the copyright line.
fn visible_dates(dom: &Dom<'_>, page: &Blocks, chosen: &[usize], facts: &mut Facts) {
    let first = chosen.first().copied().unwrap_or(page.blocks.len());
    let headline =
        page.blocks[..first.min(page.blocks.len())].iter().rposition(|block| block.flags & flag::HEADING != 0);
    let near = headline.unwrap_or(first).saturating_sub(BYLINE_BLOCKS / 2)..first + BYLINE_BLOCKS / 2;
    let (mut bylines, mut others) = (0, 0);
    for (at, block) in page.blocks.iter().enumerate() {
        let text = page.of(block);
        if text.len() > 4 * DATE_TEXT_BYTES_MAX || block.flags & flag::HIDDEN != 0 {
            continue;
        }
        if is_copyright(text) {
            facts.push(keys::HTML_COPYRIGHT, shorten(text, DATE_TEXT_BYTES_MAX));
            continue;
        }
        if text.len() > DATE_TEXT_BYTES_MAX || !looks_dated(text) {
            continue;
        }
        let outside = block.flags & OUTSIDE != 0;
        let byline = !outside && (near.contains(&at) || block.flags & flag::DATELIKE != 0);
        let (key, count) = if byline { (keys::HTML_BYLINE, &mut bylines) } else { (keys::HTML_VISIBLE, &mut others) };
        if *count < limits::HTML_DATES_MAX {
            *count += 1;
            facts.push(key, &spaced(dom, page, at));
        }
    }
}

/// The text of a block with a blank wherever one element ends and the next begins in the middle of a word: pages set
/// name, date and time apart by style alone.
fn spaced(dom: &Dom<'_>, page: &Blocks, at: usize) -> String {
    let block = &page.blocks[at];
    let end = page.blocks.get(at + 1).map_or(dom.nodes.len(), |next| next.first as usize);
    let mut text = String::new();
    for index in block.first as usize..end {
        if dom.nodes[index].tag != Tag::Text || page.flags[index] & flag::HIDDEN != 0 {
            continue;
        }
        let piece = entities::decode(dom.raw(index));
        let within = text.ends_with(char::is_alphanumeric) && piece.starts_with(char::is_alphanumeric);
        if within {
            text.push(' ');
        }
        text.push_str(&piece);
        if text.len() > 4 * DATE_TEXT_BYTES_MAX {
            break;
        }
    }
    one_line(&text)
}

fn is_copyright(text: &str) -> bool {
    text.contains('©') || text.contains("(c) ") || text.contains("opyright")
}

/// Whether a short text may hold a date: a year, a numeric date, or a month's name beside a number, in the languages
/// that the dating processor reads. A coarse sieve; what passes it is read there.
pub(crate) fn looks_dated(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut digits = 0usize;
    let mut groups = 0usize;
    for (at, byte) in bytes.iter().enumerate() {
        if byte.is_ascii_digit() {
            digits += 1;
            continue;
        }
        if digits > 0 && is_date_group(bytes, at - digits, digits) {
            groups += 1;
        }
        digits = 0;
    }
    if digits > 0 && is_date_group(bytes, bytes.len() - digits, digits) {
        groups += 1;
    }
    groups > 0 || (bytes.iter().any(u8::is_ascii_digit) && has_month(text))
}

/// A year, eight digits that start with one, or a day between separators.
fn is_date_group(bytes: &[u8], start: usize, length: usize) -> bool {
    let year = |at: usize| matches!(&bytes[at..at + 2], b"19" | b"20");
    match length {
        4 | 8 | 14 => year(start),
        1 | 2 => {
            let separator = bytes.get(start + length).copied();
            let next = bytes.get(start + length + 1).copied();
            matches!(separator, Some(b'.' | b'/' | b'-')) && next.is_some_and(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

/// Starts of month names, lower case: en, de, fr, es, it, pl, nl.
const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mär", "mai", "okt", "dez",
    "fév", "fev", "avr", "juin", "juil", "aoû", "aou", "déc", "ene", "abr", "ago", "set", "dic", "gen", "mag", "giu",
    "lug", "ott", "sty", "lut", "kwi", "maj", "cze", "lip", "sie", "wrz", "paź", "lis", "gru", "maa", "mei", "mrt",
];

fn has_month(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphabetic());
    words.filter(|word| word.len() >= 3).any(|word| MONTHS.iter().any(|month| word.starts_with(month)))
}

fn finish(facts: &mut Facts, seen: &Seen) {
    let copy = |facts: &mut Facts, key: &str, from: &[&str]| {
        let value = from.iter().find_map(|from| facts.get(from)).map(str::to_owned);
        if let Some(value) = value {
            facts.push(key, &value);
        }
    };
    copy(facts, keys::URL, &[keys::HTML_CANONICAL, "html.meta.og:url"]);
    copy(facts, keys::SOURCE, &["html.meta.og:site_name"]);
    if facts.get(keys::SOURCE).is_none() {
        facts.push(keys::SOURCE, seen.publisher.as_deref().unwrap_or_default());
    }
    for author in &seen.authors {
        facts.push(keys::AUTHOR, author);
    }
    facts.push(keys::LANGUAGE, seen.language.as_deref().unwrap_or_default());
    copy(
        facts,
        keys::LANGUAGE,
        &["html.meta.og:locale"].as_slice()[..usize::from(facts.get(keys::LANGUAGE).is_none())],
    );
}
