//! The text of a file, whatever program saved it.

use std::io::{self, Read};

use encoding_rs::{
    CoderResult, Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252,
};

use super::Unreadable;
use super::source::{Source, first_bytes, reader};

/// Bytes in which UTF-16 without a byte order mark shows.
const LOOKED_AT: usize = 1024;

/// Bytes of the text by which its kind and the separator of its cells are told.
const BEGIN: u64 = 64 * 1024;

/// Bytes that are decoded at once.
const AT_ONCE: usize = 16 * 1024;

/// The text of a file, which is read from its beginning as often as needed.
pub struct Text<'a> {
    file: &'a dyn Source,
    encoding: &'static Encoding,
    /// Bytes of its byte order mark.
    mark: u64,
    /// Its beginning.
    begin: String,
}

impl<'a> Text<'a> {
    /// The text of a file: in the encoding that its byte order mark names, else UTF-16 where
    /// half of its bytes are zero, else UTF-8, else the one of Windows, which spreadsheet
    /// programs of the west save in.
    ///
    /// # Errors
    ///
    /// [`Unreadable::Unread`].
    pub fn of(file: &'a dyn Source) -> Result<Self, Unreadable> {
        let first = first_bytes(file, LOOKED_AT as u64)?;
        let (encoding, mark) = match Encoding::for_bom(&first) {
            Some((encoding, mark)) => (encoding, mark as u64),
            None => match utf_16(&first) {
                Some(encoding) => (encoding, 0),
                None if is_utf_8(file)? => (UTF_8, 0),
                None => (WINDOWS_1252, 0),
            },
        };
        let mut text = Self {
            file,
            encoding,
            mark,
            begin: String::new(),
        };
        let mut begin = Vec::new();
        text.reader()?.take(BEGIN).read_to_end(&mut begin)?;
        // The last letter may be cut off.
        text.begin = String::from_utf8_lossy(&begin).into_owned();
        Ok(text)
    }

    /// The first letters of the text.
    pub fn begin(&self) -> &str {
        &self.begin
    }

    /// Reads the text from its beginning, as UTF-8.
    pub fn reader(&self) -> io::Result<Decoded<'a>> {
        let mut raw = reader(self.file);
        io::copy(&mut raw.by_ref().take(self.mark), &mut io::sink())?;
        Ok(Decoded {
            raw: Box::new(raw),
            decoder: self.encoding.new_decoder_without_bom_handling(),
            read: vec![0; AT_ONCE],
            letters: String::new(),
            taken: 0,
            is_over: false,
        })
    }

    /// A table without the line `sep=;` that spreadsheet programs put first, the character that
    /// parts its cells, and how many lines were left out.
    pub fn table(&self) -> io::Result<(Decoded<'a>, u8, usize)> {
        let (body, delimiter) = body(&self.begin);
        let before = self.begin.len() - body.len();
        let mut reader = self.reader()?;
        io::copy(&mut reader.by_ref().take(before as u64), &mut io::sink())?;
        Ok((reader, delimiter, usize::from(before > 0)))
    }
}

/// A text while it is read.
pub struct Decoded<'a> {
    raw: Box<dyn Read + 'a>,
    decoder: Decoder,
    /// Room for bytes of the file.
    read: Vec<u8>,
    /// Letters of them, and how many bytes of these were taken.
    letters: String,
    taken: usize,
    /// True once the file has no more.
    is_over: bool,
}

impl Decoded<'_> {
    fn decode_more(&mut self) -> io::Result<()> {
        self.letters.clear();
        self.taken = 0;
        let bytes = self.raw.read(&mut self.read)?;
        self.is_over = bytes == 0;
        let most = self.decoder.max_utf8_buffer_length(bytes);
        self.letters.reserve(most.unwrap_or(AT_ONCE * 3));
        let read = &self.read[..bytes];
        let (result, ..) = self
            .decoder
            .decode_to_string(read, &mut self.letters, self.is_over);
        debug_assert_eq!(result, CoderResult::InputEmpty, "there is room for all");
        Ok(())
    }
}

impl Read for Decoded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.letters.len() && !self.is_over {
            self.decode_more()?;
        }
        let mut rest = &self.letters.as_bytes()[self.taken..];
        let read = rest.read(buffer)?;
        self.taken += read;
        Ok(read)
    }
}

/// True if all of a file is UTF-8.
fn is_utf_8(file: &dyn Source) -> io::Result<bool> {
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let (mut raw, mut read) = (reader(file), vec![0; AT_ONCE]);
    let mut letters = String::with_capacity(AT_ONCE * 3 + 16);
    loop {
        let bytes = raw.read(&mut read)?;
        letters.clear();
        let (result, _) =
            decoder.decode_to_string_without_replacement(&read[..bytes], &mut letters, bytes == 0);
        match result {
            DecoderResult::Malformed(..) => return Ok(false),
            _ if bytes == 0 => return Ok(true),
            _ => {}
        }
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
fn body(text: &str) -> (&str, u8) {
    let stated = text.get(..4).filter(|sep| sep.eq_ignore_ascii_case("sep="));
    if stated.is_some()
        && let Some((line, body)) = text.split_once(['\n', '\r'])
        && let [separator @ (b',' | b';' | b'\t')] = &line.as_bytes()[4..]
    {
        // The line may end in two letters.
        let is_of_two = text[line.len()..].starts_with("\r\n");
        return (&body[usize::from(is_of_two)..], *separator);
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
            b'\n' | b'\r' if !is_quoted => break,
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

    fn decode(file: &[u8]) -> String {
        let mut decoded = String::new();
        let text = Text::of(&file).unwrap();
        text.reader().unwrap().read_to_string(&mut decoded).unwrap();
        let begin: String = text.begin().chars().take(50).collect();
        assert!(decoded.starts_with(&begin));
        decoded
    }

    #[test]
    fn a_long_text_is_read_whole_in_any_encoding() {
        // A letter of two bytes begins at every place that a part can end in.
        let text = format!("x{}", "é".repeat(100_000));
        let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let of_windows = [vec![b'x'], vec![0xe9; 100_000]].concat();
        assert!(decode(text.as_bytes()) == text);
        assert!(decode(&[vec![0xff, 0xfe], utf_16].concat()) == text);
        assert!(decode(&of_windows) == text);
    }

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
        assert_eq!(body("sep=;\ra,b;c,d,e\r"), ("a,b;c,d,e\r", b';'));
        assert_eq!(body("sep=;\n\na;b"), ("\na;b", b';'));
        assert_eq!(body("sep=,"), ("sep=,", b','));
        assert_eq!(body("separate,a\n"), ("separate,a\n", b','));
    }

    #[test]
    fn the_delimiter_is_the_one_of_the_header() {
        assert_eq!(delimiter("a,b;c,d\n;;;;"), b',');
        assert_eq!(delimiter("\"a,b,c,d\";b;c"), b';');
        assert_eq!(delimiter("a\tb"), b'\t');
        assert_eq!(delimiter("a;b\r1,2;3,4\r"), b';');
        assert_eq!(delimiter("alone"), b',');
    }
}
