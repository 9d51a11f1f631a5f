//! Texts indexed alone, without dates and names, in a directory of their own: what evaluations of the index ask.

use dateline_core::{DocumentId, Origin, Revision, Sequence};
use dateline_processor::{Change, IndexError, Indexer, RevisionView};
use dateline_processor_index::{Index, Searching};
use dateline_query::{Article, OutsideError, Texts};
use dateline_testkit::{NoTable, revision};
use std::path::Path;

/// Memory of the index writer, in bytes.
const HEAP_BYTES: usize = 32_000_000;

/// Some texts with their index. Document ids are their numbers, from 1.
pub(crate) struct Corpus {
    /// The texts, in order.
    pub(crate) articles: Vec<Article>,
    /// The index.
    pub(crate) searching: Searching,
}

impl Corpus {
    /// Indexes texts, each with an id and perhaps a title, under `home`.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub(crate) fn index<'t>(
        texts: impl Iterator<Item = (&'t str, Option<&'t str>, &'t str)>,
        home: &Path,
    ) -> Result<Corpus, IndexError> {
        let index = Index::open(home, HEAP_BYTES)?;
        let mut articles = Vec::new();
        for (number, (id, title, text)) in (1..).zip(texts) {
            let view = view(number, id, title, text);
            articles.push(Article {
                path: view.path.clone(),
                part: view.part.clone(),
                title: view.title.clone(),
                text: view.text.clone(),
                marks: Vec::new(),
                origin: Origin::default(),
                content: view.content,
            });
            let document = view.document;
            let change = Change { sequence: Sequence(number), document, opened: Some(view), closed: None };
            index.apply(&[change], &mut NoTable)?;
        }
        index.commit()?;
        Ok(Corpus { articles, searching: index.searching() })
    }
}

impl Texts for Corpus {
    fn article(&self, document: DocumentId, _revision: Revision) -> Result<Option<Article>, OutsideError> {
        let at = usize::try_from(document.0)?.checked_sub(1);
        Ok(at.and_then(|at| self.articles.get(at)).cloned())
    }
}

fn view(number: u64, id: &str, title: Option<&str>, text: &str) -> RevisionView {
    let title = title.filter(|title| !title.is_empty()).map(str::to_owned);
    RevisionView { title, ..revision(number, &format!("{id}.txt"), text) }
}
