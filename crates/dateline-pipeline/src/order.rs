//! The order of annotators, computed from what they read and write. Knows descriptors only.

use crate::ChainError;
use dateline_processor::{Descriptor, QUERY_FIELDS};
use std::collections::BTreeMap;

/// For each processor, the processors that must run before it.
type Edges = Vec<Vec<usize>>;

/// Checks the declarations against each other and gives the running order as positions.
///
/// Where the layers leave a choice, the order of registration decides, so that one program always runs one order.
pub(crate) fn order(descriptors: &[&Descriptor]) -> Result<Vec<usize>, ChainError> {
    check_names(descriptors)?;
    check_facets(descriptors)?;
    let writers = writers(descriptors)?;
    let before = edges(descriptors, &writers)?;
    sort(&before).map_err(|circle| ChainError::Cycle {
        processors: circle.into_iter().map(|at| descriptors[at].name().to_owned()).collect(),
    })
}

fn check_names(descriptors: &[&Descriptor]) -> Result<(), ChainError> {
    for (at, descriptor) in descriptors.iter().enumerate() {
        if descriptors[..at].iter().any(|earlier| earlier.name() == descriptor.name()) {
            return Err(ChainError::SameName(descriptor.name().to_owned()));
        }
    }
    Ok(())
}

fn check_facets(descriptors: &[&Descriptor]) -> Result<(), ChainError> {
    let mut emitters = BTreeMap::new();
    for descriptor in descriptors {
        for facet in descriptor.facets() {
            check_facet_name(descriptor, &facet.name)?;
            if let Some(one) = emitters.insert(facet.name.as_str(), descriptor.name()) {
                return Err(ChainError::TwoEmitters {
                    facet: facet.name.clone(),
                    one: one.to_owned(),
                    other: descriptor.name().to_owned(),
                });
            }
        }
    }
    Ok(())
}

fn check_facet_name(descriptor: &Descriptor, facet: &str) -> Result<(), ChainError> {
    let (facet, processor) = (facet.to_owned(), descriptor.name().to_owned());
    if QUERY_FIELDS.contains(&facet.as_str()) {
        return Err(ChainError::ReservedFacet { facet, processor });
    }
    let good = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if facet.is_empty() || !facet.chars().all(good) {
        return Err(ChainError::FacetName { facet, processor });
    }
    Ok(())
}

/// Who writes which layer.
pub(crate) fn writers<'a>(descriptors: &[&'a Descriptor]) -> Result<BTreeMap<&'a str, usize>, ChainError> {
    let mut writers: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, descriptor) in descriptors.iter().enumerate() {
        for layer in descriptor.assigned() {
            if let Some(one) = writers.insert(layer.name(), at) {
                return Err(ChainError::TwoWriters {
                    layer: layer.name().to_owned(),
                    one: descriptors[one].name().to_owned(),
                    other: descriptor.name().to_owned(),
                });
            }
        }
    }
    Ok(writers)
}

fn edges(descriptors: &[&Descriptor], writers: &BTreeMap<&str, usize>) -> Result<Edges, ChainError> {
    let mut before = vec![Vec::new(); descriptors.len()];
    for (reader, descriptor) in descriptors.iter().enumerate() {
        for wanted in descriptor.required() {
            let layer = wanted.spec.name();
            let Some(&writer) = writers.get(layer) else {
                if wanted.optional {
                    continue;
                }
                return Err(ChainError::NoWriter { processor: descriptor.name().to_owned(), layer: layer.to_owned() });
            };
            check_schema(descriptors[writer], descriptor, layer, wanted.spec.schema())?;
            before[reader].push(writer);
        }
    }
    Ok(before)
}

fn check_schema(writer: &Descriptor, reader: &Descriptor, layer: &str, wanted: u32) -> Result<(), ChainError> {
    let written = writer.assigned().iter().find(|spec| spec.name() == layer).map_or(wanted, |spec| spec.schema());
    if written == wanted {
        return Ok(());
    }
    Err(ChainError::SchemaMismatch {
        layer: layer.to_owned(),
        reader: reader.name().to_owned(),
        writer: writer.name().to_owned(),
        wanted,
        written,
    })
}

/// Repeatedly takes the first processor whose writers have all run; what is left over holds a circle.
fn sort(before: &Edges) -> Result<Vec<usize>, Vec<usize>> {
    let mut done = vec![false; before.len()];
    let mut order = Vec::with_capacity(before.len());
    while order.len() < before.len() {
        let ready = (0..before.len()).find(|&at| !done[at] && before[at].iter().all(|&writer| done[writer]));
        let Some(at) = ready else { return Err(find_circle(before, &done)) };
        done[at] = true;
        order.push(at);
    }
    Ok(order)
}

/// Walks from reader to waiting writer until a processor comes again.
fn find_circle(before: &Edges, done: &[bool]) -> Vec<usize> {
    let mut path: Vec<usize> = Vec::new();
    let mut at = done.iter().position(|done| !done).unwrap_or(0);
    loop {
        if let Some(start) = path.iter().position(|&seen| seen == at) {
            return path.split_off(start);
        }
        path.push(at);
        match before[at].iter().find(|&&writer| !done[writer]) {
            Some(&writer) => at = writer,
            None => return path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::order;
    use crate::ChainError;
    use dateline_processor::core::FacetKind;
    use dateline_processor::{Descriptor, LayerSpec};

    fn layer(name: &str) -> LayerSpec {
        LayerSpec::json(name, 1)
    }

    fn processor(name: &str, reads: &[&str], writes: &[&str]) -> Descriptor {
        let mut descriptor = Descriptor::new(name, 1, "");
        for read in reads {
            let (optional, read) = read.strip_prefix('?').map_or((false, *read), |rest| (true, rest));
            descriptor = descriptor.requires_layer(layer(read), optional);
        }
        writes.iter().fold(descriptor, |descriptor, write| descriptor.assigns_layer(layer(write)))
    }

    fn names(processors: &[Descriptor]) -> Result<Vec<String>, ChainError> {
        let descriptors: Vec<&Descriptor> = processors.iter().collect();
        Ok(order(&descriptors)?.into_iter().map(|at| processors[at].name().to_owned()).collect())
    }

    #[test]
    fn readers_follow_writers_and_registration_decides_the_rest() {
        let chain = [
            processor("entities", &["watch", "?tone"], &["entity"]),
            processor("dating", &[], &["dct"]),
            processor("watch", &[], &["watch"]),
            processor("tone", &["dct"], &["tone"]),
        ];
        assert_eq!(names(&chain).expect("orders"), ["dating", "watch", "tone", "entities"]);
        let without = [processor("entities", &["?tone"], &["entity"])];
        assert_eq!(names(&without).expect("optional layers may be missing"), ["entities"]);
    }

    #[test]
    fn mistakes_name_the_processors() {
        let message = |processors: &[Descriptor]| names(processors).expect_err("refused").to_string();
        assert_eq!(
            message(&[processor("a", &[], &["x"]), processor("b", &[], &["x"])]),
            "layer `x` is written by both `a` and `b`"
        );
        assert_eq!(message(&[processor("a", &["x"], &[])]), "processor `a` needs layer `x`, which no processor writes");
        assert_eq!(
            message(&[
                processor("free", &[], &["f"]),
                processor("a", &["z", "f"], &["x"]),
                processor("b", &["x"], &["y"]),
                processor("c", &["y"], &["z"]),
            ]),
            "processors need each other's layers in a circle: `a` -> `c` -> `b` -> `a`"
        );
        assert_eq!(
            message(&[processor("a", &["x"], &["x"])]),
            "processors need each other's layers in a circle: `a` -> `a`"
        );
        assert_eq!(
            message(&[processor("a", &["?y"], &["x"]), processor("b", &["?x"], &["y"])]),
            "processors need each other's layers in a circle: `a` -> `b` -> `a`"
        );
        assert_eq!(message(&[processor("a", &[], &[]), processor("a", &[], &[])]), "two processors are called `a`");
        let emits = |name: &str| processor(name, &[], &[]).facet("tone", FacetKind::Integer, "");
        assert_eq!(message(&[emits("a"), emits("b")]), "facet `tone` is emitted by both `a` and `b`");
        assert_eq!(
            message(&[processor("a", &[], &[]).facet("date", FacetKind::Date, "")]),
            "facet `date` of processor `a` has the name of a query field; call it something else"
        );
        assert_eq!(
            message(&[processor("a", &[], &[]).facet("Tone of it", FacetKind::Integer, "")]),
            "facet `Tone of it` of processor `a` has more than lower-case letters, digits and `-`"
        );
        let newer = Descriptor::new("b", 1, "").requires_layer(LayerSpec::json("x", 2), false);
        assert_eq!(
            message(&[processor("a", &[], &["x"]), newer]),
            "processor `b` reads schema 2 of layer `x`, but `a` writes schema 1"
        );
    }
}
