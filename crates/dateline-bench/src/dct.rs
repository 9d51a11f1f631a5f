//! Document dates of web pages against gold: on how many pages the day is right. Reads no page itself.

use crate::entities::EvaluationError;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Deserialize)]
struct Line {
    file: String,
    date: Option<String>,
    #[serde(default)]
    lang: String,
}

/// Pages and right days, for all languages together and for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DctReport {
    /// Pages and right days by language.
    pub languages: BTreeMap<String, (u32, u32)>,
}

impl DctReport {
    /// How many pages were asked about.
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.languages.values().map(|one| one.0).sum()
    }

    /// Share of right days over all pages, in percent.
    #[must_use]
    pub fn right(&self) -> f64 {
        share(self.languages.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1)))
    }

    /// Share of right days of one language, in percent.
    #[must_use]
    pub fn right_in(&self, language: &str) -> f64 {
        share(self.languages.get(language).copied().unwrap_or_default())
    }
}

fn share((pages, right): (u32, u32)) -> f64 {
    if pages == 0 { 0.0 } else { 100.0 * f64::from(right) / f64::from(pages) }
}

impl fmt::Display for DctReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "right day {:.1} %", self.right())?;
        self.languages
            .iter()
            .try_for_each(|(language, one)| write!(f, "  {language} {}/{} {:.1} %", one.1, one.0, share(*one)))
    }
}

/// Asks `day_of` for the day of each page of the gold (`file`, `date`, `lang`); a page without a date is right when
/// none is found.
///
/// # Errors
/// [`EvaluationError`] when a line of the gold is no record.
pub fn evaluate(gold: &str, day_of: &mut dyn FnMut(&str) -> Option<String>) -> Result<DctReport, EvaluationError> {
    let mut report = DctReport::default();
    for (at, text) in gold.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        // The gold was written by a program that says `NaN` where JSON says `null`.
        let line: Line = serde_json::from_str(&text.replace(": NaN", ": null"))
            .map_err(|source| EvaluationError::BadLine { side: "gold", line: at + 1, source })?;
        let count = report.languages.entry(line.lang).or_default();
        count.0 += 1;
        count.1 += u32::from(day_of(&line.file) == line.date);
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::evaluate;

    #[test]
    fn a_page_without_a_date_is_right_when_none_is_found() {
        let gold =
            "{\"file\":\"a\",\"date\":\"2022-04-05\",\"lang\":\"en\"}\n{\"file\":\"b\",\"date\": NaN,\"lang\":\"en\"}";
        let report = evaluate(gold, &mut |file| (file == "a").then(|| "2022-04-05".to_owned())).expect("reads");
        assert!((report.right() - 100.0).abs() < 1e-9);
        let report = evaluate(gold, &mut |_| Some("2022-04-06".to_owned())).expect("reads");
        assert!(report.right() < 1e-9);
    }
}
