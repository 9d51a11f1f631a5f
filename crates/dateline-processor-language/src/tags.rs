//! From the detector's names of languages to the tags that sources declare.

use whatlang::Lang;

/// The shortest BCP 47 tag of a language (RFC 5646, 2.2.1), as sources declare it; `None` for those left out because they
/// are taken for others too often: a text that looks like one of them is rather a list of names.
pub(crate) fn tag(language: Lang) -> Option<&'static str> {
    Some(match language {
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Kor => "ko",
        Lang::Nob => "nb",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Pan => "pa",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Hye => "hy",
        _ => return None,
    })
}

/// Whether a declared value is a language tag at all: a language of two or three letters, and not one that says that
/// nothing is known (`und`), or that it is none or many (`zxx`, `mul`, `mis`).
pub(crate) fn is_tag(declared: &str) -> bool {
    let primary = declared.split(['-', '_']).next().unwrap_or_default();
    let is_known = !["und", "zxx", "mul", "mis"].iter().any(|unknown| primary.eq_ignore_ascii_case(unknown));
    (2..=3).contains(&primary.len()) && primary.bytes().all(|letter| letter.is_ascii_alphabetic()) && is_known
}

#[cfg(test)]
mod tests {
    use super::{is_tag, tag};
    use whatlang::Lang;

    #[test]
    fn languages_have_tags_that_are_tags_each_its_own() {
        let tags: Vec<&str> = Lang::all().iter().filter_map(|language| tag(*language)).collect();
        assert!(tags.iter().all(|tag| is_tag(tag)));
        let different: std::collections::BTreeSet<_> = tags.iter().collect();
        assert_eq!(different.len(), tags.len());
    }

    #[test]
    fn what_is_no_language_is_not_declared() {
        for good in ["en", "EN-us", "pt_BR", "zh-Hans-CN", "fil"] {
            assert!(is_tag(good), "{good}");
        }
        for bad in ["", "und", "zxx", "x-default", "english", "{{lang}}", "1"] {
            assert!(!is_tag(bad), "{bad}");
        }
    }
}
