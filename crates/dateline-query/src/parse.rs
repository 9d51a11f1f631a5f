//! Query text to [`Query`]: a hand-written parser whose errors name the place. Looks nothing up.
//!
//! ```text
//! query       = sequence
//! sequence    = alternative { alternative }                    all of them
//! alternative = item { "OR" item }                             at least one; binds closer than a blank
//! item        = [ "-" ] primary
//! primary     = "(" sequence ")" | field ":" value | field ":" "(" sequence ")" | phrase | word | "*"
//! phrase      = quote { character } quote [ "~" digits ]       straight or curly quotes; `*` may end the last word
//! word        = { character but blank, quote, "(" , ")" } [ "*" | "~" ]
//! value       = phrase | word | day range                      no blank after the colon
//! day range   = unit | [ unit ] ".." [ unit ] | ( ">" | ">=" | "<" | "<=" ) unit
//! unit        = year [ "-" month [ "-" day ] ]
//! ```

use crate::error::{QueryError, has_words, nearest};
use crate::query::{Clause, ClauseKind, EntityField, FIELDS, Form, OtherField, Query, Terms, WordField};
use dateline_core::{Date, DateInterval};
use dateline_processor_index::words::Folder;
use std::ops::Range;

/// Longest query, in bytes.
pub const QUERY_BYTES_MAX: usize = 16 << 10;
/// Deepest nesting of parentheses.
const DEPTH_MAX: usize = 64;

const AN_EXAMPLE: &str = "for example `\"peace talks\" date:2022-04 -football`";

/// Reads a query.
///
/// # Errors
/// [`QueryError`] with the place, what was expected there, and what to write instead.
pub fn parse(text: &str) -> Result<Query, QueryError> {
    if text.len() > QUERY_BYTES_MAX {
        let message = format!("query has {} bytes, more than {QUERY_BYTES_MAX}", text.len());
        return Err(QueryError::new(message, 0..0, "a shorter query"));
    }
    let mut parser = Parser { text, at: 0, depth: 0, folder: Folder::default() };
    let root = parser.sequence(None)?;
    parser.blanks();
    if let Some(character) = parser.peek() {
        let span = parser.at..parser.at + character.len_utf8();
        return Err(QueryError::new(format!("`{character}` closes nothing"), span, "`(` before it")
            .hint("quote it to search for text that has it"));
    }
    let Some(root) = root else {
        return Err(QueryError::new("query has no words", 0..text.len(), "words, a phrase or a field").hint(AN_EXAMPLE));
    };
    Ok(Query { text: text.to_owned(), root })
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    folder: Folder,
}

/// A field before a colon, as known to the parser.
#[derive(Clone, Debug)]
struct FieldName {
    name: String,
    span: Range<usize>,
}

/// A word or phrase as it stands in the query.
struct Raw {
    text: String,
    span: Range<usize>,
    quoted: bool,
    near: Option<u32>,
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{ff02}')
}

fn clause(span: Range<usize>, kind: ClauseKind) -> Clause {
    Clause { span, kind }
}

/// One clause of several; the one itself when it is alone.
fn joined(mut clauses: Vec<Clause>, kind: impl FnOnce(Vec<Clause>) -> ClauseKind) -> Option<Clause> {
    match clauses.len() {
        0 => None,
        1 => clauses.pop(),
        _ => {
            let span = clauses[0].span.start..clauses[clauses.len() - 1].span.end;
            Some(clause(span, kind(clauses)))
        }
    }
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn sequence(&mut self, field: Option<&FieldName>) -> Result<Option<Clause>, QueryError> {
        let mut clauses = Vec::new();
        loop {
            self.blanks();
            if self.peek().is_none_or(|character| character == ')') {
                return Ok(joined(clauses, ClauseKind::All));
            }
            if let Some(or) = self.take_or() {
                return Err(QueryError::new("`OR` has nothing before it", or, "a word, phrase or field before `OR`")
                    .hint("write `one OR other`, or `\"or\"` for the word"));
            }
            clauses.extend(self.alternative(field)?);
        }
    }

    /// Takes `OR` when it stands here as a word of its own.
    fn take_or(&mut self) -> Option<Range<usize>> {
        let after = self.rest().strip_prefix("OR")?;
        if after
            .chars()
            .next()
            .is_some_and(|next| !next.is_whitespace() && next != '(' && next != ')' && !is_quote(next))
        {
            return None;
        }
        let span = self.at..self.at + 2;
        self.at = span.end;
        Some(span)
    }

    fn alternative(&mut self, field: Option<&FieldName>) -> Result<Option<Clause>, QueryError> {
        let mut clauses = Vec::new();
        clauses.extend(self.item(field)?);
        loop {
            let before = self.at;
            self.blanks();
            let Some(or) = self.take_or() else {
                self.at = before;
                return Ok(joined(clauses, ClauseKind::Any));
            };
            self.blanks();
            if self.peek().is_none_or(|character| character == ')') {
                return Err(QueryError::new("`OR` has nothing after it", or, "a word, phrase or field after `OR`")
                    .hint("write `one OR other`, or `\"or\"` for the word"));
            }
            clauses.extend(self.item(field)?);
        }
    }

    fn item(&mut self, field: Option<&FieldName>) -> Result<Option<Clause>, QueryError> {
        let start = self.at;
        self.check_not()?;
        let negates = self.rest().strip_prefix('-').is_some_and(|after| {
            after.chars().next().is_some_and(|next| next.is_alphanumeric() || next == '(' || is_quote(next))
        });
        if negates {
            self.at += 1;
        }
        let inner = self.primary(field)?;
        Ok(match inner {
            Some(inner) if negates => Some(clause(start..self.at, ClauseKind::Not(Box::new(inner)))),
            inner => inner,
        })
    }

    /// Refuses `NOT` where it is meant as in other languages: as a word it would find what is to be left out. In a
    /// headline all in capitals it is a word.
    fn check_not(&self) -> Result<(), QueryError> {
        let after = self.rest().strip_prefix("NOT").filter(|after| after.starts_with([' ', '(']));
        let Some(next) = after.map(str::trim_start).filter(|next| !next.is_empty()) else { return Ok(()) };
        if !self.text.contains(char::is_lowercase) {
            return Ok(());
        }
        let next = next.split(char::is_whitespace).next().unwrap_or(next);
        let message = "`NOT` is no operator here";
        Err(QueryError::new(message, self.at..self.at + 3, "`-` right before what is to be left out")
            .hint(format!("write `-{next}`, or `\"not\"` for the word")))
    }

    fn primary(&mut self, field: Option<&FieldName>) -> Result<Option<Clause>, QueryError> {
        if self.peek() == Some('(') {
            return self.group(field);
        }
        if field.is_none()
            && let Some(name) = self.take_field()?
        {
            if self.peek() == Some('(') {
                return self.group(Some(&name));
            }
            let raw = self.raw()?;
            return self.fielded(&name, &raw).map(Some);
        }
        let raw = self.raw()?;
        match field {
            Some(name) => self.fielded(name, &raw).map(Some),
            None if raw.text == "*" && !raw.quoted => Ok(Some(clause(raw.span, ClauseKind::Everything))),
            None if !has_words(&raw.text) => Ok(None),
            None => {
                let terms = self.terms(&raw)?;
                Ok(Some(clause(raw.span, ClauseKind::Terms(terms))))
            }
        }
    }

    fn group(&mut self, field: Option<&FieldName>) -> Result<Option<Clause>, QueryError> {
        let open = self.at;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(QueryError::new("parentheses are nested too deep", open..open + 1, "a simpler query"));
        }
        self.at += 1;
        let inner = self.sequence(field)?;
        if self.peek() != Some(')') {
            return Err(QueryError::new("`(` is never closed", open..open + 1, "`)` after it")
                .hint("quote it to search for text that has it"));
        }
        self.at += 1;
        self.depth -= 1;
        Ok(inner.map(|inner| clause(open..self.at, inner.kind)))
    }

    /// Takes `name:` when a value follows at once; `10:30`, `note: this` and addresses are no fields. A field of ours
    /// with nothing behind it is a mistake.
    fn take_field(&mut self) -> Result<Option<FieldName>, QueryError> {
        let rest = self.rest();
        let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
        let length = rest.find(|character| !is_name(character)).unwrap_or(rest.len());
        let Some(value) = rest[length..].strip_prefix(':') else { return Ok(None) };
        let is_named = rest[..length].starts_with(|first: char| first.is_ascii_alphabetic());
        let is_valued = value.chars().next().is_some_and(|next| !next.is_whitespace() && next != ')');
        let name = rest[..length].to_ascii_lowercase();
        let span = self.at..self.at + length;
        if !is_valued && FIELDS.contains(&name.as_str()) {
            let hint = format!("write `{name}:VALUE` without a blank, or `\"{name}:\"` for the word");
            let place = span.start..span.end + 1;
            return Err(
                QueryError::new(format!("`{name}:` has no value"), place, "a value right after the colon").hint(hint)
            );
        }
        if !is_named || !is_valued || value.starts_with("//") {
            return Ok(None);
        }
        self.at += length + 1;
        Ok(Some(FieldName { name, span }))
    }

    /// A phrase, or all up to the next blank, quote or parenthesis.
    fn raw(&mut self) -> Result<Raw, QueryError> {
        let start = self.at;
        let first = self.peek().unwrap_or(' ');
        if is_quote(first) {
            return self.quoted(start, first);
        }
        let ends = |character: char| character.is_whitespace() || is_quote(character) || matches!(character, '(' | ')');
        let length = self.rest().find(ends).unwrap_or(self.rest().len());
        self.at += length;
        Ok(Raw { text: self.text[start..self.at].to_owned(), span: start..self.at, quoted: false, near: None })
    }

    fn quoted(&mut self, start: usize, quote: char) -> Result<Raw, QueryError> {
        let inside = start + quote.len_utf8();
        let Some(length) = self.text[inside..].find(is_quote) else {
            return Err(QueryError::new("quote is never closed", start..inside, "a closing `\"`")
                .hint("close it, or leave it out"));
        };
        let end = inside + length;
        let closing = self.text[end..].chars().next().map_or(1, char::len_utf8);
        self.at = end + closing;
        let near = self.take_near()?;
        Ok(Raw { text: self.text[inside..end].to_owned(), span: start..self.at, quoted: true, near })
    }

    /// Takes `~5` behind a phrase.
    fn take_near(&mut self) -> Result<Option<u32>, QueryError> {
        let Some(digits) = self.rest().strip_prefix('~') else { return Ok(None) };
        let length = digits.find(|character: char| !character.is_ascii_digit()).unwrap_or(digits.len());
        let gap: Option<u32> = digits[..length].parse().ok().filter(|gap| *gap <= 1_000);
        let span = self.at..self.at + 1 + length;
        let Some(gap) = gap else {
            return Err(QueryError::new("`~` behind a phrase has no distance", span, "a number from 0 to 1000")
                .hint("`\"peace talks\"~5` allows five words between"));
        };
        self.at = span.end;
        Ok(Some(gap))
    }

    /// The words of a raw piece and how they are meant.
    fn terms(&mut self, raw: &Raw) -> Result<Terms, QueryError> {
        let trimmed = raw.text.trim();
        let (text, form) = if raw.quoted {
            match raw.near {
                Some(gap) => (trimmed, Form::Near(gap)),
                None => (trimmed.trim_end_matches('*'), Form::Quoted { prefix: trimmed.ends_with('*') }),
            }
        } else if let Some(start) = trimmed.strip_suffix('*') {
            (start, Form::Prefix)
        } else if let Some(word) = trimmed.strip_suffix('~') {
            (word, Form::Fuzzy)
        } else {
            (trimmed, Form::Plain)
        };
        let words = self.folder.folded_words(text);
        if words.is_empty() {
            return Err(
                QueryError::new(format!("`{}` has no words", raw.text), raw.span.clone(), "a word").hint(AN_EXAMPLE)
            );
        }
        if !raw.quoted && text.contains('*') && form != Form::Prefix {
            let message = format!("`*` stands inside `{text}`");
            return Err(QueryError::new(message, raw.span.clone(), "`*` at the end of a word only")
                .hint("for example `sanction*`"));
        }
        if !raw.quoted && text.contains('~') {
            let message = format!("`~` stands inside `{}`", raw.text);
            return Err(QueryError::new(message, raw.span.clone(), "one `~` at the end of a word")
                .hint("for example `zelenskyj~`"));
        }
        Ok(Terms { text: text.to_owned(), words, form })
    }

    fn fielded(&mut self, name: &FieldName, raw: &Raw) -> Result<Clause, QueryError> {
        if raw.text.trim().is_empty() {
            let message = format!("`{}:` has no value", name.name);
            return Err(QueryError::new(message, raw.span.clone(), "a value right after the colon").hint(AN_EXAMPLE));
        }
        let span = name.span.start.min(raw.span.start)..raw.span.end;
        let value = || raw.text.trim().to_owned();
        let kind = match name.name.as_str() {
            "title" => ClauseKind::Field(WordField::Title, self.terms(raw)?),
            "path" => ClauseKind::Field(WordField::Path, self.terms(raw)?),
            "source" => ClauseKind::Field(WordField::Source, self.terms(raw)?),
            "entity" => ClauseKind::Entity(EntityField::Any, self.terms(raw)?),
            "person" => ClauseKind::Entity(EntityField::Person, self.terms(raw)?),
            "org" => ClauseKind::Entity(EntityField::Org, self.terms(raw)?),
            "place" => ClauseKind::Entity(EntityField::Place, self.terms(raw)?),
            "date" => ClauseKind::Written(dates("date", raw)?),
            "mentions" => ClauseKind::Mentions(dates("mentions", raw)?),
            "lang" => ClauseKind::Language(language(raw)?),
            "ext" => ClauseKind::Extension(value()),
            _ => ClauseKind::Other(OtherField {
                name: name.name.clone(),
                name_span: name.span.clone(),
                value: value(),
                value_span: raw.span.clone(),
            }),
        };
        Ok(clause(span, kind))
    }
}

/// A language tag, or the beginning of one (RFC 5646, 2.2.1): a name of a language would never be found.
fn language(raw: &Raw) -> Result<String, QueryError> {
    let tag = raw.text.trim().replace('_', "-");
    let primary = tag.split('-').next().unwrap_or_default();
    if (2..=3).contains(&primary.len()) && tag.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-') {
        return Ok(tag);
    }
    let message = format!("`{tag}` is no language tag");
    Err(QueryError::new(message, raw.span.clone(), "a tag of two or three letters, and what may follow it")
        .hint("for example `lang:en`, `lang:uk`, `lang:pt-BR`"))
}

fn dates(field: &str, raw: &Raw) -> Result<DateInterval, QueryError> {
    day_range(raw.text.trim()).ok_or_else(|| {
        let expected =
            "a day, month, year or range: `2022-04-05`, `2022-04`, `2022`, `2022-04..2023-03`, `>=2022-04-05`";
        QueryError::new(no_date(raw.text.trim()), raw.span.clone(), expected)
            .hint(format!("for example `{field}:2022-04`"))
    })
}

/// What is wrong with a text that should be a range of days.
fn no_date(text: &str) -> String {
    let ends = text.split_once("..").and_then(|(from, to)| Some((day_range(from)?, day_range(to)?)));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unit = text.trim_start_matches(['<', '>', '=']);
    if ends.is_some_and(|(from, to)| to.latest < from.earliest) {
        format!("`{text}` ends before it begins")
    } else if matches!(unit.split('-').count(), 2 | 3) && unit.split('-').all(is_number) {
        format!("`{unit}` is not in the calendar")
    } else {
        format!("`{text}` is no date")
    }
}

/// Reads a range of days: `2022-04`, `2022-04..2023-03`, `..2022`, `2022..`, `>2022`, `>=2022-04-05`, `<2022`, `<=2022`.
pub(crate) fn day_range(text: &str) -> Option<DateInterval> {
    let unit = |text: &str| DateInterval::parse(text).ok().filter(|_| !text.contains(".."));
    let from = |earliest: Option<Date>| Some(DateInterval { earliest: earliest?, latest: Date::MAX });
    let to = |latest: Option<Date>| Some(DateInterval { earliest: Date::MIN, latest: latest? });
    if let Some(day) = text.strip_prefix(">=") {
        from(Some(unit(day)?.earliest))
    } else if let Some(day) = text.strip_prefix("<=") {
        to(Some(unit(day)?.latest))
    } else if let Some(day) = text.strip_prefix('>') {
        from(unit(day)?.latest.tomorrow().ok())
    } else if let Some(day) = text.strip_prefix('<') {
        to(unit(day)?.earliest.yesterday().ok())
    } else if let Some(day) = text.strip_prefix("..") {
        to(Some(unit(day)?.latest))
    } else if let Some(day) = text.strip_suffix("..") {
        from(Some(unit(day)?.earliest))
    } else {
        DateInterval::parse(text.strip_prefix('=').unwrap_or(text)).ok()
    }
}

/// The error for a field nobody knows.
pub(crate) fn unknown_field(field: &OtherField, declared: &[&str]) -> QueryError {
    let known = FIELDS.iter().copied().chain(declared.iter().copied());
    let near = nearest(&field.name, known.clone());
    let hint = if near.is_empty() {
        format!("quote it to search for the text: `\"{}:{}\"`", field.name, field.value)
    } else {
        format!("did you mean {}?", near.iter().map(|name| format!("`{name}:`")).collect::<Vec<_>>().join(" or "))
    };
    let expected = known.map(|name| format!("`{name}:`")).collect::<Vec<_>>().join(" ");
    QueryError::new(format!("there is no field `{}`", field.name), field.name_span.clone(), expected).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::{day_range, parse};
    use crate::query::{Clause, ClauseKind, Form};
    use proptest::prelude::*;

    /// A query as a compact text: what it was understood to mean.
    fn shown(clause: &Clause) -> String {
        let list = |clauses: &[Clause], by: &str| clauses.iter().map(shown).collect::<Vec<_>>().join(by);
        let terms = |terms: &crate::query::Terms| {
            let words = terms.words.join("+");
            match terms.form {
                Form::Plain => words,
                Form::Quoted { prefix } => format!("'{words}{}'", if prefix { "*" } else { "" }),
                Form::Near(gap) => format!("'{words}'~{gap}"),
                Form::Prefix => format!("{words}*"),
                Form::Fuzzy => format!("{words}~"),
            }
        };
        match &clause.kind {
            ClauseKind::Everything => "*".to_owned(),
            ClauseKind::Terms(words) => terms(words),
            ClauseKind::Field(field, words) => format!("{field:?}:{}", terms(words)),
            ClauseKind::Entity(field, words) => format!("{field:?}:{}", terms(words)),
            ClauseKind::Written(interval) => format!("written {interval}"),
            ClauseKind::Mentions(interval) => format!("mentions {interval}"),
            ClauseKind::Language(value) | ClauseKind::Extension(value) => format!("={value}"),
            ClauseKind::Other(field) => format!("{}={}", field.name, field.value),
            ClauseKind::All(clauses) => format!("({})", list(clauses, " ")),
            ClauseKind::Any(clauses) => format!("({})", list(clauses, " | ")),
            ClauseKind::Not(inner) => format!("-{}", shown(inner)),
        }
    }

    #[test]
    fn queries_mean_what_they_say() {
        for (query, meaning) in [
            ("peace talks", "(peace talks)"),
            ("\"peace talks\" -football", "('peace+talks' -football)"),
            ("“peace talks”", "'peace+talks'"),
            ("„Friedens“ «paix»", "('friedens' 'paix')"),
            ("\"near words\"~5", "'near+words'~5"),
            ("\"near wor*\"", "'near+wor*'"),
            ("sanction* zelensky~", "(sanction* zelensky~)"),
            ("a OR b c", "((a | b) c)"),
            ("(a b) OR c", "((a b) | c)"),
            ("-(a OR b)", "-(a | b)"),
            ("long-term U.S.-led", "(long+term us+led)"),
            ("date:2022-04 mentions:2022-03", "(written 2022-04 mentions 2022-03)"),
            ("date:2022-04..2023-03", "written 2022-04-01..2023-03-31"),
            ("person:\"boris johnson\"", "Person:'boris+johnson'"),
            ("Title:(peace OR war)", "(Title:peace | Title:war)"),
            ("path:seeds/a-b.txt ext:.TXT lang:en", "(Path:seeds+a+b+txt =.TXT =en)"),
            ("lang:pt_BR OR lang:fil", "(=pt-BR | =fil)"),
            ("tone:>=5", "tone=>=5"),
            ("at 10:30, note: this -- and - that", "(at 10+30 note this and that)"),
            ("https://example.org/a", "https+example+org+a"),
            ("Russia’s O'Brien", "(russia obrien)"),
            ("systems (TSS), IBM?", "(systems tss ibm)"),
            ("ORDER oracle or", "(order oracle or)"),
            ("*", "*"),
            ("what () is", "(what is)"),
        ] {
            let parsed = parse(query).map(|query| shown(&query.root));
            assert_eq!(parsed.as_deref(), Ok(meaning), "{query}");
        }
    }

    #[test]
    fn mistakes_are_pointed_at() {
        for (query, pointed) in [
            ("", "\n^"),
            ("-- !", "-- !\n^^^^"),
            ("(peace talks", "(peace talks\n^"),
            ("peace) talks", "peace) talks\n     ^"),
            ("\"peace talks", "\"peace talks\n^"),
            ("a OR", "a OR\n  ^^"),
            ("OR a", "OR a\n^^"),
            ("(a OR)", "(a OR)\n   ^^"),
            ("date:foo", "date:foo\n     ^^^"),
            ("é date:2022-13", "é date:2022-13\n       ^^^^^^^"),
            ("date:2023..2022", "date:2023..2022\n     ^^^^^^^^^^"),
            ("\"a b\"~", "\"a b\"~\n     ^"),
            ("\"a b\"~x", "\"a b\"~x\n     ^"),
            ("san*tion", "san*tion\n^^^^^^^^"),
            ("person:\"\"", "person:\"\"\n       ^^"),
            ("lang:english", "lang:english\n     ^^^^^^^"),
        ] {
            let error = parse(query).expect_err(query);
            assert_eq!(error.pointed(query), pointed, "{error}");
            assert!(!error.expected.is_empty() && !error.message.ends_with('.'));
        }
    }

    #[test]
    fn ranges_of_days_are_read() {
        for (text, range) in [
            (">=2022-04-05", "2022-04-05..9999-12-31"),
            (">2022-04", "2022-05-01..9999-12-31"),
            ("<2022", "-009999-01-01..2021-12-31"),
            ("<=2022-04", "-009999-01-01..2022-04-30"),
            ("2022..", "2022-01-01..9999-12-31"),
            ("..2022-02", "-009999-01-01..2022-02-28"),
            ("=2022-04-05", "2022-04-05"),
        ] {
            assert_eq!(day_range(text).map(|range| range.to_string()).as_deref(), Some(range), "{text}");
        }
        for wrong in ["", "..", ">", ">=2022..2023", "2022-04-31", "yesterday", "2022...2023"] {
            assert_eq!(day_range(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(query in "[a-c\"“”()*~: .OR0-9é:-]{0,40}") {
            match parse(&query) {
                Ok(parsed) => prop_assert!(query.get(parsed.root.span).is_some()),
                Err(error) => {
                    prop_assert!(query.get(error.span.clone()).is_some());
                    prop_assert!(error.pointed(&query).contains('^'));
                }
            }
        }
    }
}
