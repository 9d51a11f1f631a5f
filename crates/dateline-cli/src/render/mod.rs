//! What people see of each answer. Pure functions from wire structs to text; everything untrusted is escaped here.

mod document;
mod entities;
mod found;
mod page;
mod status;
mod table;
mod when;

pub(crate) use document::{document, layer, text};
pub(crate) use entities::{decided, entities, entity, suggestions, who};
pub(crate) use found::{arrival, conflicts, hits, quotes, similar};
pub(crate) use page::{Asked, page};
pub(crate) use status::{backup, config, doctor, explanation, failures, plan, rescanned, retried, status, values, why};
pub(crate) use when::{date, day, plot, timeline, undated};

use crate::screen::{Piece, Screen, style, wrap};
use dateline_protocol::core::terminal;
use dateline_protocol::wire::Days;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Renders all items of an answer.
pub(crate) type Renderer = Box<dyn Fn(&[Box<RawValue>], &Screen) -> Result<String, serde_json::Error>>;

/// Renders items together.
fn all<T: DeserializeOwned + 'static>(render: impl Fn(&[T], &Screen) -> String + 'static) -> Renderer {
    Box::new(move |items, screen| {
        let items = items.iter().map(|item| serde_json::from_str(item.get())).collect::<Result<Vec<T>, _>>()?;
        Ok(render(&items, screen))
    })
}

/// Renders items one below the other, with an empty line between them.
fn each<T: DeserializeOwned + 'static>(render: impl Fn(&T, &Screen) -> String + 'static) -> Renderer {
    all(move |items: &[T], screen| items.iter().map(|item| render(item, screen)).collect::<Vec<String>>().join("\n"))
}

/// A document's date: as precisely as it is known, or that it is not.
fn date_or_undated(days: Option<Days>) -> String {
    days.map_or_else(|| "undated".to_owned(), |days| days.to_string())
}

/// A title on lines of its own; untrusted.
fn heading(title: &str, screen: &Screen) -> String {
    wrap(&[Piece::styled(style::TITLE, terminal::escape_line(title))], screen.text_width(), "", screen)
}

/// A path with the record inside the file and the line, for people and editors: `feeds/a.xml#3:12`. The first record
/// goes without saying: most files hold just one.
fn place(path: &str, part: Option<&str>, line: u32) -> String {
    let part = part.filter(|part| *part != "1").map(|part| format!("#{part}")).unwrap_or_default();
    let line = if line > 0 { format!(":{line}") } else { String::new() };
    format!("{path}{part}{line}")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Renderer;
    use crate::screen::Screen;
    use serde_json::Value;
    use serde_json::value::RawValue;

    /// Renders JSON items as an answer would bring them.
    pub(crate) fn shown(renderer: &Renderer, items: &[Value], screen: &Screen) -> String {
        let raw = |item: &Value| RawValue::from_string(item.to_string()).expect("JSON");
        let items: Vec<Box<RawValue>> = items.iter().map(raw).collect();
        renderer(&items, screen).expect("wire structs")
    }
}
