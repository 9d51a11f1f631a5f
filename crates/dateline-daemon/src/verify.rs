//! Looking after a state without a daemon: `verify`, `rebuild`, `restore`, `accept-root`.

use crate::decisions::{About, hints_for};
use crate::engine::Mode;
use crate::errors::Fatal;
use crate::program::Program;
use crate::setup;
use dateline_core::{ContentHash, SourceInfo, SourcePath, Timestamp};
use dateline_pipeline::{Previous, RunOptions, error_chain};
use dateline_processor_index::{Node, Plan};
use dateline_store::{DocumentEntry, Operation, RootIdentity, ScrubState, StateDir, StatePart, Store};
use dateline_watch::{ReadLimits, Root};
use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// Records read in one step of the scrub.
const SCRUB_RECORDS: usize = 10_000;
/// Operations in one commit.
const OPERATIONS_AT_ONCE: usize = 500;
/// Findings printed in full.
const FINDINGS_MAX: usize = 1_000;

/// The state is not what the folder gives.
#[derive(Debug, thiserror::Error)]
#[error("{count} {} between what is stored and what the folder gives", if *count == 1 { "difference" } else { "differences" })]
struct Differs {
    count: usize,
}

/// Recomputes the current state from the folder, source by source, and compares it with what is stored and indexed.
///
/// # Errors
/// When something differs, or cannot be read.
pub(crate) fn verify(program: Arc<Program>) -> Result<(), Fatal> {
    let opened = setup::open(&program)?;
    setup::catch_up(&opened)?;
    let mut findings = Findings::default();
    let mut scrub = opened.store.scrub();
    loop {
        if let ScrubState::Finished { findings: found, .. } = scrub.step(SCRUB_RECORDS)? {
            found.iter().for_each(|finding| findings.add(format!("{}: {}", finding.part, finding.what)));
            break;
        }
    }
    let checker = Checker::new(&program, &opened)?;
    let seen = checker.check_folder(&mut findings)?;
    checker.check_catalog(&seen, &mut findings)?;
    checker.check_index(&mut findings)?;
    let stats = opened.store.stats()?;
    println!("{} documents of {} files compared, sequence {}", stats.documents, stats.sources, stats.sequence);
    if findings.count == 0 {
        println!("everything is as the folder gives it");
        return Ok(());
    }
    Err(Fatal::hinted(
        Differs { count: findings.count },
        "`datelined once` takes in what changed; `datelined rebuild` repairs damage",
    ))
}

#[derive(Default)]
struct Findings {
    count: usize,
}

impl Findings {
    fn add(&mut self, text: String) {
        self.count += 1;
        if self.count <= FINDINGS_MAX {
            println!("{}", dateline_core::terminal::escape_line(&text));
        }
    }
}

struct Checker<'a> {
    program: &'a Program,
    store: &'a Store,
    index: &'a dateline_processor_index::Searching,
    root: Root,
    chain: dateline_pipeline::Chain,
    decisions: dateline_store::Decisions,
}

impl<'a> Checker<'a> {
    fn new(program: &'a Program, opened: &'a setup::Opened) -> Result<Checker<'a>, Fatal> {
        let root = Root::open_with(&program.watch_options()).map_err(std::io::Error::other)?;
        let chain = crate::attempt::chain_of(program)?;
        let decisions = program.decisions.all()?;
        Ok(Checker { program, store: &opened.store, index: &opened.index, root, chain, decisions })
    }

    /// Recomputes every file of the folder; gives the paths seen.
    fn check_folder(&self, findings: &mut Findings) -> Result<HashSet<SourcePath>, Fatal> {
        let report = setup::scan(self.program)?;
        let mut seen = HashSet::new();
        for (path, identity) in &report.entries {
            seen.insert(path.clone());
            let limits = ReadLimits { file_bytes_max: self.program.file_bytes_max() };
            let Ok(file) = self.root.read(path, limits) else {
                if self.store.failure(path)?.is_none() {
                    findings.add(format!("`{path}` cannot be read, and no failure is listed"));
                }
                continue;
            };
            self.check_source(path, &file.bytes, identity.mtime_ns, findings)?;
        }
        Ok(seen)
    }

    fn check_source(
        &self,
        path: &SourcePath,
        bytes: &[u8],
        mtime_ns: i64,
        findings: &mut Findings,
    ) -> Result<(), Fatal> {
        let known = self.store.source(path)?.filter(|entry| !entry.removed);
        if known.as_ref().is_some_and(|entry| entry.content != ContentHash::of(bytes)) {
            findings.add(format!("`{path}` has changed since it was read"));
            return Ok(());
        }
        // By number: a file may hold very many.
        let mut problems = Vec::new();
        let mut stored: BTreeMap<u32, DocumentEntry> = BTreeMap::new();
        for entry in self.store.documents_of(path)? {
            if let Some(other) = stored.insert(entry.number, entry) {
                problems.push(format!("`{path}` part {} is stored twice", other.number));
            }
        }
        let mtime = Timestamp::from_nanosecond(mtime_ns.into()).ok();
        let parsed = dateline_parser::parse(path, bytes, &self.program.parser, &mut |parsed| {
            match stored.remove(&parsed.number) {
                None => problems.push(format!("`{path}` part {} is not stored", parsed.number)),
                Some(entry) => problems.extend(self.compare(&entry, parsed, mtime)),
            }
            ControlFlow::Continue(())
        });
        problems.extend(
            stored.values().map(|entry| format!("`{path}` part {} is stored, but not in the file", entry.part)),
        );
        if parsed.is_err() && self.store.failure(path)?.is_none() {
            problems.push(format!("`{path}` cannot be parsed, and no failure is listed"));
        }
        problems.into_iter().for_each(|problem| findings.add(problem));
        Ok(())
    }

    /// What differs between a stored document and the one just parsed.
    fn compare(
        &self,
        entry: &DocumentEntry,
        parsed: dateline_parser::ParsedDocument,
        mtime: Option<Timestamp>,
    ) -> Vec<String> {
        let name = format!("`{}` part {}", entry.path, entry.part);
        let data = match self.store.revision_data(entry.document, entry.current.revision) {
            Ok(Some(data)) => data,
            Ok(None) => return vec![format!("{name}: its content is missing")],
            Err(error) => return vec![format!("{name}: {}", error_chain(&error))],
        };
        if data.content != parsed.document {
            return vec![format!("{name}: its text or metadata is not what the file gives")];
        }
        let hints = hints_for(&self.decisions, &About::entry(entry));
        let source = SourceInfo { path: entry.path.display(), mtime };
        let input = dateline_core::DocumentInput { document: parsed.document, source, hints };
        let expected = self.chain.run(&input, &Previous::default(), &RunOptions::default());
        let mut problems = Vec::new();
        for layer in &expected.layers {
            match data.annotations.layers.iter().find(|stored| stored.name == layer.name) {
                None => problems.push(format!("{name}: layer `{}` is missing", layer.name)),
                Some(stored) if stored.hash != layer.hash || stored.bytes != layer.bytes => {
                    problems.push(format!("{name}: layer `{}` is not what the chain gives", layer.name));
                }
                Some(_) => {}
            }
        }
        let extra = data
            .annotations
            .layers
            .iter()
            .filter(|stored| !expected.layers.iter().any(|layer| layer.name == stored.name));
        problems.extend(extra.map(|stored| format!("{name}: layer `{}` should not be there", stored.name)));
        if data.annotations.facets != expected.facets {
            problems.push(format!("{name}: its facets are not what the chain gives"));
        }
        problems
    }

    /// What is stored of files that are not in the folder.
    fn check_catalog(&self, seen: &HashSet<SourcePath>, findings: &mut Findings) -> Result<(), Fatal> {
        for entry in self.store.sources() {
            let path = entry?.path;
            if !seen.contains(&path) {
                findings.add(format!("`{path}` is stored, but not in the folder"));
            }
        }
        Ok(())
    }

    /// Every current document is found in the index in its current revision, and nothing else is.
    fn check_index(&self, findings: &mut Findings) -> Result<(), Fatal> {
        let mut open: u64 = 0;
        for entry in self.store.documents() {
            let entry = entry?;
            if !entry.open {
                continue;
            }
            open += 1;
            let found = self.index.search(&Plan::new(Node::Document(entry.document), 2))?;
            let revisions: Vec<_> = found.hits.iter().map(|hit| hit.revision).collect();
            if revisions != [entry.current.revision] {
                findings.add(format!("`{}` part {}: the index is not up to date", entry.path, entry.part));
            }
        }
        let indexed = self.index.search(&Plan::new(Node::Everything, 1))?.total as u64;
        if indexed != open {
            findings.add(format!("the index holds {indexed} current documents, the store {open}"));
        }
        Ok(())
    }
}

/// Moves the store and the index aside and makes them anew.
///
/// # Errors
/// When history or folder cannot be read.
pub(crate) fn rebuild(program: Arc<Program>) -> Result<(), Fatal> {
    let directory = StateDir::new(&program.state);
    {
        let lock = directory.lock()?;
        // First the index: see `repair`.
        if let Some(aside) = crate::repair::move_index_aside(&directory)? {
            println!("moved the index to `{}`", aside.display());
        }
        let report = dateline_store::rebuild(&lock, &dateline_store::StoreOptions::default(), StatePart::Store)?;
        if let Some(moved) = &report.moved_to {
            println!("moved the store to `{}`", moved.display());
        }
        println!("{} documents, {} revisions from the history", report.documents, report.revisions);
        report.lost.iter().for_each(|lost| println!("lost: {}", dateline_core::terminal::escape_line(lost)));
    }
    let opened = setup::open(&program)?;
    run_once(&program, opened)
}

fn run_once(program: &Arc<Program>, opened: setup::Opened) -> Result<(), Fatal> {
    let report = setup::scan(program)?;
    let store = opened.store.clone();
    let mut running = setup::start(Arc::clone(program), opened, Mode::Once)?;
    running.engine.begin_with(&report)?;
    running.run()?;
    let stats = store.stats()?;
    println!("{} documents from {} files, {} failures", stats.documents, stats.sources, stats.failures);
    Ok(())
}

/// Makes a state from a backup, then takes in what the folder has.
///
/// # Errors
/// When there is a state already, or the backup is damaged.
pub(crate) fn restore(program: Arc<Program>, file: &Path) -> Result<(), Fatal> {
    let directory = StateDir::new(&program.state);
    let source = std::fs::File::open(file)
        .map_err(|error| std::io::Error::new(error.kind(), format!("`{}` cannot be read: {error}", file.display())))?;
    {
        let lock = directory.lock()?;
        let mut reader = std::io::BufReader::new(source);
        let report = dateline_store::restore(&lock, &dateline_store::StoreOptions::default(), &mut reader)?;
        println!("{} documents, {} revisions restored", report.documents, report.revisions);
    }
    let opened = setup::open(&program)?;
    setup::catch_up(&opened)?;
    println!("`datelined once` or `datelined` takes in what the folder has");
    Ok(())
}

/// Takes the folder as it is: records it as the root, and closes the documents of files that are not there.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn accept_root(program: Arc<Program>) -> Result<(), Fatal> {
    let report = setup::scan(&program)?;
    let opened = setup::open(&program)?;
    let root = RootIdentity {
        path: program.root.as_os_str().as_bytes().to_vec(),
        device: report.root.device,
        inode: report.root.inode,
    };
    let mut operations = vec![Operation::SetRoot(root), Operation::SetHeldDeletes(None)];
    for entry in opened.store.sources() {
        let path = entry?.path;
        if report.identity(&path).is_none() && report.covers(&path) {
            operations.push(Operation::Remove { path });
        }
    }
    let removed = operations.len() - 2;
    let mut committer = opened.store.committer()?;
    for slice in operations.chunks(OPERATIONS_AT_ONCE) {
        committer.commit(slice.to_vec())?;
    }
    println!("`{}` is the folder of this state; {removed} missing files were let go", program.root.display());
    Ok(())
}
