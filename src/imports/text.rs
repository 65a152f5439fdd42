//! The text of a file, whatever program saved it.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// The text: in the encoding that its byte order mark names, else UTF-8, else
/// the one of Windows, which spreadsheet programs of the west save in.
pub fn decode(file: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(file) {
        return encoding.decode_without_bom_handling(&file[mark..]).0;
    }
    match UTF_8.decode_without_bom_handling_and_without_replacement(file) {
        Some(text) => text,
        None => WINDOWS_1252.decode_without_bom_handling(file).0,
    }
}

/// The character that parts the cells of a header: the one of comma, semicolon
/// and tab that is there most often outside quotes.
pub fn delimiter(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut is_quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => break,
            _ if is_quoted => {}
            _ => {
                let counted = counts.iter_mut().find(|(delimiter, _)| *delimiter == byte);
                if let Some((_, count)) = counted {
                    *count += 1;
                }
            }
        }
    }
    let mut best = counts[0];
    for candidate in counts {
        if candidate.1 > best.1 {
            best = candidate;
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_any_usual_encoding() {
        let text = "Signal\n\u{2212}1 \u{e9}";
        let with_mark = format!("\u{feff}{text}");
        let utf_16: Vec<u8> = with_mark
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(decode(text.as_bytes()), text);
        assert_eq!(decode(with_mark.as_bytes()), text);
        assert_eq!(decode(&utf_16), text);
        assert_eq!(decode(b"caf\xe9"), "caf\u{e9}");
    }

    #[test]
    fn the_delimiter_is_the_one_of_the_header() {
        assert_eq!(delimiter("a,b;c,d\n;;;;"), b',');
        assert_eq!(delimiter("\"a,b,c,d\";b;c"), b';');
        assert_eq!(delimiter("a\tb"), b'\t');
        assert_eq!(delimiter("alone"), b',');
    }
}
