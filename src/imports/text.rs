//! The text of a file, whatever program saved it.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes in which UTF-16 without a byte order mark shows.
const LOOKED_AT: usize = 1024;

/// The text: in the encoding that its byte order mark names, else UTF-16 where half
/// of its bytes are zero, else UTF-8, else the one of Windows, which spreadsheet
/// programs of the west save in.
pub fn decode(file: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(file) {
        return encoding.decode_without_bom_handling(&file[mark..]).0;
    }
    if let Some(encoding) = utf_16(file) {
        return encoding.decode_without_bom_handling(file).0;
    }
    match UTF_8.decode_without_bom_handling_and_without_replacement(file) {
        Some(text) => text,
        None => WINDOWS_1252.decode_without_bom_handling(file).0,
    }
}

/// UTF-16, by the zeros that its Latin letters and separators have; no other text has any.
fn utf_16(file: &[u8]) -> Option<&'static Encoding> {
    let pairs = file[..file.len().min(LOOKED_AT)].chunks_exact(2);
    let zeros = |byte: usize| pairs.clone().filter(|pair| pair[byte] == 0).count();
    match zeros(0).cmp(&zeros(1)) {
        std::cmp::Ordering::Less => Some(UTF_16LE),
        std::cmp::Ordering::Greater => Some(UTF_16BE),
        std::cmp::Ordering::Equal => None,
    }
}

/// A table without the line `sep=;` that spreadsheet programs put first, and the
/// character that parts its cells.
pub fn body(text: &str) -> (&str, u8) {
    let stated = text.get(..4).filter(|sep| sep.eq_ignore_ascii_case("sep="));
    if stated.is_some()
        && let Some((line, body)) = text.split_once('\n')
        && let [separator @ (b',' | b';' | b'\t')] = line[4..].trim_end_matches('\r').as_bytes()
    {
        return (body, *separator);
    }
    (text, delimiter(text))
}

/// The character that parts the cells of a header: the one of comma, semicolon
/// and tab that is there most often outside quotes.
fn delimiter(text: &str) -> u8 {
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
    fn utf_16_needs_no_mark() {
        let text = "Сигнал,Signal\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!((decode(&little), decode(&big)), (text.into(), text.into()));
    }

    #[test]
    fn a_first_line_may_name_the_separator() {
        assert_eq!(body("sep=;\r\na,b;c,d,e"), ("a,b;c,d,e", b';'));
        assert_eq!(body("SEP=\t\na,b\tc"), ("a,b\tc", b'\t'));
        assert_eq!(body("sep=,"), ("sep=,", b','));
        assert_eq!(body("separate,a\n"), ("separate,a\n", b','));
    }

    #[test]
    fn the_delimiter_is_the_one_of_the_header() {
        assert_eq!(delimiter("a,b;c,d\n;;;;"), b',');
        assert_eq!(delimiter("\"a,b,c,d\";b;c"), b';');
        assert_eq!(delimiter("a\tb"), b'\t');
        assert_eq!(delimiter("alone"), b',');
    }
}
