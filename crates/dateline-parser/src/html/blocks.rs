//! The visible text of a page as a list of blocks: runs of inline content, each with what is known about its place.
//! Which blocks make the article is decided in [`super::select`].

use super::dom::{Dom, Tag};
use super::entities;
use aho_corasick::AhoCorasick;
use std::sync::OnceLock;

/// Shortest block that counts as prose where an element's share of the page is taken, bytes.
const PROSE_BYTES_MIN: u32 = 80;

/// Flags that an element's name gives it wrongly at times.
const NAMED: u32 = flag::BESIDE | flag::COMMENTS | flag::FOOTER | flag::ASIDE | flag::CAPTION | flag::DATELIKE;

/// What is known about a node's place; inherited by everything below it.
pub(crate) mod flag {
    /// Not shown, or no prose: scripts, forms, hidden elements.
    pub(crate) const HIDDEN: u32 = 1;
    /// Inside a link.
    pub(crate) const LINK: u32 = 1 << 1;
    /// Inside an element named like something beside the article: navigation, sharing, related stories.
    pub(crate) const BESIDE: u32 = 1 << 2;
    /// Inside the readers' comments.
    pub(crate) const COMMENTS: u32 = 1 << 3;
    /// Inside an element named like the article's text.
    pub(crate) const BODY: u32 = 1 << 4;
    /// Inside `<article>`, `<main>` or an element named like an article.
    pub(crate) const ARTICLE: u32 = 1 << 5;
    /// Inside a heading.
    pub(crate) const HEADING: u32 = 1 << 6;
    /// White space counts.
    pub(crate) const PRE: u32 = 1 << 7;
    /// Caption of a picture or film.
    pub(crate) const CAPTION: u32 = 1 << 8;
    /// Inside an element named like a byline or a date.
    pub(crate) const DATELIKE: u32 = 1 << 9;
    /// Inside a list item.
    pub(crate) const ITEM: u32 = 1 << 10;
    /// Inside a paragraph.
    pub(crate) const PARAGRAPH: u32 = 1 << 11;
    /// Inside a table cell.
    pub(crate) const CELL: u32 = 1 << 12;
    /// Inside `<footer>` or an element named so.
    pub(crate) const FOOTER: u32 = 1 << 13;
    /// Inside an element by tag or role beside the article, whatever it is called.
    pub(crate) const ASIDE: u32 = 1 << 14;
    /// Inside `<time>`.
    pub(crate) const TIME: u32 = 1 << 15;
    /// Inside a quotation.
    pub(crate) const QUOTE: u32 = 1 << 16;
}

/// A run of inline content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    /// The block element that holds it.
    pub(crate) container: u32,
    /// Its first text node.
    pub(crate) first: u32,
    /// Range in [`Blocks::text`].
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Bytes of it inside links.
    pub(crate) linked: u32,
    pub(crate) flags: u32,
}

/// All blocks of a page, in page order.
#[derive(Default)]
pub(crate) struct Blocks {
    pub(crate) text: String,
    pub(crate) blocks: Vec<Block>,
    /// Flags of each node.
    pub(crate) flags: Vec<u32>,
}

impl Blocks {
    pub(crate) fn of(&self, block: &Block) -> &str {
        &self.text[block.start as usize..block.end as usize]
    }
}

/// Names (class, id) that tell what an element is for.
const NAMES: &[(&str, u32)] = &[
    ("comment", flag::COMMENTS),
    ("disqus", flag::COMMENTS),
    ("respond", flag::COMMENTS),
    ("kommentar", flag::COMMENTS),
    ("nav", flag::BESIDE),
    ("menu", flag::BESIDE),
    ("footer", flag::FOOTER),
    ("sidebar", flag::BESIDE),
    ("side-bar", flag::BESIDE),
    ("related", flag::BESIDE),
    ("recommend", flag::BESIDE),
    ("more-stor", flag::BESIDE),
    ("share", flag::BESIDE),
    ("sharing", flag::BESIDE),
    ("social", flag::BESIDE),
    ("newsletter", flag::BESIDE),
    ("subscribe", flag::BESIDE),
    ("subscription", flag::BESIDE),
    ("signup", flag::BESIDE),
    ("sign-up", flag::BESIDE),
    ("promo", flag::BESIDE),
    ("breadcrumb", flag::BESIDE),
    ("cookie", flag::BESIDE),
    ("consent", flag::BESIDE),
    ("gdpr", flag::BESIDE),
    ("popup", flag::BESIDE),
    ("modal", flag::BESIDE),
    ("overlay", flag::BESIDE),
    ("widget", flag::BESIDE),
    ("advert", flag::BESIDE),
    ("sponsor", flag::BESIDE),
    ("taboola", flag::BESIDE),
    ("outbrain", flag::BESIDE),
    ("pagination", flag::BESIDE),
    ("pager", flag::BESIDE),
    ("toolbar", flag::BESIDE),
    ("article-tools", flag::BESIDE),
    ("page-tools", flag::BESIDE),
    ("trending", flag::BESIDE),
    ("popular", flag::BESIDE),
    ("most-read", flag::BESIDE),
    ("mostread", flag::BESIDE),
    ("author-bio", flag::BESIDE),
    ("authorbio", flag::BESIDE),
    ("about-author", flag::BESIDE),
    ("author-info", flag::BESIDE),
    ("author-box", flag::BESIDE),
    ("authorbox", flag::BESIDE),
    ("jp-relatedposts", flag::BESIDE),
    ("screen-reader", flag::BESIDE),
    ("visually-hidden", flag::BESIDE),
    ("visuallyhidden", flag::BESIDE),
    ("skip-link", flag::BESIDE),
    ("login", flag::BESIDE),
    ("teaser-list", flag::BESIDE),
    ("teasers", flag::BESIDE),
    ("tags", flag::BESIDE),
    ("tagcloud", flag::BESIDE),
    ("rating", flag::BESIDE),
    ("noprint", flag::BESIDE),
    ("print-only", flag::BESIDE),
    ("byline", flag::DATELIKE),
    ("date", flag::DATELIKE),
    ("datum", flag::DATELIKE),
    ("published", flag::DATELIKE),
    ("pubdate", flag::DATELIKE),
    ("posted", flag::DATELIKE),
    ("time", flag::DATELIKE),
    ("meta", flag::DATELIKE),
    ("fecha", flag::DATELIKE),
    ("caption", flag::CAPTION),
    ("credit", flag::CAPTION),
    ("articlebody", flag::BODY),
    ("article-body", flag::BODY),
    ("article_body", flag::BODY),
    ("article__body", flag::BODY),
    ("articletext", flag::BODY),
    ("article-text", flag::BODY),
    ("article_text", flag::BODY),
    ("article__text", flag::BODY),
    ("article-content", flag::BODY),
    ("article__content", flag::BODY),
    ("articlecontent", flag::BODY),
    ("article_content", flag::BODY),
    ("entry-content", flag::BODY),
    ("entry_content", flag::BODY),
    ("entrycontent", flag::BODY),
    ("entry-text", flag::BODY),
    ("post-content", flag::BODY),
    ("post_content", flag::BODY),
    ("postcontent", flag::BODY),
    ("post-body", flag::BODY),
    ("post_body", flag::BODY),
    ("postbody", flag::BODY),
    ("post-entry", flag::BODY),
    ("post-text", flag::BODY),
    ("story-body", flag::BODY),
    ("storybody", flag::BODY),
    ("story_body", flag::BODY),
    ("story-content", flag::BODY),
    ("body-text", flag::BODY),
    ("bodytext", flag::BODY),
    ("body-copy", flag::BODY),
    ("bodycopy", flag::BODY),
    ("news-text", flag::BODY),
    ("newstext", flag::BODY),
    ("news-content", flag::BODY),
    ("content-body", flag::BODY),
    ("content__body", flag::BODY),
    ("blog-content", flag::BODY),
    ("text-content", flag::BODY),
    ("richtext", flag::BODY),
    ("rich-text", flag::BODY),
    ("story-text", flag::BODY),
    ("hentry", flag::ARTICLE),
    ("article", flag::ARTICLE),
    ("story", flag::ARTICLE),
    ("post", flag::ARTICLE),
    ("blog", flag::ARTICLE),
];

/// The automaton over [`NAMES`]; built once, never changed.
fn names() -> Option<&'static AhoCorasick> {
    static AUTOMATON: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let build = || {
        let patterns = NAMES.iter().map(|(name, _)| name);
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(aho_corasick::AhoCorasickKind::DFA))
            .build(patterns)
            .ok()
    };
    AUTOMATON.get_or_init(build).as_ref()
}

fn name_flags(value: &str) -> u32 {
    let Some(names) = names() else { return 0 };
    // Class lists are short; what is longer is generated and tells nothing.
    let value = crate::record::shorten(value, 512);
    names.find_overlapping_iter(value).fold(0, |flags, found| flags | NAMES[found.pattern().as_usize()].1)
}

/// Goes over the page once, in document order: parents stand before their children, so flags are inherited on the way.
pub(crate) fn read(dom: &Dom<'_>) -> Blocks {
    let count = dom.nodes.len();
    let mut walk = Walk {
        dom,
        blocks: Blocks { flags: vec![0; count], ..Blocks::default() },
        container: vec![0; count],
        inherited: vec![0; count],
        last_break: 0,
        last_text: 0,
        blank: false,
    };
    for index in 1..count {
        walk.node(index);
    }
    walk.finish();
    let mut blocks = walk.blocks;
    settle_names(dom, &mut blocks);
    blocks
}

/// Takes names such as `has-sidebar` back from elements that hold most of the page's prose, and passes the rest on.
fn settle_names(dom: &Dom<'_>, page: &mut Blocks) {
    let mut prose = vec![0u32; dom.nodes.len()];
    for block in &page.blocks {
        let length = block.end - block.start;
        if length >= PROSE_BYTES_MIN && block.linked * 3 < length {
            prose[block.container as usize] += length;
        }
    }
    for index in (1..prose.len()).rev() {
        prose[dom.nodes[index].parent as usize] += prose[index];
    }
    let most = prose[0] / 2;
    for (index, length) in prose.iter().enumerate().skip(1) {
        let taken_back = if *length > most { NAMED } else { 0 };
        let inherited = page.flags[dom.nodes[index].parent as usize];
        page.flags[index] = (page.flags[index] & !taken_back) | inherited;
    }
    for block in &mut page.blocks {
        block.flags |= page.flags[block.first as usize] & NAMED;
    }
}

struct Walk<'d, 'a> {
    dom: &'d Dom<'a>,
    blocks: Blocks,
    container: Vec<u32>,
    /// Flags of each node with those of its ancestors, names that may yet be taken back aside.
    inherited: Vec<u32>,
    /// The last block element that started.
    last_break: usize,
    last_text: usize,
    /// Whether white space is due before the next word.
    blank: bool,
}

impl Walk<'_, '_> {
    fn node(&mut self, index: usize) {
        let node = self.dom.nodes[index];
        let parent = node.parent as usize;
        let inherited = self.inherited[parent];
        self.inherited[index] = inherited;
        if node.tag == Tag::Text {
            self.container[index] = self.container[parent];
            if inherited & flag::HIDDEN == 0 {
                self.text(index, inherited);
            }
            return;
        }
        if node.tag == Tag::Br {
            if self.container[parent] == self.current_container() && self.last_break < self.last_text {
                self.line_break();
            }
            return;
        }
        let block = node.tag.is_block();
        self.container[index] = if block { u32::try_from(index).unwrap_or(u32::MAX) } else { self.container[parent] };
        if block {
            self.last_break = index;
        }
        let hidden = inherited & flag::HIDDEN != 0;
        if !hidden {
            let own = self.own_flags(index, node.tag);
            self.blocks.flags[index] = own;
            self.inherited[index] = inherited | (own & !NAMED);
        }
    }

    fn current_container(&self) -> u32 {
        self.blocks.blocks.last().map_or(u32::MAX, |block| block.container)
    }

    fn own_flags(&self, index: usize, tag: Tag) -> u32 {
        let mut flags = tag_flags(tag);
        if flags & flag::HIDDEN != 0 {
            return flags;
        }
        let mut named = 0;
        for (name, value) in self.dom.attributes(index) {
            named |= attribute_flags(name, value);
        }
        // What a whole page, a heading or a paragraph is called says nothing about where its text belongs.
        if matches!(tag, Tag::Body | Tag::Html) {
            named &= !(flag::BESIDE
                | flag::COMMENTS
                | flag::FOOTER
                | flag::BODY
                | flag::ARTICLE
                | flag::DATELIKE
                | flag::HIDDEN);
        }
        if matches!(tag, Tag::Article | Tag::Main) || named & flag::BODY != 0 {
            named &= !(flag::BESIDE | flag::COMMENTS | flag::FOOTER | flag::DATELIKE);
        }
        if tag == Tag::A {
            named &= flag::DATELIKE | flag::HIDDEN;
        }
        if tag.is_heading() {
            named &= !(flag::BESIDE | flag::COMMENTS | flag::FOOTER);
        }
        flags |= named;
        flags
    }

    fn text(&mut self, index: usize, flags: u32) {
        let raw = self.dom.raw(index);
        let same = self.container[index] == self.current_container() && self.last_break < self.last_text;
        if raw.trim_ascii().is_empty() {
            self.blank |= same && !raw.is_empty();
            return;
        }
        if !same {
            self.finish();
            let start = u32::try_from(self.blocks.text.len()).unwrap_or(u32::MAX);
            let first = u32::try_from(index).unwrap_or(u32::MAX);
            let container = self.container[index];
            self.blocks.blocks.push(Block { container, first, start, end: start, linked: 0, flags });
            self.blank = false;
        }
        let decoded = entities::decode(raw);
        let before = self.blocks.text.len();
        if flags & flag::PRE != 0 {
            self.blocks.text.push_str(&decoded);
        } else {
            self.words(&decoded);
        }
        let added = self.blocks.text.len() - before;
        self.last_text = index;
        if let Some(block) = self.blocks.blocks.last_mut() {
            block.flags &= flags | !(flag::LINK | flag::DATELIKE | flag::TIME);
            block.flags |= flags & (flag::DATELIKE | flag::TIME);
            if flags & flag::LINK != 0 {
                block.linked += u32::try_from(added).unwrap_or(u32::MAX);
            }
        }
    }

    /// Appends words with one blank for each run of white space.
    fn words(&mut self, decoded: &str) {
        let text = &mut self.blocks.text;
        let leads = decoded.starts_with(|c: char| c.is_whitespace());
        let mut due = self.blank || leads;
        let start = self.blocks.blocks.last().map_or(0, |block| block.start as usize);
        for word in decoded.split_whitespace() {
            if due && text.len() > start && !text.ends_with('\n') {
                text.push(' ');
            }
            text.push_str(word);
            due = true;
        }
        self.blank = decoded.ends_with(|c: char| c.is_whitespace());
    }

    fn line_break(&mut self) {
        let start = self.blocks.blocks.last().map_or(0, |block| block.start as usize);
        if self.blocks.text.len() > start {
            self.blocks.text.push('\n');
        }
        self.blank = false;
    }

    /// Ends the current block; one without words is dropped.
    fn finish(&mut self) {
        let Some(block) = self.blocks.blocks.last_mut() else { return };
        let start = block.start as usize;
        let kept = start + self.blocks.text[start..].trim_end().len();
        self.blocks.text.truncate(kept);
        block.end = u32::try_from(kept).unwrap_or(u32::MAX);
        if kept == start {
            self.blocks.blocks.pop();
        }
    }
}

fn tag_flags(tag: Tag) -> u32 {
    use Tag::*;
    match tag {
        Head | Script | Style | Template | Select | Option | Svg | Math | Canvas | Button | Textarea | Iframe
        | Video | Audio | Object | Dialog | Noscript | Title => flag::HIDDEN,
        A => flag::LINK,
        Nav | Menu => flag::ASIDE,
        Aside => flag::BESIDE,
        Footer => flag::FOOTER,
        Article | Main => flag::ARTICLE,
        H1 | H2 | H3 | H4 | H5 | H6 => flag::HEADING,
        Pre => flag::PRE,
        Figcaption => flag::CAPTION,
        Li => flag::ITEM,
        P => flag::PARAGRAPH,
        Td | Th => flag::CELL,
        Time => flag::TIME,
        Blockquote => flag::QUOTE,
        _ => 0,
    }
}

fn attribute_flags(name: &str, value: &str) -> u32 {
    match name.as_bytes().first().map(u8::to_ascii_lowercase) {
        Some(b'c') if name.eq_ignore_ascii_case("class") => name_flags(value),
        Some(b'i') if name.eq_ignore_ascii_case("id") => name_flags(value),
        Some(b'i') if name.eq_ignore_ascii_case("itemprop") => match value {
            "articleBody" | "reviewBody" => flag::BODY,
            "datePublished" | "dateModified" => flag::DATELIKE,
            "comment" => flag::COMMENTS,
            _ => 0,
        },
        Some(b'h') if name.eq_ignore_ascii_case("hidden") => flag::HIDDEN,
        Some(b'a') if name.eq_ignore_ascii_case("aria-hidden") && value == "true" => flag::BESIDE,
        Some(b's') if name.eq_ignore_ascii_case("style") => {
            let hides = value.contains("display:none") || value.contains("display: none");
            if hides { flag::HIDDEN } else { 0 }
        }
        Some(b'r') if name.eq_ignore_ascii_case("role") => match value {
            "navigation" | "banner" | "complementary" | "search" | "dialog" | "alert" | "menu" | "menubar" => {
                flag::ASIDE
            }
            "contentinfo" => flag::FOOTER,
            "article" | "main" => flag::ARTICLE,
            _ => 0,
        },
        _ => 0,
    }
}
