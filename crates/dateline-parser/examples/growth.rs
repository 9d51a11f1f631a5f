//! Prints how much CPU time hostile inputs of 1, 2 and 4 MB take to parse (Linux): a column that grows faster than the size shows a
//! reader that is not linear. Not part of the product.

use dateline_core::SourcePath;
use dateline_parser::{ParserOptions, parse};
use std::ops::ControlFlow;

fn main() {
    let html = |piece: &str| format!("<html><body>{piece}");
    let cases: Vec<(&str, &str, String, String)> = vec![
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
    ];
    println!("{:<24} {:>9} {:>9} {:>9}  ms for 1, 2, 4 MB", "", 1, 2, 4);
    for (name, path, head, piece) in cases {
        let times: Vec<f64> = [1usize, 2, 4].iter().map(|size| milliseconds(path, &head, &piece, size << 20)).collect();
        let verdict = if times[2] > 40.0 && times[2] > times[1] * 3.0 { "  GROWS" } else { "" };
        println!("{name:<24} {:>9.1} {:>9.1} {:>9.1}{verdict}", times[0], times[1], times[2]);
    }
}

fn milliseconds(path: &str, head: &str, piece: &str, size: usize) -> f64 {
    let input = format!("{head}{}", piece.repeat(size / piece.len()));
    let started = cpu_nanoseconds();
    let _ =
        parse(&SourcePath::new(path), input.as_bytes(), &ParserOptions::default(), &mut |_| ControlFlow::Continue(()));
    (cpu_nanoseconds() - started) / 1e6
}

/// CPU time of this thread so far, as the scheduler counts it.
fn cpu_nanoseconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|field| field.parse().ok()).unwrap_or(0.0)
}
