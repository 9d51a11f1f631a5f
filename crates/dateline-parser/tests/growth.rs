//! Time that grows linearly with the size of the input, for every reader and its worst shapes. Processor time is
//! compared, the least of some runs; `--nocapture` prints it, `DATELINE_TEST_SCALE` above 1 takes 1, 2 and 4 MB.

use dateline_core::SourcePath;
use dateline_parser::{ParserOptions, parse};
use std::ops::ControlFlow;

/// Sizes of a small run, in bytes.
const SMALL: [usize; 3] = [128 << 10, 256 << 10, 512 << 10];
/// Sizes of a large run, in bytes.
const LARGE: [usize; 3] = [1 << 20, 2 << 20, 4 << 20];
/// How much more per byte the largest input may cost than the smallest. Linear work gives 1, quadratic work 4.
const FACTOR_MAX: f64 = 2.2;
/// How many times larger the inputs are that a suspicious case is looked at with in the end.
const FURTHER: usize = 4;
/// Processor time below which nothing can be said, in milliseconds.
const MILLISECONDS_MIN: f64 = 25.0;
/// Runs of which the quickest counts.
const RUNS: usize = 2;
/// How often a suspicious case is measured again before it is believed.
const LOOKS: usize = 4;

/// A name, the name of the file, how it begins, and what is repeated in it.
type Case = (&'static str, &'static str, String, String);

fn cases() -> Vec<Case> {
    let html = |piece: &str| format!("<html><body>{piece}");
    vec![
        ("plain lines", "a.txt", String::new(), "The ship left Odesa on Monday, officials said.\n".to_owned()),
        ("one line", "a.txt", String::new(), "x".to_owned()),
        ("html p", "a.html", html(""), "<p>The ship left Odesa on Monday, officials said.</p>".to_owned()),
        ("html nested div", "a.html", html(""), "<div>".to_owned()),
        ("html nested h1", "a.html", html(""), "<h1>".to_owned()),
        ("html nested time", "a.html", html(""), "<time>".to_owned()),
        ("html nested b text", "a.html", html(""), "<b>x".to_owned()),
        ("html nested table", "a.html", html(""), "<table><tr><td>x".to_owned()),
        ("html lone ends", "a.html", html(""), "</div></p></b>".to_owned()),
        ("html open quotes", "a.html", html(""), "<a href=\"x>'".to_owned()),
        ("html one-sided quotes", "a.html", html(""), "<a href='x>".to_owned()),
        ("html open comments", "a.html", html(""), "<!-- x".to_owned()),
        ("html open scripts", "a.html", html(""), "<script>x</".to_owned()),
        ("html ampersands", "a.html", html("<p>"), "&amp&x&#".to_owned()),
        ("html attributes", "a.html", html("<p "), "a=b ".to_owned()),
        ("html attribute elements", "a.html", html(""), "<span itemprop=datePublished>1".to_owned()),
        ("html json-ld", "a.html", html("<script type=\"application/ld+json\">"), "[{\"@graph\":".to_owned()),
        ("html datePublished", "a.html", html(""), "datePublished\":\"x".to_owned()),
        ("html br", "a.html", html("<p>"), "x<br>".to_owned()),
        ("html blanks", "a.html", html("<p>"), " <i> </i>".to_owned()),
        ("json array", "a.json", "[".to_owned(), "{\"text\":\"x\"},".to_owned()),
        ("json open", "a.json", String::new(), "{\"a\":".to_owned()),
        ("json lines", "a.jsonl", String::new(), "{\"text\":\"x\"}\n".to_owned()),
        ("json bad lines", "a.jsonl", String::new(), "{\"text\":\n".to_owned()),
        ("json objects", "a.json", String::new(), "{\"text\":\"x\"} ".to_owned()),
        ("json in text", "a.txt", "{".to_owned(), "\"a\":[{},".to_owned()),
        ("feed items", "a.xml", "<rss><channel>".to_owned(), "<item><title>x</title></item>".to_owned()),
        ("feed open items", "a.xml", "<rss><channel>".to_owned(), "<item>".to_owned()),
        ("feed open cdata", "a.xml", "<rss><channel><item><title>".to_owned(), "<![CDATA[x".to_owned()),
        ("feed quotes", "a.xml", "<rss><channel>".to_owned(), "<a b=\"".to_owned()),
        ("feed fields", "a.xml", "<rss><channel><item>".to_owned(), "<a>x</a>".to_owned()),
        ("feed authors", "a.xml", "<feed><entry>".to_owned(), "<author><b>".to_owned()),
        ("mail body", "a.eml", "From: a\nDate: x\nSubject: y\n\n".to_owned(), "The ship left Odesa.\n".to_owned()),
        ("mail headers", "a.eml", String::new(), "Subject: y\n".to_owned()),
        ("mail folded", "a.eml", "Subject: y\n".to_owned(), " =?utf-8?q?x?=\n".to_owned()),
        (
            "mail boundaries",
            "a.eml",
            "From: a\nDate: x\nContent-Type: multipart/mixed; boundary=b\n\n".to_owned(),
            "--b\n\nx\n".to_owned(),
        ),
        (
            "mail multiparts",
            "a.eml",
            "From: a\nDate: x\nSubject: y\nContent-Type: multipart/mixed; boundary=b\n\n".to_owned(),
            "--b\nContent-Type: text/plain\n\nx\n".to_owned(),
        ),
        ("mbox", "a.mbox", String::new(), "From a\nFrom: b\nDate: x\n\nThe text.\n\n".to_owned()),
        ("markdown", "a.md", String::new(), "# The ship\n\nIt *left* [Odesa](x).\n\n".to_owned()),
        ("markdown brackets", "a.md", String::new(), "[".to_owned()),
        ("markdown links", "a.md", String::new(), "[a](".to_owned()),
        ("markdown stars", "a.md", String::new(), "*a **b ".to_owned()),
        ("markdown quotes", "a.md", String::new(), "> ".to_owned()),
        ("markdown lists", "a.md", String::new(), "- a\n".to_owned()),
        ("markdown backticks", "a.md", String::new(), "`a``b```".to_owned()),
        ("markdown tables", "a.md", "a|b\n-|-\n".to_owned(), "x|y\n".to_owned()),
        ("markdown html", "a.md", String::new(), "<div>\n\n<!-- \n".to_owned()),
        ("markdown references", "a.md", String::new(), "[a]: x\n[a]\n".to_owned()),
        ("markdown footnotes", "a.md", String::new(), "[^a]\n\n[^a]: x\n".to_owned()),
        ("front matter", "a.md", "---\n".to_owned(), "- a: [\n".to_owned()),
    ]
}

/// Least processor time of a parse in milliseconds.
fn milliseconds(case: &Case, size: usize) -> f64 {
    let (_, path, head, piece) = case;
    let input = format!("{head}{}", piece.repeat(size / piece.len()));
    let path = SourcePath::new(*path);
    let run = || {
        let started = processor_nanoseconds();
        let _ = parse(&path, input.as_bytes(), &ParserOptions::default(), &mut |_| ControlFlow::Continue(()));
        (processor_nanoseconds() - started) / 1e6
    };
    (0..RUNS).map(|_| run()).fold(f64::MAX, f64::min)
}

/// Processor time of this thread so far. Not from `/proc`, which counts a running thread by ticks of 4 ms.
fn processor_nanoseconds() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

/// The times of a case, and by how much more a byte of the largest costs than one of the smallest.
fn look(case: &Case, sizes: [usize; 3]) -> ([f64; 3], f64) {
    let times = sizes.map(|size| milliseconds(case, size));
    let growth = sizes[2] as f64 / sizes[0] as f64;
    let factor = if times[2] < MILLISECONDS_MIN { 0.0 } else { times[2] / times[0].max(0.1) / growth };
    (times, factor)
}

#[test]
fn time_grows_with_the_size_and_no_faster() {
    let is_large = std::env::var("DATELINE_TEST_SCALE").is_ok_and(|text| text != "1");
    let sizes = if is_large { LARGE } else { SMALL };
    let mut grown = Vec::new();
    println!("{:<24} milliseconds for {sizes:?} bytes", "");
    for case in cases() {
        let (mut times, mut factor) = look(&case, sizes);
        // A busy machine may disturb one look at one size, but not several of them in the same direction.
        for _ in 1..LOOKS {
            if factor <= FACTOR_MAX {
                break;
            }
            let again = look(&case, sizes);
            if again.1 < factor {
                (times, factor) = again;
            }
        }
        // A step, as where memory begins to come from the system by the page, is not met again further up; growth is.
        if factor > FACTOR_MAX {
            factor = factor.min(look(&case, sizes.map(|size| size * FURTHER)).1);
        }
        println!("{:<24} {:>9.1} {:>9.1} {:>9.1}", case.0, times[0], times[1], times[2]);
        if factor > FACTOR_MAX {
            grown.push((case.0, times));
        }
    }
    assert!(grown.is_empty(), "time that grows faster than the input: {grown:?}");
}
