//! Makes untrusted text safe to print on a terminal. No colours, no widths: only what must not get through.

/// Whether a character could move the cursor, change the screen or reorder text: C0 and C1 controls (tab and
/// newline aside), the bidirectional controls of Unicode annex 9, line and paragraph separators.
#[must_use]
pub fn is_dangerous(character: char) -> bool {
    match character {
        '\t' | '\n' => false,
        _ if character.is_control() => true,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        '\u{2028}' | '\u{2029}' | '\u{feff}' => true,
        _ => false,
    }
}

/// The text with dangerous characters written as `\u{..}`; borrowed when there are none.
#[must_use]
pub fn escape(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains(is_dangerous) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_dangerous(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    safe.into()
}

/// As [`escape`], on one line: tabs and newlines become blanks.
#[must_use]
pub fn escape_line(text: &str) -> String {
    escape(text).replace(['\t', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::{escape, escape_line};

    #[test]
    fn escapes_reach_the_terminal_as_text() {
        assert_eq!(escape("a\u{1b}[31mred"), "a\\u{1b}[31mred");
        assert_eq!(escape("x\u{202e}gpj.exe"), "x\\u{202e}gpj.exe");
        assert_eq!(escape("Kyïv\n\tok"), "Kyïv\n\tok");
        assert_eq!(escape_line("a\nb"), "a b");
    }
}
