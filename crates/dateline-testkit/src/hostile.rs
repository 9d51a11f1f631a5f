//! Documents that break careless processors: odd characters, odd sizes, odd facts. All are legal values.

use dateline_pipeline::processor::core::{
    Date, DateInterval, DctHint, DocumentInput, Genre, Mark, MarkKind, Span, Time, Timestamp,
};

/// Size of the large documents, in bytes: enough to hurt, little enough for a debug build.
const LARGE_BYTES: usize = 64 << 10;

/// A named document.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// For messages.
    pub name: String,
    /// The document.
    pub input: DocumentInput,
}

impl Fixture {
    /// A document of bare text.
    #[must_use]
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Fixture {
        let mut input = DocumentInput::default();
        input.document.text = text.into();
        Fixture { name: name.into(), input }
    }
}

/// Plain prose with names, dates and quotations, written for this kit.
pub const PROSE: &str = "\
HARBOUR CITY, March 5 (Wire) - Mayor Ana Ruiz said on Tuesday that the old bridge would reopen next week, two years \
after the flood of 2022.\n\n\"We promised it in April last year,\" Ruiz told reporters. \"Now it stands.\" The U.S. firm \
Stonework Ltd. had asked for $3.5 million; the council of Harbour City paid half.\n\nMr. Ruiz's critics, among them \
Dr. J. O'Neill of the Bridge Society, were not convinced: \u{201c}Ask again on 1 May 2025.\u{201d}\n";

/// Texts that break careless processors, by name.
fn texts() -> Vec<(&'static str, String)> {
    let fill = |unit: &str| unit.repeat(LARGE_BYTES / unit.len());
    vec![
        ("empty", String::new()),
        ("one blank", " ".to_owned()),
        ("one letter", "a".to_owned()),
        ("prose", PROSE.to_owned()),
        ("prose with CRLF", PROSE.replace('\n', "\r\n")),
        ("prose in capitals", PROSE.to_uppercase()),
        ("blanks", fill(" \t\u{a0}\u{2009}")),
        ("line breaks", fill("\n\r\n\u{2028}\u{85}")),
        ("NULs and controls", fill("\0\u{1}\u{1b}[31m\u{7f}\u{9b}")),
        ("one endless word", fill("a")),
        ("one endless number", fill("9")),
        ("digits and dashes", fill("2022-02-30 ")),
        ("numbers out of range", fill("99999999999999999999 -99999/99/99 0000-00-00 ")),
        ("open brackets", fill("([{<\u{201c}")),
        ("quotation marks", fill("\"' \u{2019}\u{201e}")),
        ("full stops", fill(". ")),
        ("capitals", fill("Ab C. ")),
        ("letters that grow in lower case", fill("\u{130} \u{1e9e}")),
        ("letters that shrink in upper case", fill("\u{fb01}\u{df}\u{149} ")),
        ("combining marks", format!("e{}", fill("\u{301}"))),
        ("four-byte characters", fill("\u{1f1fa}\u{1f1e6}\u{10ffff}\u{20000}")),
        ("joined emoji", fill("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}")),
        ("right to left", fill("\u{202e}\u{5d0}\u{5d1} \u{627}\u{644} \u{200f}")),
        ("no blanks between words", fill("\u{65e5}\u{672c}\u{8a9e}\u{3002}")),
        ("invisible", fill("\u{feff}\u{200b}\u{ad}\u{2060}")),
        ("replacement characters", fill("\u{fffd}?")),
        ("markup", fill("<p>&amp;&#x41;</p><![CDATA[ ]]>\n# *a* `b`\n")),
        ("wide characters at word ends", fill("caf\u{e9} na\u{ef}ve \u{2014} Kyi\u{308}v\u{2019}s ")),
    ]
}

/// All hostile documents: texts, and facts about a document at their limits.
#[must_use]
pub fn hostile() -> Vec<Fixture> {
    let mut all: Vec<Fixture> = texts().into_iter().map(|(name, text)| Fixture::text(name, text)).collect();
    let mut add = |name: &str, edit: &dyn Fn(&mut DocumentInput)| {
        let mut fixture = Fixture::text(name, PROSE);
        edit(&mut fixture.input);
        all.push(fixture);
    };
    add("a title that is the text", &|input| input.document.title = Some(PROSE.to_owned()));
    add("an endless title", &|input| input.document.title = Some("News \u{130} ".repeat(2_000)));
    add("an empty title", &|input| input.document.title = Some(String::new()));
    add("a marked header", &|input| {
        input.document.text = format!(" date 2022-04-05 {PROSE}");
        input.document.marks = vec![Mark { span: Span::new(0, 17), kind: MarkKind::DateHeader }];
    });
    add("all of it marked", &|input| {
        let span = Span::new(0, input.document.text.len());
        input.document.marks = vec![Mark { span, kind: MarkKind::WireMarker }];
    });
    add("many facts", &|input| {
        for number in 0..500 {
            input.document.metadata.push("date", format!("2022-13-{number}"));
            input.document.metadata.push(format!("html.meta.k{number}"), "\u{130}\0".repeat(20));
        }
    });
    add("an odd path", &|input| input.source.path = "a/../\\xff\n2022-99-99/\u{202e}.txt".to_owned());
    for (name, mtime) in [("the first mtime", Timestamp::MIN), ("the last mtime", Timestamp::MAX)] {
        add(name, &|input| input.source.mtime = Some(mtime));
    }
    for (name, interval) in [
        ("dated on the first day", Some(DateInterval::day(Date::MIN))),
        ("dated on the last day", Some(DateInterval::day(Date::MAX))),
        ("dated some time", Some(DateInterval { earliest: Date::MIN, latest: Date::MAX })),
        ("decided to be undated", None),
    ] {
        let hint = DctHint { interval, time: interval.map(|_| Time::MAX), decided: interval.is_none() };
        add(name, &|input| {
            input.hints.dct = Some(hint);
            input.document.text = format!("{PROSE} Yesterday, tomorrow, last month, next year, a century ago. ");
        });
    }
    for genre in [Genre::News, Genre::Narrative, Genre::Colloquial] {
        add("a genre", &|input| input.hints.genre = Some(genre));
    }
    add("no mention at all", &|input| input.hints.mentions = Some(Vec::new()));
    all
}

/// Texts made of a repeated unit, to see how cost grows with size.
pub(crate) const GROWING: [(&str, &str); 7] = [
    ("prose", PROSE),
    ("one word", "a"),
    ("capitals", "Ab Cd "),
    ("dates", "on 5 March 2022, "),
    ("digits", "1234567890"),
    ("brackets and quotes", "(\u{201c}\"[ "),
    ("lines", "a\n\n"),
];
