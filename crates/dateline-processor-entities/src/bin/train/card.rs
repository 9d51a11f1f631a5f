//! The model card: what the model was trained on, under which licences, and what it scores.

use crate::Options;
use crate::stages::Figures;
use std::error::Error;
use std::fmt::Write as _;

const HEAD: &str = include_str!("card-head.md");
const TAIL: &str = include_str!("card-tail.md");

/// Writes `CARD.md` beside the model. Parts left out for an ablation write none.
pub(crate) fn write(
    options: &Options,
    figures: &[Figures],
    packed: usize,
    unpacked: usize,
) -> Result<(), Box<dyn Error>> {
    if !options.without.is_empty() {
        return Ok(());
    }
    let mut card = HEAD.to_owned();
    writeln!(card, "\n## Figures of this file\n\nExact typed spans, tagger alone (no watchlist), percent.\n")?;
    writeln!(card, "| set | PER | ORG | LOC | P | R | F1 |\n| --- | --- | --- | --- | --- | --- | --- |")?;
    for one in figures {
        let [per, org, loc, all] = one.scores;
        writeln!(
            card,
            "| {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | **{:.1}** |",
            one.set.trim_end_matches(".jsonl"),
            per[2],
            org[2],
            loc[2],
            all[0],
            all[1],
            all[2]
        )?;
    }
    writeln!(card, "\n{packed} bytes packed, {unpacked} unpacked.\n")?;
    card.push_str(TAIL);
    std::fs::write(options.out.join("CARD.md"), card)?;
    Ok(())
}
