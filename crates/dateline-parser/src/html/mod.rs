//! Web pages: main text, title, and everything a page says about its dates. Runs no scripts, fetches nothing.

pub(crate) mod blocks;
pub(crate) mod dom;
pub(crate) mod entities;
pub(crate) mod facts;
pub(crate) mod select;

use crate::record::Draft;
use dateline_core::Diagnostic;

/// The document of a page, without its origin.
pub(crate) fn read(source: &str) -> Draft {
    let dom = dom::Dom::parse(source);
    let page = blocks::read(&dom);
    let (text, chosen) = select::main_text(&dom, &page);
    let mut draft = Draft { text, ..Draft::default() };
    facts::collect(&dom, &page, &chosen, source, &mut draft);
    if dom.truncated {
        draft.diagnostics.push(Diagnostic::new("html-truncated", "the page has more elements than are read"));
    }
    draft
}

/// The prose of a piece of HTML (a feed's entry, a mail): all of it, no main text sought.
pub(crate) fn fragment(source: &str) -> String {
    let dom = dom::Dom::parse(source);
    let page = blocks::read(&dom);
    select::everything(&page)
}

/// The prose of a text that may be HTML; what has neither tags nor references is kept as it is.
pub(crate) fn prose(text: &str) -> String {
    let references = text.contains('&') && text.contains(';');
    if dom::has_tags(text) || references { fragment(text) } else { text.trim().to_owned() }
}
