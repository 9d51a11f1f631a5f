//! Queries over a real index: what is found, what is said about it, what is shown, and by which clock.

use dateline_core::layers::{Dct, DctLayer, Entity, EntityLayer, EntityType, Mention, Timex, TimexLayer, TimexType};
use dateline_core::{
    DateInterval, DocumentId, Facet, FacetKind, FacetValue, Layer, LayerRecord, Mark, MarkKind, Origin, Precision,
    Revision, Sequence, Span,
};
use dateline_processor::{Change, Indexer, LayerSpec, RevisionView};
use dateline_processor_index::Index;
use dateline_query::{
    Aliases, Article, Context, FacetDeclaration, Hits, KnownEntity, Match, Note, OutsideError, SearchError,
    SearchOptions, Sources, Texts, parse, search,
};
use dateline_testkit::{NoTable, revision};
use std::collections::HashMap;

/// Two entities share a name; one has several spellings.
struct Names;

fn known(id: &str, kind: EntityType, names: &[&str]) -> KnownEntity {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    KnownEntity { id: id.to_owned(), kind, name: names[0].clone(), names }
}

impl Aliases for Names {
    fn named(&self, name: &str) -> Result<Vec<KnownEntity>, OutsideError> {
        let all = [
            known("p-zelenskyy", EntityType::Per, &["Volodymyr Zelenskyy", "Zelenskyy", "Zelensky", "Zelenskiy"]),
            known("us-ga", EntityType::Loc, &["Georgia", "State of Georgia"]),
            known("ge", EntityType::Loc, &["Georgia", "Sakartvelo"]),
            known("un", EntityType::Org, &["United Nations", "UN"]),
        ];
        let has = |entity: &KnownEntity| {
            entity.id == name || entity.names.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        Ok(all.into_iter().filter(has).collect())
    }

    fn like(&self, name: &str) -> Result<Vec<String>, OutsideError> {
        Ok(if name.starts_with("zel") { vec!["Zelenskyy".to_owned()] } else { Vec::new() })
    }
}

#[derive(Default)]
struct World {
    views: Vec<RevisionView>,
    articles: HashMap<(u64, u32), Article>,
}

impl Texts for World {
    fn article(&self, document: DocumentId, revision: Revision) -> Result<Option<Article>, OutsideError> {
        Ok(self.articles.get(&(document.0, revision.0)).cloned())
    }
}

fn record<T: Layer>(layer: T) -> LayerRecord {
    LayerSpec::of::<T>().encode(&layer).expect("encodes")
}

fn interval(text: &str) -> DateInterval {
    DateInterval::parse(text).expect("an interval")
}

fn dated(text: &str) -> LayerRecord {
    let dct = Dct { interval: interval(text), time: None, precision: Precision::Day, confidence: 90 };
    record(DctLayer { dct: Some(dct), ..DctLayer::default() })
}

impl World {
    fn add(&mut self, text: &str, change: impl FnOnce(&mut RevisionView)) {
        let number = self.views.len() as u64 + 1;
        let mut view = revision(number, &format!("news/{number}.txt"), text);
        view.origin = Origin { offset: Some(0), line: 1, by_line: true };
        change(&mut view);
        let article = Article {
            path: view.path.clone(),
            part: view.part.clone(),
            title: view.title.clone(),
            text: view.text.clone(),
            marks: view.marks.clone(),
            origin: view.origin,
            content: view.content,
        };
        self.articles.insert((view.document.0, view.revision.0), article);
        self.views.push(view);
    }

    fn index(&self) -> (tempfile::TempDir, Index) {
        let home = tempfile::tempdir().expect("a directory");
        let index = Index::open(home.path(), 15_000_000).expect("opens");
        for (sequence, view) in (1..).map(Sequence).zip(&self.views) {
            let (opened, closed) = match view.seen_to {
                None => (Some(view.clone()), None),
                Some(_) => (None, Some(view.clone())),
            };
            let change = Change { sequence, document: view.document, opened, closed };
            index.apply(&[change], &mut NoTable).expect("applies");
        }
        index.commit().expect("commits");
        (home, index)
    }

    fn ask_in(&self, index: &Index, query: &str, options: &SearchOptions) -> Result<Hits, SearchError> {
        let facets = [
            FacetDeclaration { name: "tone".to_owned(), kind: FacetKind::Number },
            FacetDeclaration { name: "topic".to_owned(), kind: FacetKind::Keyword },
            FacetDeclaration { name: "count".to_owned(), kind: FacetKind::Integer },
        ];
        let searching = index.searching();
        let context = Context { facets: &facets, aliases: &Names };
        search(&parse(query)?, options, Sources { index: &searching, texts: self, context })
    }

    fn ask(&self, query: &str, options: &SearchOptions) -> Hits {
        let (_home, index) = self.index();
        self.ask_in(&index, query, options).expect("answers")
    }
}

fn options() -> SearchOptions {
    SearchOptions { limit: 10, ..SearchOptions::default() }
}

fn ids(hits: &Hits) -> Vec<u64> {
    hits.hits.iter().map(|hit| hit.document.0).collect()
}

fn small_world() -> World {
    let mut world = World::default();
    let text = " date 2022-04-05 \n(Agency) -- Peace talks resumed in Istanbul. President Zelensky spoke.\n\nThen the talks ended.";
    world.add(text, |view| {
        view.marks = vec![
            Mark { span: Span::new(1, 16), kind: MarkKind::DateHeader },
            Mark { span: Span::new(18, 29), kind: MarkKind::WireMarker },
        ];
        view.layers = vec![dated("2022-04-05")];
        view.facets = vec![Facet { name: "tone".to_owned(), value: FacetValue::Number(0.5) }];
    });
    world.add("Volodymyr Zelenskyy asked for more. No peace is near.", |view| {
        view.title = Some("Ukraine asks".to_owned());
        view.layers = vec![record(EntityLayer {
            mentions: vec![Mention { span: Span::new(0, 20), kind: EntityType::Per, entity: 0 }],
            entities: vec![Entity {
                kind: EntityType::Per,
                name: "Volodymyr Zelenskyy".to_owned(),
                reference: Some("p-zelenskyy".to_owned()),
            }],
        })];
        view.facets = vec![Facet { name: "topic".to_owned(), value: FacetValue::Keyword("War".to_owned()) }];
    });
    world.add("Rain in Georgia. Nothing else happened there in March 2022.", |view| {
        let spoken = interval("2022-03");
        view.layers = vec![
            dated("2022-06"),
            record(TimexLayer(vec![Timex {
                span: Span::new(48, 58),
                kind: TimexType::Date,
                value: "2022-03".to_owned(),
                earliest: Some(spoken.earliest),
                latest: Some(spoken.latest),
                modifier: None,
                quant: None,
                freq: None,
                rule: "test".to_owned(),
                anchor: None,
            }])),
        ];
    });
    world
}

#[test]
fn queries_find_what_they_say() {
    let world = small_world();
    let (_home, index) = world.index();
    for (query, expected) in [
        ("peace talks", vec![1]),
        ("“peace talks”", vec![1]),
        ("\"talks peace\"", vec![]),
        ("\"talks peace\"~0", vec![1]),
        ("peace -talks", vec![2]),
        ("rain OR istanbul", vec![1, 3]),
        ("peace (rain OR asked)", vec![2]),
        ("istan*", vec![1]),
        ("instanbul~", vec![1]),
        ("title:ukraine", vec![2]),
        ("path:news/3", vec![3]),
        ("path:3 ext:txt", vec![3]),
        ("date:2022-04", vec![1]),
        ("date:>=2022-05", vec![3]),
        ("date:2022-01..2022-12", vec![1, 3]),
        ("mentions:2022-03", vec![3]),
        ("entity:zelensky", vec![2]),
        ("person:p-zelenskyy", vec![2]),
        ("org:zelensky", vec![]),
        ("tone:>0.4", vec![1]),
        ("tone:<0.5", vec![]),
        ("topic:war", vec![2]),
        ("-peace", vec![3]),
        ("*", vec![1, 2, 3]),
        ("the", vec![1]),
        ("the rain", vec![3]),
    ] {
        let mut found = ids(&world.ask_in(&index, query, &options()).expect("answers"));
        found.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
    assert_eq!(ids(&world.ask("*", &options())), [3, 1, 2], "without words the newest is first, undated ones last");
}

#[test]
fn other_spellings_are_found_below_the_literal_one_and_said() {
    let world = small_world();
    let hits = world.ask("zelensky", &options());
    assert_eq!(ids(&hits), [1, 2]);
    assert!(hits.hits[0].score > hits.hits[1].score);
    let [Note::Also { name, spellings }] = hits.notes.as_slice() else { panic!("{:?}", hits.notes) };
    assert_eq!((name.as_str(), spellings.len()), ("zelensky", 3));
    assert_eq!(ids(&world.ask("zelensky", &SearchOptions { literal: true, ..options() })), [1]);
    let mut world = small_world();
    let long = ["filler"; 400].join(" ");
    world.add(&format!("Zelensky {long}"), |_| {});
    world.add(&format!("Another Zelensky {long}"), |_| {});
    world.add("Zelenskiy, Zelenskiy and Zelenskiy again.", |_| {});
    let order = ids(&world.ask("zelensky", &options()));
    assert_eq!(order[..3], [1, 4, 5], "rarer spellings, often and in short texts, stay below: {order:?}");
    let hits = world.ask("volodymyr zelenskyy asked", &options());
    assert_eq!(ids(&hits), [2], "a name in plain words");
    let hits = world.ask("place:georgia", &options());
    assert!(matches!(&hits.notes[0], Note::Ambiguous { candidates, .. } if candidates.len() == 2));
    let hits = world.ask("entity:zelinsky", &options());
    assert!(matches!(&hits.notes[0], Note::UnknownName { like, .. } if like == &["Zelenskyy"]), "{:?}", hits.notes);
}

#[test]
fn without_a_full_match_the_best_partial_ones_are_shown_and_said_to_be_that() {
    let world = small_world();
    let hits = world.ask("peace talks georgia", &options());
    assert_eq!(ids(&hits)[0], 1);
    assert_eq!((hits.total, &hits.notes[0]), (3, &Note::Partial));
    let hits = world.ask("peace georgia date:2022-04", &options());
    assert_eq!(ids(&hits), [1], "filters hold");
    let hits = world.ask("peace georgia", &SearchOptions { matching: Match::Any, ..options() });
    assert_eq!((hits.total, hits.notes.len()), (3, 0));
    assert!(world.ask("nowhere", &options()).hits.is_empty());
}

#[test]
fn hits_can_be_cited() {
    let world = small_world();
    let hits = world.ask("talks ended", &options());
    let hit = &hits.hits[0];
    assert_eq!(hit.title, "Peace talks resumed in Istanbul.");
    assert!(!hit.snippet.contains("date") && !hit.snippet.contains("Agency"), "{}", hit.snippet);
    let found: Vec<&str> = hit.matches.iter().map(|range| &hit.snippet[range.clone()]).collect();
    assert!(found.contains(&"ended") && found.contains(&"talks"), "{found:?}");
    assert_eq!((hit.path.as_str(), hit.line), ("news/1.txt", 2));
    let (start, end) = hit.file_span.expect("stands in the file");
    let text = &world.views[0].text;
    let cited = &text[usize::try_from(start).expect("fits")..usize::try_from(end).expect("fits")];
    assert_eq!(cited.split_whitespace().collect::<Vec<_>>().join(" "), hit.snippet);
    assert_eq!(hit.dct, Some(interval("2022-04-05")));
}

#[test]
fn fields_and_values_that_make_no_sense_are_pointed_at() {
    let world = small_world();
    let (_home, index) = world.index();
    for (query, hint, pointed) in [
        ("peace persn:x", "`person:`", "peace persn:x\n      ^^^^^"),
        ("topc:war", "`topic:`", "topc:war\n^^^^"),
        ("count:many", "", "count:many\n      ^^^^"),
    ] {
        let Err(SearchError::Query(error)) = world.ask_in(&index, query, &options()) else { panic!("{query}") };
        assert!(error.hint.as_deref().unwrap_or("").contains(hint), "{error:?}");
        assert_eq!(error.pointed(query), pointed);
    }
}

#[test]
fn feedback_finds_kin_and_says_so() {
    let mut world = World::default();
    for text in [
        "The harbour strike stopped cranes. Dockers walked out; cranes stood still.",
        "A harbour strike: dockers and cranes idle. Dockers want more.",
        "Dockers idle again while cranes rust.",
        "Gardens bloom in spring. Gardens and flowers.",
        "Snow fell on the hills.",
        "The choir sang.",
        "A train was late.",
        "Bread costs more.",
        "The museum opened.",
    ] {
        world.add(text, |_| {});
    }
    let options = SearchOptions { matching: Match::Any, expand: true, ..options() };
    let hits = world.ask("harbour strike walked", &options);
    assert!(hits.notes.iter().any(|note| matches!(note, Note::Expanded { words } if !words.is_empty())), "{hits:?}");
    assert!(ids(&hits).contains(&3) && !ids(&hits).contains(&4), "{hits:?}");
}
