//! Character references of HTML and XML. No tags.

use std::borrow::Cow;

/// Longest named reference, bytes: `CounterClockwiseContourIntegral;`.
const NAME_BYTES_MAX: usize = 32;

/// The text with its character references replaced; borrowed when there are none.
pub(crate) fn decode(raw: &str) -> Cow<'_, str> {
    if memchr::memchr(b'&', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    decode_into(raw, &mut text);
    Cow::Owned(text)
}

/// Appends the text with its character references replaced.
pub(crate) fn decode_into(raw: &str, text: &mut String) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = reference(rest, text);
        if length == 0 {
            text.push('&');
            rest = &rest[1..];
        } else {
            rest = &rest[length..];
        }
    }
    text.push_str(rest);
}

/// Appends what the reference at the start of `rest` stands for; its length, or 0 when it is none.
fn reference(rest: &str, text: &mut String) -> usize {
    let bytes = rest.as_bytes();
    if bytes.get(1) == Some(&b'#') {
        return numeric(rest, text);
    }
    let name = bytes[1..].iter().take(NAME_BYTES_MAX).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    if name == 0 {
        return 0;
    }
    let closed = bytes.get(1 + name) == Some(&b';');
    let end = 1 + name + usize::from(closed);
    match web_atoms::NAMED_ENTITIES.get(&rest[1..end]) {
        Some(&(first, second)) if first != 0 => {
            text.extend([first, second].into_iter().filter(|code| *code != 0).filter_map(char::from_u32));
            end
        }
        _ => 0,
    }
}

fn numeric(rest: &str, text: &mut String) -> usize {
    let bytes = rest.as_bytes();
    let hexadecimal = matches!(bytes.get(2), Some(b'x' | b'X'));
    let (start, radix) = if hexadecimal { (3, 16) } else { (2, 10) };
    let digits = bytes[start.min(bytes.len())..].iter().take_while(|byte| (**byte as char).is_digit(radix)).count();
    if digits == 0 {
        return 0;
    }
    let code = u32::from_str_radix(&rest[start..start + digits], radix).unwrap_or(u32::MAX);
    text.push(character(code));
    start + digits + usize::from(bytes.get(start + digits) == Some(&b';'))
}

/// The character of a numeric reference; 128 to 159 mean windows-1252, as in every browser.
fn character(code: u32) -> char {
    match code {
        0x80..=0x9f => {
            let byte = [u8::try_from(code).unwrap_or(b'?')];
            let (decoded, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte);
            decoded.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        0 => char::REPLACEMENT_CHARACTER,
        _ => char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn references_are_replaced_and_lone_ampersands_kept() {
        assert_eq!(decode("a&amp;b &lt;&#8217;&#x2019;&#146; &eacute; AT&T &nope; &"), "a&b <’’’ é AT&T &nope; &");
        assert_eq!(decode("&#99999999999; &#0; &#xD800;"), "\u{fffd} \u{fffd} \u{fffd}");
        assert_eq!(decode("&nbsp&copy 2020"), "\u{a0}© 2020");
    }
}
