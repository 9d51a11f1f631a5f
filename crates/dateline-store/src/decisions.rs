//! What the user decided, in a file that a person can read, edit and version. Applied at query time or as an input of
//! processors; never by the store itself.

use crate::error::StoreError;
use crate::files::{io, replace_file};
use dateline_core::{DateInterval, DocumentId, SourcePath, Time};
use std::path::Path;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike, Value, value};

/// Largest file of decisions, in bytes.
pub const DECISIONS_BYTES_MAX: u64 = 64 << 20;

/// What stands at the head of a new file.
const HEADER: &str = "\
# What you decided about dates and names. Edit it as you like: dateline reads it again, keeps your comments,
# and replaces the file whole when it adds a decision itself.
#
# [[date]]
# path = \"reports/grain.txt\"    # or: document = 12; with part = \"3\" for one of many
# date = \"2022-04-05\"           # or 2022-04, 2022, 2022-04-04..2022-04-05, unknown
# time = \"14:30:00\"
# note = \"from the printed edition\"
#
# [[merge]]                     # these are one
# keep = \"org:un\"
# also = [\"org:united-nations\"]
#
# [[split]]                     # under these names it is somebody else
# entity = \"per:smith\"
# into = \"per:smith-of-ohio\"
# names = [\"Senator Smith\"]
#
# [[rename]]
# entity = \"per:smith\"
# name = \"Jane Smith\"
#
# [[never]]                     # these are never one
# one = \"per:smith\"
# other = \"per:smyth\"
";

/// Which document a decision is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentRef {
    /// By its id.
    Document(DocumentId),
    /// By where it stands; without a part, every document of the source that nothing narrower is said of.
    Place {
        /// The source.
        path: SourcePath,
        /// Its own id or number.
        part: Option<String>,
    },
}

/// The date of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateDecision {
    /// Which document.
    pub document: DocumentRef,
    /// The days it may be; `None`: the user decided that it is unknown.
    pub date: Option<DateInterval>,
    /// Time of day.
    pub time: Option<Time>,
    /// The user's words.
    pub note: Option<String>,
}

/// Several entities are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeDecision {
    /// The id that stays.
    pub keep: String,
    /// The ids that mean the same.
    pub also: Vec<String>,
    /// The user's words.
    pub note: Option<String>,
}

/// Some names of an entity are somebody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitDecision {
    /// The id that held too much.
    pub entity: String,
    /// The id of what is taken out of it.
    pub into: String,
    /// The names taken out, as they stand in texts.
    pub names: Vec<String>,
    /// The user's words.
    pub note: Option<String>,
}

/// An entity is called something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenameDecision {
    /// Its id.
    pub entity: String,
    /// Its name.
    pub name: String,
    /// The user's words.
    pub note: Option<String>,
}

/// Two entities are never one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeverDecision {
    /// The one.
    pub one: String,
    /// The other.
    pub other: String,
    /// The user's words.
    pub note: Option<String>,
}

/// All decisions, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Dates.
    pub dates: Vec<DateDecision>,
    /// Entities that are one.
    pub merges: Vec<MergeDecision>,
    /// Entities that are several.
    pub splits: Vec<SplitDecision>,
    /// Names.
    pub renames: Vec<RenameDecision>,
    /// Entities that are never one.
    pub never: Vec<NeverDecision>,
}

/// A file of decisions with its comments.
#[derive(Clone, Debug, Default)]
pub struct DecisionsFile {
    text: DocumentMut,
    decisions: Decisions,
}

/// A mistake in the file: where in the text, and what.
struct Mistake {
    at: usize,
    what: String,
}

type Read<T> = Result<T, Mistake>;

impl DecisionsFile {
    /// Reads the file; none is as an empty one.
    ///
    /// # Errors
    /// [`StoreError::BadFile`] with line and key, [`StoreError::Io`].
    pub fn load(path: &Path) -> Result<DecisionsFile, StoreError> {
        let bad = |what: String| StoreError::BadFile { path: path.to_owned(), what };
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(DecisionsFile::default()),
            Err(error) => return Err(io(path, "read")(error)),
            Ok(file) if file.len() > DECISIONS_BYTES_MAX => {
                return Err(bad(format!("it has {} bytes, more than {DECISIONS_BYTES_MAX}", file.len())));
            }
            Ok(_) => {}
        }
        let text = std::fs::read(path).map_err(io(path, "read"))?;
        let text = String::from_utf8(text).map_err(|_| bad("it is not UTF-8".to_owned()))?;
        DecisionsFile::parse(&text).map_err(bad)
    }

    /// Reads a text. The error says line and key.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn parse(text: &str) -> Result<DecisionsFile, String> {
        let document = toml_edit::Document::parse(text.to_owned()).map_err(|error| error.to_string())?;
        let decisions = decisions(document.as_table()).map_err(|mistake| {
            let line = text.as_bytes().iter().take(mistake.at).filter(|byte| **byte == b'\n').count() + 1;
            format!("line {line}: {}", mistake.what)
        })?;
        Ok(DecisionsFile { text: document.into_mut(), decisions })
    }

    /// The decisions.
    #[must_use]
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// Changes the decisions. What stays keeps its comments; what is about the same thing as before is changed in place.
    pub fn replace(&mut self, decisions: Decisions) {
        let old = &self.decisions;
        merge(&mut self.text, "date", &old.dates, &decisions.dates);
        merge(&mut self.text, "merge", &old.merges, &decisions.merges);
        merge(&mut self.text, "split", &old.splits, &decisions.splits);
        merge(&mut self.text, "rename", &old.renames, &decisions.renames);
        merge(&mut self.text, "never", &old.never, &decisions.never);
        self.decisions = decisions;
    }

    /// The text of the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let text = self.text.to_string();
        if text.contains(|character: char| !character.is_whitespace()) && !text.starts_with("\n[[") {
            return text;
        }
        format!("{HEADER}{text}")
    }

    /// Replaces the file, whole. Where a link stands, the file it leads to: decisions may be kept among other files of the
    /// user's, under version control.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn save(&self, path: &Path) -> Result<(), StoreError> {
        let file = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        replace_file(&file, self.to_text().as_bytes())
    }
}

/// A kind of decision that is a table of the file.
trait Decision: Clone + PartialEq {
    /// Writes its keys over those of a table, removing keys that are its own and not wanted.
    fn write(&self, table: &mut Table);
    /// Whether another one is about the same thing.
    fn is_about_same(&self, other: &Self) -> bool;
}

/// Makes the tables of one kind say `new`, keeping those that said it before.
fn merge<T: Decision>(text: &mut DocumentMut, key: &str, old: &[T], new: &[T]) {
    if old == new {
        return;
    }
    let tables = match text.remove(key) {
        Some(Item::ArrayOfTables(tables)) => tables,
        _ => ArrayOfTables::new(),
    };
    let mut known: Vec<Option<(&T, Table)>> = old.iter().zip(tables.iter().cloned()).map(Some).collect();
    let mut kept = ArrayOfTables::new();
    for decision in new {
        let same = known.iter().position(|one| one.as_ref().is_some_and(|(old, _)| *old == decision));
        let about = || {
            known
                .iter()
                .position(|one| one.as_ref().is_some_and(|(old, _)| old.is_about_same(decision) && !new.contains(old)))
        };
        let table = same.or_else(about).and_then(|at| known[at].take());
        let mut table = table.map_or_else(fresh_table, |(_, table)| table);
        if same.is_none() {
            decision.write(&mut table);
        }
        kept.push(table);
    }
    if !kept.is_empty() {
        text.insert(key, Item::ArrayOfTables(kept));
    }
}

fn fresh_table() -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    table
}

fn set(table: &mut Table, key: &str, new: Option<Value>) {
    match new {
        None => {
            table.remove(key);
        }
        Some(new) => match table.get_mut(key).and_then(Item::as_value_mut) {
            Some(old) => {
                let decor = old.decor().clone();
                *old = new;
                *old.decor_mut() = decor;
            }
            None => {
                table.insert(key, value(new));
            }
        },
    }
}

fn note(table: &mut Table, note: Option<&String>) {
    set(table, "note", note.map(Value::from));
}

/// A path that is UTF-8 stands as it is; any other in hexadecimal digits.
fn path_entry(path: &SourcePath) -> (&'static str, String) {
    match std::str::from_utf8(path.as_bytes()) {
        Ok(text) => ("path", text.to_owned()),
        Err(_) => ("path-hex", path.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()),
    }
}

fn number(document: DocumentId) -> Value {
    Value::from(i64::try_from(document.0).unwrap_or(i64::MAX))
}

impl DocumentRef {
    fn write(&self, table: &mut Table) {
        let (mut document, mut path, mut part) = (None, None, None);
        match self {
            DocumentRef::Document(id) => document = Some(number(*id)),
            DocumentRef::Place { path: at, part: of } => {
                path = Some(path_entry(at));
                part = of.as_ref().map(Value::from);
            }
        }
        set(table, "document", document);
        for key in ["path", "path-hex"] {
            let text = path.as_ref().filter(|(name, _)| *name == key).map(|(_, text)| Value::from(text));
            set(table, key, text);
        }
        set(table, "part", part);
    }
}

impl Decision for DateDecision {
    fn write(&self, table: &mut Table) {
        self.document.write(table);
        let date = self.date.map_or_else(|| UNKNOWN.to_owned(), |date| date.to_string());
        set(table, "date", Some(Value::from(date)));
        set(table, "time", self.time.map(|time| Value::from(time.to_string())));
        note(table, self.note.as_ref());
    }

    fn is_about_same(&self, other: &DateDecision) -> bool {
        self.document == other.document
    }
}

impl Decision for MergeDecision {
    fn write(&self, table: &mut Table) {
        set(table, "keep", Some(Value::from(&self.keep)));
        set(table, "also", Some(self.also.iter().map(String::as_str).collect::<Value>()));
        note(table, self.note.as_ref());
    }

    fn is_about_same(&self, other: &MergeDecision) -> bool {
        self.keep == other.keep
    }
}

impl Decision for SplitDecision {
    fn write(&self, table: &mut Table) {
        set(table, "entity", Some(Value::from(&self.entity)));
        set(table, "into", Some(Value::from(&self.into)));
        set(table, "names", Some(self.names.iter().map(String::as_str).collect::<Value>()));
        note(table, self.note.as_ref());
    }

    fn is_about_same(&self, other: &SplitDecision) -> bool {
        self.entity == other.entity && self.into == other.into
    }
}

impl Decision for RenameDecision {
    fn write(&self, table: &mut Table) {
        set(table, "entity", Some(Value::from(&self.entity)));
        set(table, "name", Some(Value::from(&self.name)));
        note(table, self.note.as_ref());
    }

    fn is_about_same(&self, other: &RenameDecision) -> bool {
        self.entity == other.entity
    }
}

impl Decision for NeverDecision {
    fn write(&self, table: &mut Table) {
        set(table, "one", Some(Value::from(&self.one)));
        set(table, "other", Some(Value::from(&self.other)));
        note(table, self.note.as_ref());
    }

    fn is_about_same(&self, other: &NeverDecision) -> bool {
        self.one == other.one && self.other == other.other
    }
}

/// The word for a date that the user decided nobody knows.
const UNKNOWN: &str = "unknown";

/// The keys of a table, taken one by one; what is left is a mistake.
struct Keys<'a> {
    table: &'a dyn TableLike,
    at: usize,
    kind: &'static str,
    allowed: &'static [&'static str],
}

impl<'a> Keys<'a> {
    fn of(table: &'a dyn TableLike, at: usize, kind: &'static str, allowed: &'static [&'static str]) -> Read<Keys<'a>> {
        for (key, item) in table.iter() {
            if !allowed.contains(&key) {
                let what = format!("`{key}` is no key of `{kind}`; its keys are {}", allowed.join(", "));
                return Err(Mistake { at: item.span().map_or(at, |span| span.start), what });
            }
        }
        Ok(Keys { table, at, kind, allowed })
    }

    fn mistake(&self, key: &str, what: &str) -> Mistake {
        let span = self.table.get(key).and_then(Item::span);
        debug_assert!(self.allowed.contains(&key), "BUG: {key} is asked for and not allowed");
        Mistake { at: span.map_or(self.at, |span| span.start), what: format!("`{key}` of `{}` {what}", self.kind) }
    }

    fn text(&self, key: &str) -> Read<Option<String>> {
        match self.table.get(key) {
            None => Ok(None),
            Some(item) => {
                let text = item.as_str().ok_or_else(|| self.mistake(key, "must be a text in quotes"))?;
                Ok(Some(text.to_owned()))
            }
        }
    }

    fn wanted(&self, key: &str) -> Read<String> {
        let text = self.text(key)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| self.mistake(key, "is missing"))
    }

    fn document(&self) -> Read<DocumentRef> {
        let part = self.text("part")?;
        let hex = self.text("path-hex")?;
        let hex = hex.map(|hex| bytes_of(&hex).ok_or_else(|| self.mistake("path-hex", "must be hexadecimal digits")));
        let path = self.text("path")?.map(|path| Ok(SourcePath::new(path))).or(hex);
        match (self.table.get("document"), path) {
            (Some(document), None) if part.is_none() => {
                let id = document.as_integer().and_then(|id| u64::try_from(id).ok());
                let id = id.filter(|id| *id > 0);
                id.map(|id| DocumentRef::Document(DocumentId(id)))
                    .ok_or_else(|| self.mistake("document", "must be a number from 1"))
            }
            (None, Some(path)) => Ok(DocumentRef::Place { path: path?, part }),
            (None, None) => Err(self.mistake("path", "is missing, or `document` with a number")),
            _ => Err(self.mistake("document", "cannot stand beside `path` or `part`")),
        }
    }
}

fn bytes_of(hex: &str) -> Option<SourcePath> {
    let digits = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(digits).collect();
    bytes.filter(|_| hex.len().is_multiple_of(2)).map(SourcePath::new)
}

/// The tables of a kind, each with where it stands.
fn tables<'a>(root: &'a Table, kind: &'static str) -> Read<Vec<(&'a dyn TableLike, usize)>> {
    let item = match root.get(kind) {
        None => return Ok(Vec::new()),
        Some(item) => item,
    };
    let at = item.span().map_or(0, |span| span.start);
    let wrong = || Mistake { at, what: format!("`{kind}` must be written as `[[{kind}]]`") };
    let tables = item.as_array_of_tables().ok_or_else(wrong)?;
    Ok(tables.iter().map(|table| (table as &dyn TableLike, table.span().map_or(at, |span| span.start))).collect())
}

/// All decisions of a file.
fn decisions(root: &Table) -> Read<Decisions> {
    const KINDS: [&str; 5] = ["date", "merge", "split", "rename", "never"];
    if let Some((key, item)) = root.iter().find(|(key, _)| !KINDS.contains(key)) {
        let at = item.span().map_or(0, |span| span.start);
        return Err(Mistake { at, what: format!("`{key}` is no decision; there are {}", KINDS.join(", ")) });
    }
    let mut found = Decisions::default();
    for (table, at) in tables(root, "date")? {
        found.dates.push(date(table, at)?);
    }
    for (table, at) in tables(root, "merge")? {
        let keys = Keys::of(table, at, "merge", &["keep", "also", "note"])?;
        let also = texts(&keys, "also")?;
        found.merges.push(MergeDecision { keep: keys.wanted("keep")?, also, note: keys.text("note")? });
    }
    for (table, at) in tables(root, "split")? {
        let keys = Keys::of(table, at, "split", &["entity", "into", "names", "note"])?;
        let (entity, into, names) = (keys.wanted("entity")?, keys.wanted("into")?, texts(&keys, "names")?);
        found.splits.push(SplitDecision { entity, into, names, note: keys.text("note")? });
    }
    for (table, at) in tables(root, "rename")? {
        let keys = Keys::of(table, at, "rename", &["entity", "name", "note"])?;
        let (entity, name) = (keys.wanted("entity")?, keys.wanted("name")?);
        found.renames.push(RenameDecision { entity, name, note: keys.text("note")? });
    }
    for (table, at) in tables(root, "never")? {
        let keys = Keys::of(table, at, "never", &["one", "other", "note"])?;
        let (one, other) = (keys.wanted("one")?, keys.wanted("other")?);
        found.never.push(NeverDecision { one, other, note: keys.text("note")? });
    }
    Ok(found)
}

fn date(table: &dyn TableLike, at: usize) -> Read<DateDecision> {
    let allowed = &["document", "path", "path-hex", "part", "date", "time", "note"];
    let keys = Keys::of(table, at, "date", allowed)?;
    // A date that TOML itself knows may stand without quotes.
    let written = match table.get("date") {
        Some(Item::Value(Value::Datetime(written))) => written.value().to_string(),
        _ => keys.wanted("date")?,
    };
    let date = if written == UNKNOWN {
        None
    } else {
        Some(DateInterval::parse(&written).map_err(|error| keys.mistake("date", &format!("is wrong: {error}")))?)
    };
    let time = match table.get("time") {
        Some(Item::Value(Value::Datetime(written))) => Some(written.value().to_string()),
        _ => keys.text("time")?,
    };
    let time = time.map(|time| time.parse::<Time>().map_err(|_| keys.mistake("time", "must be as `14:30:00`")));
    Ok(DateDecision { document: keys.document()?, date, time: time.transpose()?, note: keys.text("note")? })
}

fn texts(keys: &Keys<'_>, key: &str) -> Read<Vec<String>> {
    let wrong = || keys.mistake(key, "must be a list of texts");
    let list = keys.table.get(key).and_then(Item::as_array).ok_or_else(wrong)?;
    list.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        DateDecision, Decisions, DecisionsFile, DocumentRef, MergeDecision, NeverDecision, RenameDecision,
        SplitDecision,
    };
    use dateline_core::{DateInterval, SourcePath};

    const TEXT: &str = r#"# mine

# the printed edition says so
[[date]]
path = "a/grain.txt"   # moved twice
part = "3"
date = 2022-04-05
time = "14:30:00"

[[never]]
one = "per:smith"
other = "per:smyth"

[[date]]
document = 12
date = "unknown"
"#;

    fn place(path: impl Into<Vec<u8>>, part: Option<&str>) -> DocumentRef {
        DocumentRef::Place { path: SourcePath::new(path), part: part.map(str::to_owned) }
    }

    fn all() -> Decisions {
        let note = Some("why".to_owned());
        let text = |text: &str| text.to_owned();
        let date = Some(DateInterval::parse("2022-04-04..2022-04-05").unwrap());
        Decisions {
            dates: vec![
                DateDecision { document: place("a b", Some("x\"y")), date, time: None, note: note.clone() },
                DateDecision { document: place(*b"\xff\x00", None), date: None, time: None, note: None },
            ],
            merges: vec![MergeDecision { keep: text("a"), also: vec![text("b"), text("c")], note: None }],
            splits: vec![SplitDecision {
                entity: text("a"),
                into: text("z"),
                names: vec![text("Senator A"), text("\"A\"")],
                note,
            }],
            renames: vec![RenameDecision { entity: text("a"), name: text("Ä"), note: None }],
            never: vec![NeverDecision { one: text("a"), other: text("b"), note: None }],
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut file = DecisionsFile::default();
        file.replace(all());
        let again = DecisionsFile::parse(&file.to_text()).unwrap();
        assert_eq!(again.decisions(), &all(), "{}", file.to_text());
        assert!(file.to_text().starts_with("# What you decided"), "{}", file.to_text());
    }

    #[test]
    fn a_text_is_not_touched_where_nothing_changes() {
        let mut file = DecisionsFile::parse(TEXT).unwrap();
        assert_eq!(file.to_text(), TEXT);
        file.replace(file.decisions().clone());
        assert_eq!(file.to_text(), TEXT);
    }

    #[test]
    fn comments_stay_when_a_decision_changes_or_another_comes() {
        let mut file = DecisionsFile::parse(TEXT).unwrap();
        let mut decisions = file.decisions().clone();
        decisions.dates[0].date = Some(DateInterval::parse("2022-04").unwrap());
        decisions.dates.push(DateDecision { document: place("new", None), date: None, time: None, note: None });
        file.replace(decisions.clone());
        let text = file.to_text();
        for comment in ["# mine", "# the printed edition says so", "# moved twice"] {
            assert!(text.contains(comment), "{comment} is gone from:\n{text}");
        }
        assert_eq!(DecisionsFile::parse(&text).unwrap().decisions(), &decisions);
    }

    #[test]
    fn mistakes_name_line_and_key() {
        let cases = [
            ("[[date]]\npath = \"a\"\ndate = \"tuesday\"\n", "line 3: `date` of `date` is wrong"),
            ("[[date]]\npath = \"a\"\n", "line 1: `date` of `date` is missing"),
            ("\n[[date]]\ndate = \"2022\"\n", "line 2: `path` of `date` is missing"),
            ("[[date]]\ndocument = 0\ndate = \"2022\"\n", "line 2: `document` of `date` must be"),
            ("[[date]]\npth = \"a\"\n", "line 2: `pth` is no key of `date`"),
            ("[[dates]]\n", "line 1: `dates` is no decision"),
            ("date = 1\n", "line 1: `date` must be written as `[[date]]`"),
            ("[[merge]]\nkeep = \"a\"\nalso = \"b\"\n", "line 3: `also` of `merge` must be a list"),
        ];
        for (text, expected) in cases {
            let found = DecisionsFile::parse(text).unwrap_err();
            assert!(found.starts_with(expected), "{found:?} is not {expected:?}");
        }
    }

    #[test]
    fn the_file_is_replaced_whole() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("decisions.toml");
        assert_eq!(DecisionsFile::load(&path).unwrap().decisions(), &Decisions::default());
        let mut file = DecisionsFile::default();
        file.replace(all());
        file.save(&path).unwrap();
        assert_eq!(DecisionsFile::load(&path).unwrap().decisions(), &all());
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1, "no scratch file is left");
    }

    #[test]
    fn a_link_stays_and_so_does_who_may_read() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let (path, kept) = (home.path().join("decisions.toml"), home.path().join("versioned.toml"));
        std::fs::write(&kept, TEXT).unwrap();
        std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("versioned.toml", &path).unwrap();
        let mut file = DecisionsFile::load(&path).unwrap();
        file.replace(all());
        file.save(&path).unwrap();
        assert!(std::fs::symlink_metadata(&path).unwrap().is_symlink());
        assert_eq!(DecisionsFile::load(&kept).unwrap().decisions(), &all());
        assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
