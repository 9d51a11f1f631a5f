//! `dateline timeline --html`: one page that needs nothing else. No script, no network, no fonts: styles and a drawing in
//! SVG, and the same facts as a list, which is what a keyboard and a screen reader walk through. Everything that comes
//! from documents is untrusted and escaped.

use super::{Renderer, all, place};
use crate::screen::{Screen, counted, number};
use dateline_protocol::core::{Date, terminal};
use dateline_protocol::wire::{Days, TimelineEntry};
use std::fmt::Write;

/// What may be loaded: nothing but the styles that stand in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/// Width of the drawing, in its own units; it is scaled to the window.
const WIDTH: f64 = 1000.0;
/// Height of the highest mark.
const HEIGHT: f64 = 160.0;
/// Room above the marks, and below them for the names of the days.
const ABOVE: f64 = 22.0;
const BELOW: f64 = 34.0;
/// Room at both sides.
const SIDE: f64 = 24.0;
/// Narrowest mark, and the narrowest place that takes a click for it.
const MARK_MIN: f64 = 5.0;
const TARGET_MIN: f64 = 12.0;
/// Lowest mark: what is spoken of once is still seen.
const MARK_LOW: f64 = 8.0;
/// Names of days under the drawing, at most.
const TICKS_MAX: i32 = 8;
/// Characters of a sentence in the name of its mark.
const LABEL_CHARACTERS: usize = 90;

const STYLE: &str = "
:root { color-scheme: light dark; --ground: #ffffff; --text: #1b1b1b; --quiet: #555555; --line: #8a8a8a; --mark: #0b57d0;
  --target: #fff3c4; }
@media (prefers-color-scheme: dark) { :root { --ground: #141414; --text: #ececec; --quiet: #b4b4b4; --line: #7d7d7d;
  --mark: #8ab4f8; --target: #3a3415; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0.5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 1.5rem 0 0.5rem; }
h3 { font-size: 1rem; margin: 0; color: var(--mark); }
p { margin: 0.25rem 0; }
a { color: var(--mark); }
.quiet { color: var(--quiet); }
.skip { position: absolute; left: -100rem; }
.skip:focus { position: static; display: inline-block; padding: 0.25rem 0.5rem; }
figure { margin: 0; overflow-x: auto; padding: 4px 0; }
svg { display: block; width: 100%; min-width: 44rem; height: auto; overflow: visible; }
svg text { fill: var(--quiet); font: 13px system-ui, sans-serif; }
.axis { stroke: var(--line); stroke-width: 1; }
.mark { fill: var(--mark); }
.place { fill: transparent; stroke: none; }
svg a:hover .mark { fill: var(--text); }
svg a:focus { outline: none; }
svg a:focus .place { stroke: var(--text); stroke-width: 2; }
svg a:focus .mark { fill: var(--text); }
a:focus-visible { outline: 2px solid var(--text); outline-offset: 2px; }
ol { list-style: none; margin: 0; padding: 0; }
li { padding: 0.6rem 0.75rem; border-top: 1px solid var(--line); break-inside: avoid; scroll-margin-top: 1rem; }
li:target { background: var(--target); }
li p { overflow-wrap: anywhere; }
code { font-family: ui-monospace, monospace; font-size: 0.9em; }
footer { margin-top: 1.5rem; border-top: 1px solid var(--line); padding-top: 0.5rem; }
@media print { svg { min-width: 0; } :root { --ground: #ffffff; --text: #000000; --quiet: #333333; --mark: #000000; }
  body { max-width: none; padding: 0; font-size: 10pt; } .skip, .back { display: none; } li:target { background: none; } }
@media (forced-colors: active) { .mark { fill: LinkText; } .axis { stroke: CanvasText; } svg text { fill: CanvasText; } }
";

/// What a page says of the question it answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The query; empty for everything.
    pub(crate) query: String,
    /// What narrows it, in words: `from 2022-03-01`, `as of 2022-04-05`.
    pub(crate) limits: Vec<String>,
}

/// The page.
pub(crate) fn page(asked: Asked) -> Renderer {
    all(move |entries: &[TimelineEntry], screen| whole(&asked, entries, screen))
}

/// Untrusted text in HTML, also inside of quotes: controls and characters that reorder text are spelled out, and so is
/// everything with a meaning in HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for character in terminal::escape_line(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

fn whole(asked: &Asked, entries: &[TimelineEntry], screen: &Screen) -> String {
    let about = if asked.query.trim().is_empty() { "all documents".to_owned() } else { escaped(&asked.query) };
    let mut out = String::new();
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\" />\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n\
         <meta name=\"color-scheme\" content=\"light dark\" />\n\
         <meta name=\"referrer\" content=\"no-referrer\" />\n\
         <title>Timeline: {about}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    );
    out.push_str("<a class=\"skip\" href=\"#entries\">Skip the chart</a>\n<header>\n");
    let _ = writeln!(out, "<h1>Timeline: <bdi>{about}</bdi></h1>");
    let _ = writeln!(out, "<p class=\"quiet\">{}</p>\n</header>\n<main>", escaped(&summary(asked, entries)));
    if !entries.is_empty() {
        out.push_str(&chart(entries));
    }
    out.push_str("<section aria-labelledby=\"entries-title\" id=\"entries\" tabindex=\"-1\">\n");
    out.push_str("<h2 id=\"entries-title\">What happened</h2>\n<ol>\n");
    for (at, entry) in entries.iter().enumerate() {
        out.push_str(&item(at + 1, entry));
    }
    out.push_str("</ol>\n</section>\n</main>\n");
    let made = screen.now.strftime("%Y-%m-%d");
    let version = env!("CARGO_PKG_VERSION");
    let _ = writeln!(out, "<footer class=\"quiet\"><p>Made by dateline {version} on {made}.</p></footer>");
    out.push_str("</body>\n</html>\n");
    out
}

/// How much there is, between which days, and what it was narrowed to.
fn summary(asked: &Asked, entries: &[TimelineEntry]) -> String {
    let mut parts = vec![counted(entries.len() as u64, "line")];
    if let (Some(first), Some(last)) = (entries.first(), entries.last()) {
        parts.push(match first.date.earliest == last.date.latest {
            true => first.date.to_string(),
            false => format!("{} to {}", first.date.earliest, last.date.latest),
        });
    }
    parts.extend(asked.limits.iter().cloned());
    parts.join(", ")
}

/// The drawing: a mark for each entry, as high as many documents speak of it; each leads to its entry below.
fn chart(entries: &[TimelineEntry]) -> String {
    let scale = Scale::of(entries);
    let most = entries.iter().map(weight).max().unwrap_or(1);
    let floor = ABOVE + HEIGHT;
    let mut out = String::from(
        "<section aria-labelledby=\"chart-title\">\n<h2 id=\"chart-title\">How much each day is spoken of</h2>\n\
         <p class=\"quiet\">The higher a mark, the more documents. Each leads to its entry in the list.</p>\n<figure>\n",
    );
    let _ =
        writeln!(out, "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"group\" aria-labelledby=\"chart-title\">", floor + BELOW);
    let right = WIDTH - SIDE;
    let _ = writeln!(
        out,
        "<g aria-hidden=\"true\"><line class=\"axis\" x1=\"{SIDE}\" y1=\"{floor}\" x2=\"{right}\" y2=\"{floor}\" />\
         <text x=\"{SIDE}\" y=\"12\">{}</text>",
        counted(most, "document")
    );
    for (day, label) in scale.ticks() {
        let x = scale.at(day);
        let _ = writeln!(
            out,
            "<line class=\"axis\" x1=\"{x:.1}\" y1=\"{floor}\" x2=\"{x:.1}\" y2=\"{}\" />\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"{}\">{label}</text>",
            floor + 6.0,
            floor + 22.0,
            scale.anchor(x)
        );
    }
    out.push_str("</g>\n");
    for (at, entry) in entries.iter().enumerate() {
        out.push_str(&mark(at + 1, entry, &scale, most));
    }
    out.push_str("</svg>\n</figure>\n</section>\n");
    out
}

/// How many documents speak of an entry's days.
fn weight(entry: &TimelineEntry) -> u64 {
    entry.support.max(entry.sources).max(1).into()
}

fn mark(at: usize, entry: &TimelineEntry, scale: &Scale, most: u64) -> String {
    let share = weight(entry) as f64 / most.max(1) as f64;
    let height = MARK_LOW + (HEIGHT - MARK_LOW) * share;
    let (left, right) = (scale.at(entry.date.earliest), scale.end(entry.date.latest));
    let width = (right - left - 1.0).max(MARK_MIN);
    let x = left.min(WIDTH - SIDE - width);
    let target = width.max(TARGET_MIN);
    let middle = x + width / 2.0;
    let top = ABOVE + HEIGHT - height;
    let label =
        format!("{}, {}: {}", named(entry.date), counted(weight(entry), "document"), shortened(&entry.sentence));
    let label = escaped(&label);
    format!(
        "<a href=\"#entry-{at}\" aria-label=\"{label}\"><title>{label}</title>\
         <rect class=\"place\" x=\"{:.1}\" y=\"{:.1}\" width=\"{target:.1}\" height=\"{:.1}\" rx=\"2\" />\
         <rect class=\"mark\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"1\" /></a>\n",
        middle - target / 2.0,
        top - 4.0,
        height + 4.0
    )
}

fn shortened(sentence: &str) -> String {
    match sentence.char_indices().nth(LABEL_CHARACTERS) {
        Some((cut, _)) => format!("{}…", sentence[..cut].trim_end()),
        None => sentence.to_owned(),
    }
}

/// Days as people say them: `29 March 2022`, `April 2022`, `2022`, or an interval.
fn named(days: Days) -> String {
    let text = days.to_string();
    match text.len() {
        10 => days.earliest.strftime("%-d %B %Y").to_string(),
        7 => days.earliest.strftime("%B %Y").to_string(),
        4 => text,
        _ => format!("{} to {}", days.earliest.strftime("%-d %B %Y"), days.latest.strftime("%-d %B %Y")),
    }
}

fn item(at: usize, entry: &TimelineEntry) -> String {
    let place = escaped(&place(&entry.path, entry.part.as_deref(), entry.line));
    let documents = counted(weight(entry), "document");
    let copies = match (entry.sources, entry.support) {
        (sources, support) if sources > 0 && sources < support => {
            format!(" in {}", counted(sources.into(), "wording"))
        }
        _ => String::new(),
    };
    format!(
        "<li id=\"entry-{at}\" tabindex=\"-1\"><h3><time datetime=\"{}\">{}</time></h3>\n<p dir=\"auto\">{}</p>\n\
         <p class=\"quiet\"><code>{place}</code>, {documents}{copies} <a class=\"back\" href=\"#chart-title\" \
         aria-label=\"Back to the chart, from entry {}\">chart</a></p></li>\n",
        entry.date.earliest,
        escaped(&named(entry.date)),
        escaped(&entry.sentence),
        number(at as u64)
    )
}

/// From days to places in the drawing.
struct Scale {
    first: Date,
    last: Date,
    days: f64,
}

impl Scale {
    fn of(entries: &[TimelineEntry]) -> Scale {
        let first = entries.iter().map(|entry| entry.date.earliest).min().unwrap_or(Date::ZERO);
        let last = entries.iter().map(|entry| entry.date.latest).max().unwrap_or(first);
        Scale { first, last, days: f64::from(between(first, last) + 1) }
    }

    fn at(&self, day: Date) -> f64 {
        SIDE + (WIDTH - 2.0 * SIDE) * f64::from(between(self.first, day)) / self.days
    }

    /// Where a day ends.
    fn end(&self, day: Date) -> f64 {
        self.at(day) + (WIDTH - 2.0 * SIDE) / self.days
    }

    /// How the name of a day stands at its place without leaving the drawing.
    fn anchor(&self, x: f64) -> &'static str {
        match x {
            x if x < SIDE * 2.0 => "start",
            x if x > WIDTH - SIDE * 3.0 => "end",
            _ => "middle",
        }
    }

    /// Some days, evenly spread, named as precisely as their distance asks for.
    fn ticks(&self) -> Vec<(Date, String)> {
        let days = between(self.first, self.last) + 1;
        match days {
            0..=60 => self.every_days(days),
            61..=1100 => self.every_months(days),
            _ => self.every_years(days),
        }
    }

    fn every_days(&self, days: i32) -> Vec<(Date, String)> {
        let step = step(days);
        let day = |at: i32| self.first.checked_add(jiff::Span::new().days(at)).ok();
        (0..days)
            .step_by(usize::try_from(step).unwrap_or(1))
            .filter_map(day)
            .map(|day| (day, day.to_string()))
            .collect()
    }

    fn every_months(&self, days: i32) -> Vec<(Date, String)> {
        let step = step(days / 30);
        let mut ticks = Vec::new();
        let mut at = self.first.first_of_month();
        while at <= self.last {
            if at >= self.first {
                ticks.push((at, at.strftime("%Y-%m").to_string()));
            }
            let Ok(next) = at.checked_add(jiff::Span::new().months(step)) else { break };
            at = next;
        }
        ticks
    }

    fn every_years(&self, days: i32) -> Vec<(Date, String)> {
        let step = step(days / 365);
        let years =
            (i32::from(self.first.year())..=i32::from(self.last.year())).step_by(usize::try_from(step).unwrap_or(1));
        let day = |year: i32| Date::new(i16::try_from(year).ok()?, 1, 1).ok();
        years.filter_map(day).filter(|day| *day >= self.first).map(|day| (day, format!("{:04}", day.year()))).collect()
    }
}

/// How many units lie between two names, so that there are not too many.
fn step(units: i32) -> i32 {
    ((units + TICKS_MAX - 1) / TICKS_MAX).max(1)
}

/// Days from one to another.
fn between(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}

#[cfg(test)]
mod tests {
    use super::{Asked, page};
    use crate::render::tests::shown;
    use crate::screen::plain;
    use serde_json::{Value, json};

    const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;\u{202e}</svg></title>";

    fn entry(from: &str, to: &str, sentence: &str, path: &str) -> Value {
        json!({
            "date": {"earliest": from, "latest": to}, "precision": "day", "sentence": sentence, "sources": 1,
            "support": 3, "document": 1, "path": path, "part": "7", "line": 3, "span": {"start": 0, "end": 5},
            "score": 1.0, "expression": null
        })
    }

    fn drawn(entries: &[Value]) -> String {
        let asked = Asked { query: HOSTILE.to_owned(), limits: vec![format!("by {HOSTILE}")] };
        shown(&page(asked), entries, &plain(None))
    }

    fn page_of_three() -> String {
        drawn(&[
            entry("2022-03-29", "2022-03-29", "Delegations met for talks.", "a.txt"),
            entry("2022-04-01", "2022-04-30", HOSTILE, HOSTILE),
            entry("2023-01-01", "2023-12-31", "Much is rebuilt.", "b.txt"),
        ])
    }

    /// The tags of a page in order, with their attributes as they stand; fails on what no browser reads as meant.
    fn tags(page: &str) -> Vec<(String, String)> {
        let body = page.strip_prefix("<!DOCTYPE html>").expect("a document type");
        let mut open: Vec<String> = Vec::new();
        let mut found = Vec::new();
        for piece in body.split('<').skip(1) {
            let (tag, after) = piece.split_once('>').expect("a tag ends");
            assert!(open.last().is_some_and(|name| name == "style") || !after.contains('>'), "stray sign in {after:?}");
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(name), "tags close in order");
                continue;
            }
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            assert_eq!(attributes.matches('"').count() % 2, 0, "quotes are even in {tag}");
            if !tag.ends_with('/') {
                open.push(name.to_owned());
            }
            found.push((name.to_owned(), attributes.to_owned()));
        }
        assert!(open.is_empty(), "left open: {open:?}");
        found
    }

    fn count(tags: &[(String, String)], name: &str) -> usize {
        tags.iter().filter(|(tag, _)| tag == name).count()
    }

    #[test]
    fn hostile_text_stays_text() {
        let page = page_of_three();
        let tags = tags(&page);
        assert_eq!(count(&tags, "script") + count(&tags, "img"), 0);
        assert!(tags.iter().all(|(_, attributes)| !attributes.contains("onerror=\"")), "{page}");
        assert!(!page.contains('\u{202e}') && page.contains("\\u{202e}"));
        assert!(page.contains("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"));
    }

    #[test]
    fn nothing_is_loaded_from_anywhere() {
        let page = drawn(&[entry("2022-03-29", "2022-03-29", "They met.", "a.txt")]);
        assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'"));
        for (name, attributes) in tags(&page) {
            assert!(!["script", "link", "img", "iframe", "object", "use"].contains(&name.as_str()), "{name}");
            assert!(!attributes.contains("src="), "{attributes}");
            let target = attributes.split_once("href=\"").map(|(_, rest)| rest);
            assert!(target.is_none_or(|target| target.starts_with('#')), "{attributes}");
        }
        assert!(!page.contains("url(") && !page.contains("@import") && !page.contains("http:"));
    }

    #[test]
    fn every_mark_has_a_name_and_leads_to_its_line() {
        let page = page_of_three();
        let tags = tags(&page);
        for name in ["header", "main", "footer", "h1", "svg", "ol"] {
            assert_eq!(count(&tags, name), 1, "{name}");
        }
        assert_eq!((count(&tags, "li"), count(&tags, "time"), count(&tags, "h3")), (3, 3, 3));
        for (_, attributes) in tags.iter().filter(|(name, _)| name == "a") {
            let target = attributes.split("href=\"#").nth(1).and_then(|rest| rest.split('"').next()).expect("a target");
            assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
        }
        let marks = tags.iter().filter(|(name, attributes)| name == "a" && attributes.contains("#entry-"));
        assert_eq!(marks.filter(|(_, attributes)| attributes.contains("aria-label=\"")).count(), 3);
        assert!(page.contains("aria-label=\"29 March 2022, 3 documents: Delegations met for talks.\""));
        assert!(page.contains("<time datetime=\"2022-04-01\">April 2022</time>"));
        assert!(page.contains("3 documents in 1 wording"));
    }

    #[test]
    fn marks_stay_inside_and_days_are_named() {
        for (last, label) in [("2022-03-30", ">2022-03-29<"), ("2022-12-01", ">2022-05<"), ("2099-01-01", ">2032<")] {
            let page = drawn(&[
                entry("2022-03-29", "2022-03-29", "They met.", "a.txt"),
                entry(last, last, "They met again.", "b.txt"),
            ]);
            assert!(page.contains(label), "{last}");
            let number = |text: &str, name: &str| -> f64 {
                let value = text.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
                value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} in {text}"))
            };
            for (name, attributes) in tags(&page) {
                if name == "rect" && attributes.contains("\"mark\"") {
                    let text = format!(" {attributes}");
                    assert!(
                        number(&text, "x") >= 0.0 && number(&text, "x") + number(&text, "width") <= 1000.0,
                        "{text}"
                    );
                    assert!(number(&text, "height") > 0.0 && number(&text, "y") >= 0.0, "{text}");
                }
            }
        }
    }
}
