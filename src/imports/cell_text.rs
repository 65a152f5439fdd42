//! Texts of others in a CSV that a spreadsheet opens: kept from being run as formulas, and
//! read back as they were.
//!
//! A spreadsheet takes a cell for a formula by its first sign. Where its separator is another
//! one than ours, or it stops at a line's end, a cell of its can begin in the middle of one of
//! ours. So every place where one could begin gets an apostrophe, which spreadsheets take for
//! "this is text". The same rule read backwards takes it away again.

use std::borrow::Cow;

/// Signs that a formula begins with, the full-width ones too.
const BEGINS_FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// True of a character that is not seen, which a spreadsheet may pass over before a formula.
fn is_unseen(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Signs after which a spreadsheet may begin a cell.
const ENDS_CELL: [char; 4] = [';', '\n', '\r', '\t'];

/// A text with an apostrophe before everything that a spreadsheet could run.
#[must_use]
pub fn protect(text: &str) -> Cow<'_, str> {
    rewrite(text, |apostrophes| apostrophes + 1)
}

/// The text that [`protect`] was given.
#[must_use]
pub fn unprotect(text: &str) -> Cow<'_, str> {
    rewrite(text, |apostrophes| apostrophes.saturating_sub(1))
}

/// Changes the number of apostrophes where a cell may begin and a formula follows them.
fn rewrite(text: &str, change: impl Fn(usize) -> usize) -> Cow<'_, str> {
    let mut changed = String::new();
    let mut copied = 0;
    let mut begins = true;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if begins {
            let mut apostrophes = usize::from(letter == '\'');
            let mut first = letter;
            if letter == '\'' {
                while letters.next_if(|(_, next)| *next == '\'').is_some() {
                    apostrophes += 1;
                }
                // A run of apostrophes is followed by something else, or by nothing.
                first = letters.peek().map_or('\'', |(_, next)| *next);
            }
            let is_formula = begins_formula(first, &text[at + apostrophes..]);
            let wanted = change(apostrophes);
            if is_formula && wanted != apostrophes {
                changed.push_str(&text[copied..at]);
                changed.extend(std::iter::repeat_n('\'', wanted));
                copied = at + apostrophes;
            }
            begins = apostrophes == 0 && ENDS_CELL.contains(&letter);
        } else {
            begins = ENDS_CELL.contains(&letter);
        }
    }
    if copied == 0 && changed.is_empty() {
        return Cow::Borrowed(text);
    }
    changed.push_str(&text[copied..]);
    Cow::Owned(changed)
}

/// True if a text that begins with `first` is run, once what is not seen before it is passed over.
fn begins_formula(first: char, text: &str) -> bool {
    let in_cell = text.split(ENDS_CELL).next().unwrap_or_default();
    BEGINS_FORMULA.contains(&first)
        || in_cell
            .trim_start_matches(is_unseen)
            .starts_with(BEGINS_FORMULA)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_place_where_a_cell_could_begin_holds_a_formula() {
        for (text, protected) in [
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("＝1+1", "'＝1+1"),
            ("a;=1+1", "a;'=1+1"),
            ("a\n+1\r\n@x", "a\n'+1\r\n'@x"),
            ("\t-1", "\t'-1"),
            ("'=1", "''=1"),
            ("'quoted'", "'quoted'"),
            ("1-1", "1-1"),
            ("", ""),
            (";;=1", ";;'=1"),
            (" =1+1", "' =1+1"),
            ("\u{a0}=1", "'\u{a0}=1"),
            ("\u{200b}\u{feff}@x", "'\u{200b}\u{feff}@x"),
            ("a; +1", "a;' +1"),
            ("' =1", "'' =1"),
            (" a=1", " a=1"),
            ("a;'", "a;'"),
        ] {
            assert_eq!(protect(text), protected, "{text:?}");
            assert_eq!(unprotect(protected), text, "{protected:?}");
        }
    }

    proptest! {
        #[test]
        fn a_text_comes_back_as_it_was(text in "[a'=＝@;\n\t\r \u{a0}\u{200b}+-]{0,12}") {
            let protected = protect(&text).into_owned();
            prop_assert_eq!(unprotect(&protected).into_owned(), text);
        }

        #[test]
        fn nothing_is_left_that_a_spreadsheet_would_run(text in "[a'=＝@;\n\t\r \u{a0}\u{200b}+-]{0,12}") {
            let protected = protect(&text).into_owned();
            for cell in protected.split(ENDS_CELL) {
                let seen = cell.trim_start_matches(is_unseen);
                prop_assert!(!seen.starts_with(BEGINS_FORMULA), "{:?}", cell);
            }
        }
    }
}
