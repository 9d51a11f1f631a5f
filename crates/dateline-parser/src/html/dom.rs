//! A tolerant one-pass reader of HTML and XML into a flat tree. It repairs what news pages get wrong (unclosed
//! paragraphs, list items and cells, stray end tags); it does not build the tree a browser would.
//!
//! A page is some 150 KB of which a few KB are prose. Copying nothing and skipping scripts makes this several times
//! faster than a conforming parser, and the bounds of [`crate::limits`] hold whatever the page does.

use crate::limits;
use memchr::{memchr, memchr3, memmem};

macro_rules! tags {
    ($($name:literal => $tag:ident),* $(,)?) => {
        /// Elements that make a difference here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Tag {
            /// The page.
            Root,
            /// A text node.
            Text,
            /// Any other element.
            Other,
            $($tag),*
        }

        impl Tag {
            /// By the name in lower case as [`packed`]: comparing numbers is a search, comparing texts was a walk.
            fn from_packed(name: u128) -> Tag {
                $(if name == const { packed($name) } { return Tag::$tag; })*
                Tag::Other
            }
        }

        const NAMED: &[(&str, Tag)] = &[$(($name, Tag::$tag)),*];
    };
}

tags! {
    "a" => A, "abbr" => Abbr, "address" => Address, "article" => Article, "aside" => Aside, "b" => B, "blockquote" => Blockquote,
    "body" => Body, "br" => Br, "button" => Button, "canvas" => Canvas, "center" => Center, "code" => Code, "dd" => Dd, "details" => Details,
    "dialog" => Dialog, "div" => Div, "dl" => Dl, "dt" => Dt, "em" => Em, "fieldset" => Fieldset, "figcaption" => Figcaption,
    "figure" => Figure, "footer" => Footer, "form" => Form, "h1" => H1, "h2" => H2, "h3" => H3, "h4" => H4, "h5" => H5,
    "h6" => H6, "head" => Head, "header" => Header, "hr" => Hr, "html" => Html, "i" => I, "iframe" => Iframe,
    "img" => Img, "input" => Input, "label" => Label, "li" => Li, "link" => Link, "main" => Main, "menu" => Menu,
    "meta" => Meta, "nav" => Nav, "noscript" => Noscript, "object" => Object, "ol" => Ol, "option" => Option, "p" => P, "pre" => Pre,
    "q" => Q, "script" => Script, "section" => Section, "select" => Select, "span" => Span, "strong" => Strong,
    "style" => Style, "sub" => Sub, "summary" => Summary, "sup" => Sup, "svg" => Svg, "table" => Table, "tbody" => Tbody, "td" => Td,
    "template" => Template, "textarea" => Textarea, "tfoot" => Tfoot, "th" => Th, "thead" => Thead, "time" => Time,
    "title" => Title, "tr" => Tr, "ul" => Ul, "video" => Video, "audio" => Audio, "math" => Math,
    "area" => Area, "base" => Base, "col" => Col, "embed" => Embed, "source" => Source, "track" => Track, "wbr" => Wbr,
}

/// Longest name of an element that makes a difference, bytes: what a [`packed`] name holds.
const NAME_BYTES_MAX: usize = 16;

/// A name as a number: its bytes, the first one lowest.
const fn packed(name: &str) -> u128 {
    let bytes = name.as_bytes();
    let mut packed = 0;
    let mut at = bytes.len();
    while at > 0 {
        at -= 1;
        packed = packed << 8 | bytes[at] as u128;
    }
    packed
}

/// Number of tags, for counting how many of each are open.
const TAGS: usize = NAMED.len() + 3;

impl Tag {
    pub(crate) fn from_name(name: &[u8]) -> Tag {
        let mut lower = [0u8; NAME_BYTES_MAX];
        let Some(start) = lower.get_mut(..name.len()) else { return Tag::Other };
        for (to, from) in start.iter_mut().zip(name) {
            *to = from.to_ascii_lowercase();
        }
        Tag::from_packed(u128::from_le_bytes(lower))
    }

    pub(crate) fn is_heading(self) -> bool {
        use Tag::*;
        matches!(self, H1 | H2 | H3 | H4 | H5 | H6)
    }

    /// Whether a page may start with the element.
    pub(crate) fn is_page(self) -> bool {
        !matches!(self, Tag::Other | Tag::Svg | Tag::Math | Tag::Title | Tag::Source | Tag::Link | Tag::Object)
    }

    fn is_void(self) -> bool {
        use Tag::*;
        matches!(self, Area | Base | Br | Col | Embed | Hr | Img | Input | Link | Meta | Source | Track | Wbr)
    }

    /// Whether the element starts a block of its own.
    pub(crate) fn is_block(self) -> bool {
        use Tag::*;
        matches!(
            self,
            Root | Address
                | Article
                | Aside
                | Blockquote
                | Body
                | Center
                | Dd
                | Details
                | Dialog
                | Div
                | Dl
                | Dt
                | Fieldset
                | Figcaption
                | Figure
                | Footer
                | Form
                | H1
                | H2
                | H3
                | H4
                | H5
                | H6
                | Head
                | Header
                | Hr
                | Html
                | Li
                | Main
                | Menu
                | Nav
                | Ol
                | P
                | Pre
                | Section
                | Select
                | Summary
                | Table
                | Tbody
                | Td
                | Textarea
                | Tfoot
                | Th
                | Thead
                | Title
                | Tr
                | Ul
                | Option
        )
    }
}

/// One element or text of the tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) tag: Tag,
    /// Index of the parent.
    pub(crate) parent: u32,
    /// Index behind the last descendant: a subtree is a range of indices.
    pub(crate) until: u32,
    /// Source range: of the text, or of the attributes.
    start: u32,
    end: u32,
}

/// A page as a flat tree in document order: parents stand before their children.
pub(crate) struct Dom<'a> {
    source: &'a str,
    pub(crate) nodes: Vec<Node>,
    /// Whether the page was longer than the limits.
    pub(crate) truncated: bool,
}

impl<'a> Dom<'a> {
    /// Reads a page; anything is one.
    pub(crate) fn parse(source: &'a str) -> Dom<'a> {
        Builder::new(source).run()
    }

    /// The source text of a text node, with its character references.
    pub(crate) fn raw(&self, index: usize) -> &'a str {
        let node = &self.nodes[index];
        &self.source[node.start as usize..node.end as usize]
    }

    /// The attributes of an element.
    pub(crate) fn attributes(&self, index: usize) -> Attributes<'a> {
        Attributes { rest: self.raw(index) }
    }

    /// The value of one attribute, undecoded.
    pub(crate) fn attribute(&self, index: usize, name: &str) -> Option<&'a str> {
        self.attributes(index).find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The texts below an element, decoded, with white space collapsed, at most `bytes_max` bytes of source.
    pub(crate) fn text(&self, index: usize, bytes_max: usize) -> String {
        let mut text = String::new();
        for below in index + 1..self.nodes[index].until as usize {
            if self.nodes[below].tag == Tag::Text {
                super::entities::decode_into(self.raw(below), &mut text);
            } else if self.nodes[below].tag == Tag::Br || self.nodes[below].tag.is_block() {
                text.push(' ');
            }
            if text.len() > bytes_max {
                break;
            }
        }
        crate::record::one_line(&text)
    }
}

/// Name and value of each attribute, as written.
pub(crate) struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let blank = |c: char| c.is_ascii_whitespace() || c == '/' || c == '"' || c == '\'' || c == '=';
        let rest = self.rest.trim_start_matches(blank);
        if rest.is_empty() {
            self.rest = rest;
            return None;
        }
        let end = rest.bytes().position(|byte| byte == b'=' || byte == b'/' || byte.is_ascii_whitespace());
        let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
        let Some(value) = rest.trim_ascii_start().strip_prefix('=') else {
            self.rest = rest;
            return Some((name, ""));
        };
        let value = value.trim_ascii_start();
        let (value, rest) = match value.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => {
                let end = memchr(*quote, &value.as_bytes()[1..]).map_or(value.len(), |at| at + 1);
                (&value[1..end], value.get(end + 1..).unwrap_or_default())
            }
            _ => value.split_at(value.bytes().position(|byte| byte.is_ascii_whitespace()).unwrap_or(value.len())),
        };
        self.rest = rest;
        Some((name, value))
    }
}

/// The attributes of a tag, from what stands behind its name.
pub(crate) fn attributes(source: &str) -> Attributes<'_> {
    Attributes { rest: source }
}

struct Builder<'a> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    open: Vec<u32>,
    open_of: [u16; TAGS],
    /// Elements open beyond the depth limit: they have no node.
    beyond: usize,
    quotes_left: [bool; 2],
    truncated: bool,
}

impl<'a> Builder<'a> {
    fn new(source: &'a str) -> Builder<'a> {
        // Offsets are 32 bits wide; callers never hand over that much.
        let source = crate::record::shorten(source, u32::MAX as usize - 1);
        let root = Node { tag: Tag::Root, parent: 0, until: 0, start: 0, end: 0 };
        let mut nodes = Vec::with_capacity(source.len() / 40 + 16);
        nodes.push(root);
        let open_of = [0; TAGS];
        let bytes = source.as_bytes();
        Builder {
            source,
            bytes,
            at: 0,
            nodes,
            open: vec![0],
            open_of,
            beyond: 0,
            quotes_left: [true; 2],
            truncated: false,
        }
    }

    fn run(mut self) -> Dom<'a> {
        while self.at < self.bytes.len() {
            if self.nodes.len() >= limits::HTML_NODES_MAX {
                self.truncated = true;
                break;
            }
            self.step();
        }
        while self.open.len() > 1 {
            self.pop();
        }
        let count = self.nodes.len();
        self.nodes[0].until = u32::try_from(count).unwrap_or(u32::MAX);
        Dom { source: self.source, nodes: self.nodes, truncated: self.truncated }
    }

    /// One text, tag, comment or declaration.
    fn step(&mut self) {
        if self.bytes[self.at] != b'<' {
            let end = memchr(b'<', &self.bytes[self.at..]).map_or(self.bytes.len(), |length| self.at + length);
            self.text(self.at, end);
            self.at = end;
            return;
        }
        match self.bytes.get(self.at + 1) {
            Some(b'!') => self.declaration(),
            Some(b'?') => self.skip_to(b'>'),
            Some(b'/') if self.bytes.get(self.at + 2).is_some_and(u8::is_ascii_alphabetic) => self.end_tag(),
            Some(b'/') => self.skip_to(b'>'),
            Some(letter) if letter.is_ascii_alphabetic() => self.start_tag(),
            _ => {
                self.text(self.at, self.at + 1);
                self.at += 1;
            }
        }
    }

    fn skip_to(&mut self, byte: u8) {
        self.at = memchr(byte, &self.bytes[self.at..]).map_or(self.bytes.len(), |length| self.at + length + 1);
    }

    fn declaration(&mut self) {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(b"<!--") {
            let body = &rest[4..];
            let end = if body.starts_with(b">") { Some(0) } else { memmem::find(body, b"-->").map(|at| at + 2) };
            self.at = end.map_or(self.bytes.len(), |end| self.at + 4 + end + 1);
        } else if rest.starts_with(b"<![CDATA[") {
            let start = self.at + 9;
            let end = memmem::find(&self.bytes[start..], b"]]>").map_or(self.bytes.len(), |at| start + at);
            self.text(start, end);
            self.at = (end + 3).min(self.bytes.len());
        } else {
            self.skip_to(b'>');
        }
    }

    fn text(&mut self, start: usize, end: usize) {
        if start < end {
            self.append(Tag::Text, start, end);
        }
    }

    fn append(&mut self, tag: Tag, start: usize, end: usize) -> u32 {
        let fit = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let index = fit(self.nodes.len());
        let parent = self.open.last().copied().unwrap_or(0);
        self.nodes.push(Node { tag, parent, until: index + 1, start: fit(start), end: fit(end) });
        index
    }

    fn push(&mut self, tag: Tag, start: usize, end: usize) {
        if self.open.len() >= limits::HTML_DEPTH_MAX {
            self.beyond += 1;
            return;
        }
        let index = self.append(tag, start, end);
        self.open.push(index);
        self.open_of[tag as usize] += 1;
    }

    fn pop(&mut self) {
        if self.open.len() > 1
            && let Some(index) = self.open.pop()
        {
            let until = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
            let node = &mut self.nodes[index as usize];
            node.until = until;
            self.open_of[node.tag as usize] -= 1;
        }
    }

    /// Closes everything up to the nearest open `tag`, unless one of `walls` stands before it.
    fn close(&mut self, tag: Tag, walls: &[Tag]) -> bool {
        if self.open_of[tag as usize] == 0 {
            return false;
        }
        for depth in (1..self.open.len()).rev() {
            let found = self.nodes[self.open[depth] as usize].tag;
            if found == tag {
                while self.open.len() > depth {
                    self.pop();
                }
                return true;
            }
            if walls.contains(&found) {
                return false;
            }
        }
        false
    }

    fn end_tag(&mut self) {
        let start = self.at + 2;
        let length = self.bytes[start..].iter().position(|byte| !is_name(*byte)).unwrap_or(self.bytes.len() - start);
        let tag = Tag::from_name(&self.bytes[start..start + length]);
        self.skip_to(b'>');
        if tag == Tag::Br {
            self.append(Tag::Br, start, start);
            return;
        }
        if self.beyond > 0 {
            if !tag.is_void() {
                self.beyond -= 1;
            }
            return;
        }
        match tag {
            Tag::Other | Tag::Body | Tag::Html => {
                // An unknown end tag closes its element only when that is the innermost one.
                if tag == Tag::Other && self.open.last().is_some_and(|top| self.nodes[*top as usize].tag == Tag::Other)
                {
                    self.pop();
                }
            }
            Tag::Table | Tag::Article | Tag::Main => {
                self.close(tag, &[]);
            }
            Tag::Tr | Tag::Td | Tag::Th | Tag::Tbody | Tag::Thead => {
                self.close(tag, &[Tag::Table]);
            }
            _ => {
                self.close(tag, &[Tag::Td, Tag::Th, Tag::Table, Tag::Body]);
            }
        }
    }

    fn start_tag(&mut self) {
        let start = self.at + 1;
        let length = self.bytes[start..].iter().position(|byte| !is_name(*byte)).unwrap_or(self.bytes.len() - start);
        let tag = Tag::from_name(&self.bytes[start..start + length]);
        let attributes = start + length;
        let end = self.tag_end(attributes);
        let inner = end.min(self.bytes.len());
        self.at = (end + 1).min(self.bytes.len());
        let self_closed = inner > attributes && self.bytes[inner - 1] == b'/';
        self.imply_ends(tag);
        match tag {
            Tag::Html if self.open_of[Tag::Html as usize] > 0 => {}
            Tag::Body if self.open_of[Tag::Body as usize] > 0 => {}
            Tag::Script | Tag::Style | Tag::Textarea | Tag::Title | Tag::Iframe if self.is_raw(tag) => {
                if !self_closed || matches!(tag, Tag::Script | Tag::Style) {
                    self.raw_element(tag, attributes, inner, &start, length);
                }
            }
            _ if tag.is_void() => {
                self.append(tag, attributes, inner);
            }
            _ if self_closed && (tag == Tag::Other || self.open_of[Tag::Svg as usize] > 0) => {
                self.append(tag, attributes, inner);
            }
            _ => self.push(tag, attributes, inner),
        }
    }

    /// Titles inside drawings are ordinary elements.
    fn is_raw(&self, tag: Tag) -> bool {
        tag != Tag::Title || self.open_of[Tag::Svg as usize] == 0
    }

    /// Where the tag's `>` stands, quoted values skipped.
    fn tag_end(&mut self, from: usize) -> usize {
        let mut at = from;
        while let Some(found) = memchr3(b'>', b'"', b'\'', &self.bytes[at..]) {
            let here = at + found;
            let byte = self.bytes[here];
            if byte == b'>' {
                return here;
            }
            at = here + 1;
            let value = self.bytes[from..here].trim_ascii_end().ends_with(b"=");
            let kind = usize::from(byte == b'"');
            if value && self.quotes_left[kind] {
                match memchr(byte, &self.bytes[at..]) {
                    Some(length) => at += length + 1,
                    // No such quote is left in the page: from here on none opens a value.
                    None => self.quotes_left[kind] = false,
                }
            }
        }
        self.bytes.len()
    }

    /// An element whose content holds no tags: up to its end tag.
    fn raw_element(&mut self, tag: Tag, attributes: usize, inner: usize, name: &usize, length: usize) {
        let content = self.at;
        let name = &self.bytes[*name..*name + length];
        let mut at = content;
        let (mut end, mut next) = (self.bytes.len(), self.bytes.len());
        while let Some(found) = memmem::find(&self.bytes[at..], b"</") {
            let here = at + found + 2;
            let closes = self.bytes[here..].get(..length).is_some_and(|found| found.eq_ignore_ascii_case(name));
            if closes {
                end = here - 2;
                next = memchr(b'>', &self.bytes[here..]).map_or(self.bytes.len(), |at| here + at + 1);
                break;
            }
            at = here;
        }
        if tag != Tag::Style {
            let index = self.append(tag, attributes, inner);
            self.open.push(index);
            self.text(content, end);
            self.open.pop();
            let until = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
            self.nodes[index as usize].until = until;
        }
        self.at = next;
    }

    /// Ends that the start of `tag` implies.
    fn imply_ends(&mut self, tag: Tag) {
        use Tag::*;
        if self.beyond > 0 {
            return;
        }
        match tag {
            Li => {
                self.close(Li, &[Ul, Ol, Menu, Table]);
            }
            Dt | Dd => {
                let _ = self.close(Dt, &[Dl, Table, Dd]) || self.close(Dd, &[Dl, Table]);
            }
            Tr => {
                self.close(Tr, &[Table]);
            }
            Td | Th => {
                let _ = self.close(Td, &[Table, Tr]) || self.close(Th, &[Table, Tr]);
            }
            Tbody | Thead | Tfoot => {
                let _ = self.close(Tbody, &[Table]) || self.close(Thead, &[Table]);
            }
            Option => {
                self.close(Option, &[Select, Table]);
            }
            A => {
                self.close(A, &[P, Div, Li, Td, Table, Article, Section]);
            }
            Body => {
                self.close(Head, &[]);
            }
            _ => {}
        }
        let ends_paragraph = tag.is_block() && !matches!(tag, Option | Html | Head | Title | Select | Textarea);
        if ends_paragraph && self.open_of[P as usize] > 0 {
            let walls =
                [Div, Td, Th, Table, Li, Article, Section, Blockquote, Body, Button, Object, Figure, Main, Aside, Dd];
            self.close(P, &walls);
        }
        if ends_paragraph && self.open_of[Head as usize] > 0 && tag != Tag::Body {
            // A page without <body>: the first block ends the head.
            self.close(Head, &[]);
        }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'_' | b'.')
}

/// Whether a text holds anything that looks like a tag.
pub(crate) fn has_tags(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr(b'<', &bytes[at..]) {
        let here = at + found + 1;
        let name = bytes[here..].strip_prefix(b"/").unwrap_or(&bytes[here..]);
        let length = name.iter().take(12).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if length > 0 && Tag::from_name(&name[..length]) != Tag::Other {
            return true;
        }
        at = here;
    }
    false
}
