//! Which blocks of a page are the article. Decides by length, links and place; knows no site.

use super::blocks::{Block, Blocks, flag};
use super::dom::{Dom, Tag};

/// Shorter articles are not believed while something was left out for its name.
const BYTES_MIN: usize = 150;
/// What a subtree hands on of its sum: the tightest one that holds the article wins.
const STEP_UP: f32 = 0.94;
/// Most blocks between the headline and the article's text that may hold its lead.
const LEAD_BLOCKS_MAX: usize = 12;
/// Shortest paragraph that counts as prose by itself, bytes.
const LEAD_BYTES_MIN: usize = 60;
/// Longer blocks are no captions, bytes.
const CAPTION_BYTES_MAX: usize = 700;
/// Longer blocks are no bylines or pointers elsewhere, bytes.
const POINTER_BYTES_MAX: usize = 200;
/// Fewest paragraphs under linked headings that are a list of other articles.
const TEASERS_MIN: usize = 3;
/// Longer headings are leads, bytes.
const HEADING_BYTES_MAX: usize = 120;
/// Shortest text that is left out when it was there before, bytes.
const REPEATED_BYTES_MIN: usize = 40;

/// The article's text: its blocks, paragraphs apart by an empty line.
pub(crate) fn main_text(dom: &Dom<'_>, page: &Blocks) -> (String, Vec<usize>) {
    let strict = flag::HIDDEN | flag::BESIDE | flag::COMMENTS | flag::ASIDE | flag::FOOTER;
    let mut chosen = choose(dom, page, strict);
    if size(page, &chosen) < BYTES_MIN {
        let lenient = choose(dom, page, flag::HIDDEN | flag::ASIDE);
        if size(page, &lenient) > 2 * size(page, &chosen) {
            chosen = lenient;
        }
    }
    if chosen.is_empty() {
        let shown = |block: &Block, excluded: u32| block.flags & excluded == 0;
        let unlinked = |block: &Block| block.linked * 2 < block.end - block.start;
        let all = |excluded| {
            (0..page.blocks.len()).filter(move |at| shown(&page.blocks[*at], excluded) && unlinked(&page.blocks[*at]))
        };
        chosen = all(flag::ASIDE | flag::FOOTER | flag::COMMENTS).collect();
        if chosen.is_empty() {
            chosen = all(0).collect();
        }
    }
    (join(page, &chosen), chosen)
}

fn size(page: &Blocks, chosen: &[usize]) -> usize {
    chosen.iter().map(|at| page.of(&page.blocks[*at]).len()).sum()
}

fn choose(dom: &Dom<'_>, page: &Blocks, excluded: u32) -> Vec<usize> {
    let scores: Vec<f32> = page.blocks.iter().map(|block| score(page, block, excluded)).collect();
    let root = best_subtree(dom, page, &scores);
    let until = dom.nodes[root].until;
    let inside = |block: &Block| (block.first as usize) > root && block.first < until;
    let mut chosen: Vec<usize> = Vec::new();
    let first = page.blocks.iter().position(inside).unwrap_or(page.blocks.len());
    let headline = page.blocks[..first].iter().rposition(|block| block.flags & flag::HEADING != 0);
    let lead_from = headline.filter(|at| first - at <= LEAD_BLOCKS_MAX).unwrap_or(first);
    let mut prose = false;
    let mut seen = rustc_hash::FxHashSet::default();
    for (at, block) in page.blocks.iter().enumerate() {
        if block.flags & excluded != 0 {
            continue;
        }
        let lead = (lead_from..first).contains(&at) && is_prose(page, block);
        let title = dom.nodes[block.container as usize].tag == Tag::H1;
        let kept = inside(block) && !title && keep(page, block, prose);
        let mut repeated = || page.of(block).len() >= REPEATED_BYTES_MIN && !seen.insert(page.of(block));
        if (lead || kept) && !repeated() {
            chosen.push(at);
            prose |= is_prose(page, block);
        }
    }
    without_teasers(page, &mut chosen);
    without_lone_headings(page, &chosen)
}

/// Leaves out a list of other articles below this one: paragraphs each under a heading that is a link, to the end.
fn without_teasers(page: &Blocks, chosen: &mut Vec<usize>) {
    let is_link = |block: &Block| block.linked * 5 >= (block.end - block.start) * 4;
    let is_teaser = |at: usize| {
        let before = at.checked_sub(1).map(|before| &page.blocks[before]);
        before.is_some_and(|before| before.flags & flag::HEADING != 0 && is_link(before))
    };
    let prose = |at: &&usize| is_prose(page, &page.blocks[**at]);
    let teasers = chosen.iter().rev().filter(prose).take_while(|at| is_teaser(**at)).count();
    let all = chosen.iter().filter(prose).count();
    if teasers < TEASERS_MIN || teasers == all {
        return;
    }
    let first = chosen.iter().rev().filter(prose).nth(teasers - 1).copied();
    if let Some(first) = first {
        chosen.retain(|at| *at < first);
    }
}

/// Leaves out headings under which nothing was kept up to the next heading of the page.
fn without_lone_headings(page: &Blocks, chosen: &[usize]) -> Vec<usize> {
    let is_heading = |at: usize| {
        let block = &page.blocks[at];
        block.flags & flag::HEADING != 0 && page.of(block).len() < HEADING_BYTES_MAX
    };
    let next_heading =
        |from: usize| (from + 1..page.blocks.len()).find(|at| is_heading(*at)).unwrap_or(page.blocks.len());
    let mut kept = Vec::with_capacity(chosen.len());
    for (order, at) in chosen.iter().enumerate() {
        let follower = chosen.get(order + 1).copied();
        let lone = is_heading(*at) && follower.is_none_or(|next| next > at + 1 && next >= next_heading(*at));
        if !lone {
            kept.push(*at);
        }
    }
    kept
}

/// What a block says for (or against) the subtrees that hold it.
fn score(page: &Blocks, block: &Block, excluded: u32) -> f32 {
    let text = page.of(block);
    let length = text.len() as f32;
    let density = block.linked as f32 / length.max(1.0);
    if block.flags & excluded != 0 {
        return -(length * 0.2).min(40.0);
    }
    if density > 0.5 {
        return -(length * 0.5).min(30.0) - 5.0;
    }
    let sentence = ends_sentence(text);
    let mut score = match (length as usize, sentence) {
        (0..25, _) => -4.0,
        (25..80, false) => -2.0,
        (25..80, true) => length * 0.5,
        (_, false) => length * 0.5,
        (_, true) => length,
    };
    if score > 0.0 {
        score *= (1.0 - 2.0 * density).max(0.0);
        if block.flags & flag::PARAGRAPH != 0 {
            score *= 1.3;
        }
        if block.flags & flag::BODY != 0 {
            score *= 1.6;
        }
        if block.flags & flag::ARTICLE != 0 {
            score *= 1.2;
        }
        if block.flags & flag::CAPTION != 0 {
            score *= 0.3;
        }
        if block.flags & flag::ITEM != 0 {
            score *= 0.6;
        }
    }
    score
}

/// The subtree whose blocks have the highest sum, each step upwards costing a little.
fn best_subtree(dom: &Dom<'_>, page: &Blocks, scores: &[f32]) -> usize {
    let mut sums = vec![0f32; dom.nodes.len()];
    for (block, score) in page.blocks.iter().zip(scores) {
        sums[block.container as usize] += score;
    }
    let mut best = (0usize, f32::MIN);
    for index in (1..dom.nodes.len()).rev() {
        let sum = sums[index];
        if sum == 0.0 {
            continue;
        }
        if sum > best.1 && dom.nodes[index].tag != Tag::Text {
            best = (index, sum);
        }
        sums[dom.nodes[index].parent as usize] += sum * STEP_UP;
    }
    best.0
}

/// Whether a block is a paragraph of prose by itself.
fn is_prose(page: &Blocks, block: &Block) -> bool {
    let text = page.of(block);
    // Many a lead is marked up as a heading.
    let heading = block.flags & flag::HEADING != 0 && text.len() < HEADING_BYTES_MAX;
    let other = flag::CAPTION;
    !heading
        && text.len() >= LEAD_BYTES_MIN
        && ends_sentence(text)
        && block.linked as usize * 3 < text.len()
        && block.flags & other == 0
}

fn ends_sentence(text: &str) -> bool {
    text.ends_with(['.', '!', '?', '”', '"', '…', ':', '’', '»', ')', '。', '“', '।'])
}

/// Beginnings of lines that lead away from the article, lower case.
const AWAY: &[&str] = &[
    "read more",
    "read also",
    "also read",
    "see also",
    "related:",
    "related coverage",
    "more:",
    "read:",
    "watch:",
    "lesen sie auch",
    "lesen sie mehr",
    "auch interessant",
    "mehr zum thema",
    "lesen sie hier",
    "auch lesen",
    "weitere themen",
    "das könnte sie auch",
    "zum thema",
    "à lire",
    "lire aussi",
    "lire la suite",
    "lees ook",
    "lees meer",
    "leggi anche",
    "lea también",
    "leer más",
    "te puede interesar",
    "czytaj też",
    "czytaj także",
    "czytaj również",
    "zobacz także",
    "zobacz też",
    "zobacz również",
    "leia mais",
    "leia também",
    "veja também",
    "advertisement",
    "anzeige",
    "sign up for",
    "subscribe to",
    "follow us",
    "click here",
    "share this",
    "image credit",
    "photo:",
    "foto:",
    "credit:",
    "copyright ",
    "explore further",
    "continue reading",
    "related news",
    "related articles",
    "related stories",
    "about the author",
    "advert",
    "comments",
    "subscribe",
    "externer inhalt",
    "titelbild:",
    "crédits photo",
    "weitere informationen",
    "weitere beiträge",
    "weitere artikel",
    "über den autor",
    "über die autorin",
    "schon gelesen",
    "zum weiterlesen",
    "mehr dazu",
];

fn leads_away(text: &str) -> bool {
    let start: String = text.chars().take(32).flat_map(char::to_lowercase).collect();
    start.starts_with('©') || AWAY.iter().any(|away| start.starts_with(away)) || start.ends_with(" min read")
}

/// Whether a block inside the chosen subtree belongs to the article; `prose` says whether its first paragraph was met.
fn keep(page: &Blocks, block: &Block, prose: bool) -> bool {
    let text = page.of(block);
    let density = block.linked as f32 / (text.len() as f32).max(1.0);
    let in_paragraph = block.flags & (flag::PARAGRAPH | flag::QUOTE) != 0;
    if block.flags & flag::CAPTION != 0 && text.len() < CAPTION_BYTES_MAX {
        return false;
    }
    let short = text.len() < POINTER_BYTES_MAX;
    let heading = block.flags & flag::HEADING != 0 && text.len() < HEADING_BYTES_MAX;
    if !prose && (heading || block.flags & flag::DATELIKE != 0 && short) {
        return false;
    }
    if short && leads_away(text) && (density > 0.3 || text.len() < 40) {
        return false;
    }
    if density > 0.6 {
        return in_paragraph && ends_sentence(text) && text.len() > 60;
    }
    true
}

fn join(page: &Blocks, chosen: &[usize]) -> String {
    let mut text = String::with_capacity(size(page, chosen) + chosen.len() * 2);
    let mut before: Option<&Block> = None;
    for at in chosen {
        let block = &page.blocks[*at];
        if let Some(before) = before {
            let tight = flag::ITEM | flag::CELL;
            text.push_str(if before.flags & block.flags & tight != 0 { "\n" } else { "\n\n" });
        }
        text.push_str(page.of(block));
        before = Some(block);
    }
    text
}

/// All visible text, for pieces of HTML that hold nothing but an article.
pub(crate) fn everything(page: &Blocks) -> String {
    let mut text = String::with_capacity(page.text.len() + 2 * page.blocks.len());
    let mut before: Option<&Block> = None;
    for block in &page.blocks {
        if let Some(before) = before {
            let tight = before.flags & block.flags & (flag::ITEM | flag::CELL) != 0;
            text.push_str(if tight { "\n" } else { "\n\n" });
        }
        text.push_str(page.of(block));
        before = Some(block);
    }
    text
}
