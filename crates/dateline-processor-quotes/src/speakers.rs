//! Words for who can say something: people by what they do or are to others, groups and offices, and what they put into
//! writing. Data and endings; knows no grammar.

use std::collections::HashSet;
use std::sync::LazyLock;

/// People, groups, offices and writings whose ending does not tell.
const NOUNS: &str = "accountant ad administration agency agent aide alliance ally ambassador analysis article \
    assistant association attendant attorney audience authority baby bank bishop blog board book boss boy branch \
    brother bureau cabinet campaign candidate caption captain celebrity chair charity chief child church citizen city \
    claimant client clinic coach coalition colleague column comment commission committee community company complaint \
    congress consortium constable consultant convict cop copy corporation correspondent council counsel couple court \
    cousin critic crowd dad daughter defendant delegate delegation department deputy descendant detainee diplomat \
    dissident division doc document draft duke editorial email enthusiast entrepreneur envoy everybody everyone \
    executive expat expert faction family fan father federation figure filing firm force foundation friend general \
    girl government grandfather grandmother graduate group guard guest guide guru guy head headline heir hero heroine \
    host hostess hospital household husband immigrant indictment industry informant infant inhabitant institute \
    institution intellectual journal judge junta jury justice king lady lawsuit lead letter lieutenant magazine majesty \
    majority male management mate media medic member memo memoir merchant message migrant militant militia minority \
    ministry model monarch monk mom mother movement mum nation native navy neighborhood neighbour neighbor network \
    newspaper nobody none notice nun nurse office official onlooker operative opponent opposition organisation \
    organization orphan outlet page pair panel paper parent parish parliament participant partnership party patient \
    patriot pediatrician peer people person petition picket pilot poet police poll pope post premier president press \
    pressure priest prime prince princess principal private professional professor proponent prosecution publication \
    publicist queen rabbi readout rebel recruit referee regime regiment relative release report representative \
    resident respondent response retiree ruling saint secretary self-employed senate sergeant servant service sheriff \
    sibling sign sister site sleuth soldier somebody someone son source spokesperson spouse squad staff state statement \
    station story student study suit superintendent supreme survey suspect syndicate tabloid team teen tenant text \
    thug town transcript treasury tribe trio troop tweet tycoon uncle aunt undersecretary union unit university \
    victim video village warrant watchdog website whiz wife witness worshipper wing youth yard actress mogul \
    conservative liberal republican democrat progressive independent half public version house school \
    newsletter communique account voice-over voice clip photo opinion footnote non-profit profit";

/// Endings of words for people by what they do.
const ENDINGS: &[&str] =
    &["er", "or", "ist", "yst", "ian", "man", "men", "woman", "women", "folk", "crat", "ee", "person", "people"];

/// Words with such an ending that nobody is.
const NOBODY: &str = "after agree and another answer behavior behaviour better bigger border chapter coffee color colour \
    computer consist corner danger degree dinner door earlier either error ever exist exterior factor favor favour fee \
    fewer floor former free further greater guarantee harbor harbour higher honor honour horror however humor humour \
    inner interior labour larger later latter layer letter-box list longer lower major matter median minor mirror monitor \
    motor neither never number offer older or order outer over per power prior quarter quicker rather register remainder \
    resist river rumor rumour sector see semester shoulder smaller sooner stronger summer temper tenor terror three \
    tower transfer trigger trouser under upper vapor water weather weaker whether winter wonder younger order timber december \
    november october september";

/// Words that stand for people, or for what they have put into writing.
const PRONOUNS: &str = "he she they it we i who you which that this these those one ones both all some many most several \
    few each others another two three four none himself herself themselves him her them his";

/// The lists as sets: whole lists were gone through for each word that may be a speaker.
static SETS: LazyLock<[HashSet<&str>; 3]> =
    LazyLock::new(|| [NOUNS, NOBODY, PRONOUNS].map(|list| list.split_whitespace().collect()));

/// Whether a noun, in small letters, is one for somebody or something that says things.
pub(crate) fn can_speak(noun: &str) -> bool {
    let [nouns, nobody, _] = &*SETS;
    let is_one = |word: &str| {
        let ends_so = word.len() > 3 && ENDINGS.iter().any(|ending| word.ends_with(ending));
        nouns.contains(word) || ends_so && !nobody.contains(word)
    };
    let noun = noun.trim_end_matches("'s").trim_end_matches("’s");
    let last = noun.rsplit('-').next().unwrap_or(noun);
    let singular = match last.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => last.strip_suffix('s').filter(|_| !last.ends_with("ss")).unwrap_or(last).to_owned(),
    };
    is_one(noun) || is_one(last) || is_one(&singular) || last == "wives" || last == "children"
}

/// Whether a word, in small letters, tells something of the noun before it.
pub(crate) fn is_behind_a_noun(word: &str) -> bool {
    matches!(word, "familiar" | "close" | "involved" | "surveyed" | "present" | "responsible" | "known" | "speaking")
}

/// Whether a word, in small letters, is a pronoun or stands like one.
pub(crate) fn stands_for_somebody(word: &str) -> bool {
    let [_, _, pronouns] = &*SETS;
    pronouns.contains(word)
}

#[cfg(test)]
mod tests {
    use super::{can_speak, stands_for_somebody};

    #[test]
    fn roles_groups_and_writings_speak() {
        for noun in ["spokesman", "ministers", "agencies", "co-author", "analyst", "report", "committee", "children"] {
            assert!(can_speak(noun), "{noun}");
        }
        for noun in ["risk", "obvious", "number", "agreement", "degree", "quarter", "week", "or", "idea", "business"] {
            assert!(!can_speak(noun), "{noun}");
        }
        assert!(stands_for_somebody("she") && !stands_for_somebody("said"));
    }
}
