//! Indexers' tables against a map: what was put is read back whatever the pages did meanwhile. Not what indexers do with
//! them.

#![allow(clippy::unwrap_used)]

mod common;

use common::Home;
use dateline_core::Sequence;
use proptest::prelude::*;
use std::collections::BTreeMap;

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Clone, Debug)]
enum Step {
    /// Many keys at once, which is what cuts pages: first number, how many, bytes of each value, whether they compress.
    Put(u16, u16, usize, bool),
    Delete(u16, u16),
    Commit,
    Abandon,
    Clear,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_u16..900, 1_u16..120, prop_oneof![Just(0), 1_usize..300, 900_usize..1_200, Just(9_000)], any::<bool>())
            .prop_map(|(from, count, bytes, plain)| Step::Put(from, if bytes > 2_000 { 3 } else { count }, bytes, plain)),
        3 => (0_u16..900, 1_u16..500).prop_map(|(from, count)| Step::Delete(from, count)),
        4 => Just(Step::Commit),
        1 => Just(Step::Abandon),
        1 => Just(Step::Clear),
        1 => Just(Step::Reopen),
    ]
}

/// Keys of several lengths, some the start of others; the empty one is among them.
fn key(number: u16) -> Vec<u8> {
    let text = format!("{:03}", number % 1_000);
    match number {
        0 => Vec::new(),
        one if one % 5 == 0 => text.into_bytes()[..2].to_vec(),
        one if one % 7 == 0 => [text.as_bytes(), b"/with a longer tail \xff"].concat(),
        _ => text.into_bytes(),
    }
}

fn value(number: u16, bytes: usize, plain: bool) -> Vec<u8> {
    let mut state = u64::from(number) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if plain { b'x' } else { (state >> 56) as u8 }
    };
    (0..bytes).map(|_| next()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_table_is_a_map(steps in prop::collection::vec(step(), 1..24)) {
        let home = Home::new();
        let (mut store, mut committer) = home.open();
        let mut table = store.indexer_table("registry").unwrap();
        let (mut durable, mut shown) = (Map::new(), Map::new());
        for step in steps {
            match step {
                Step::Put(from, count, bytes, plain) => for number in from..from + count {
                    table.put(&key(number), &value(number, bytes, plain)).unwrap();
                    shown.insert(key(number), value(number, bytes, plain));
                },
                Step::Delete(from, count) => for number in from..from + count {
                    table.delete(&key(number)).unwrap();
                    shown.remove(&key(number));
                },
                Step::Commit => {
                    committer.commit_table(&mut table, Sequence(1)).unwrap();
                    durable = shown.clone();
                }
                Step::Abandon => {
                    table.abandon();
                    shown = durable.clone();
                }
                Step::Clear => {
                    table.clear();
                    shown.clear();
                }
                Step::Reopen => {
                    drop((table, committer, store));
                    (store, committer) = home.open();
                    table = store.indexer_table("registry").unwrap();
                    shown = durable.clone();
                }
            }
            for prefix in [b"".as_slice(), b"1", b"35", b"350", b"9999"] {
                let mut seen = Vec::new();
                table.scan(prefix, &mut |key, value| { seen.push((key.to_vec(), value.to_vec())); true }).unwrap();
                let expected: Vec<_> = shown.iter().filter(|(key, _)| key.starts_with(prefix)).collect();
                prop_assert!(seen.iter().map(|(key, value)| (key, value)).eq(expected), "under {:?}", prefix);
            }
            for number in (0..1_000).step_by(13) {
                prop_assert_eq!(table.get(&key(number)).unwrap(), shown.get(&key(number)).cloned());
            }
        }
        prop_assert_eq!(store.scrub_all().unwrap(), []);
        drop(table);
        drop(committer);
    }
}
