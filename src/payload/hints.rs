//! Hints on a malformed message: the place of the fault and its likely cause.
//!
//! No text of the message is repeated here, because it may be the auth key;
//! only a placeholder, which is all small letters, is named.

use serde_json::error::Category;

use super::error::PayloadError;

const CURLY_QUOTES: &[char] = &[
    '\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}', '\u{2018}', '\u{2019}', '\u{ab}', '\u{bb}',
];

/// The fault of a message, and the remedy.
#[derive(Clone, Copy)]
struct Cause {
    what: &'static str,
    hint: &'static str,
}

const CURLY: Cause = Cause {
    what: "the message has curly quotes",
    hint: "Web pages and word processors make them. Replace each by a straight quote (\").",
};
const PLAIN_TEXT: Cause = Cause {
    what: "the message is plain text, not JSON",
    hint: "Paste the webhook's JSON template, which starts with { and ends with }, into the alert's message box.",
};
const EMPTY: Cause = Cause {
    what: "the message is empty",
    hint: "Paste the webhook's JSON template into the alert's message box.",
};
const BYTE_ORDER_MARK: Cause = Cause {
    what: "the message starts with an invisible byte order mark",
    hint: "Save the file as \"UTF-8 without BOM\", or type the first { anew.",
};
const INVISIBLE: Cause = Cause {
    what: "there is an invisible character",
    hint: "Web pages have them. Delete it and type a space instead.",
};
const COMMENT: Cause = Cause {
    what: "the message has a comment, which JSON does not know",
    hint: "Delete everything from here to the end of the line.",
};
const NAN: Cause = Cause {
    what: "a value is na or NaN, which is no number",
    hint: "The script had no value here. Give the plot or variable a value with nz().",
};
const THOUSANDS: Cause = Cause {
    what: "a number has a thousands separator",
    hint: "Write 1234.5, not 1,234.5 or 1 234.5: no comma, no space, and a point before the decimals.",
};
const NUMBER_FORM: Cause = Cause {
    what: "a number is written in a way that JSON does not know",
    hint: "Write it with digits and one point, such as 0.5 or 1234.5: a digit first, and no leading zeros.",
};
const PERCENT: Cause = Cause {
    what: "a number has a percent sign behind it",
    hint: "Put it into quotes: \"5%\".",
};
const SEMICOLON: Cause = Cause {
    what: "there is a semicolon in the place of a comma",
    hint: "Write a comma (,) between two fields.",
};
const TWO_BRACES: Cause = Cause {
    what: "the message has two opening braces",
    hint: "Delete one { at its beginning and one } at its end.",
};
const UTF_16: Cause = Cause {
    what: "the message has zero bytes in it, as UTF-16 text has",
    hint: "Send it as UTF-8 text; in an editor, save the file as \"UTF-8\".",
};
const TRAILING_COMMA: Cause = Cause {
    what: "there is a comma after the last field",
    hint: "Delete this comma: the last field before a closing bracket has none after it.",
};
const TWO_COMMAS: Cause = Cause {
    what: "there are two commas in a row",
    hint: "Delete one of them.",
};
const MISSING_COMMA: Cause = Cause {
    what: "a comma is missing between two fields",
    hint: "Put one before this place.",
};
const MISSING_COLON: Cause = Cause {
    what: "a colon is missing",
    hint: "Put a colon (:) between the field's name and its value.",
};
const MISSING_QUOTE: Cause = Cause {
    what: "a quote is missing",
    hint: "Names and text need a straight quote (\") before and after them.",
};
const INNER_QUOTE: Cause = Cause {
    what: "a text has a quote inside it",
    hint: "Write it as \\\" or take it out. Order comments and names that a placeholder fills in can contain one.",
};
const INNER_NEWLINE: Cause = Cause {
    what: "a text goes over a line break, or has a tab inside it",
    hint: "Keep it on one line, or write \\n.",
};
const SINGLE_QUOTES: Cause = Cause {
    what: "the message has single quotes",
    hint: "JSON needs double quotes (\") around names and text.",
};
const MISSING_VALUE: Cause = Cause {
    what: "a value is missing",
    hint: "A placeholder may have been empty. Fill it in.",
};
const CUT_OFF: Cause = Cause {
    what: "the message stops too soon",
    hint: "Its last } is missing. Copy the template again as a whole.",
};
const TEXT_AFTER: Cause = Cause {
    what: "there is text after the closing }",
    hint: "Delete it, or join it into the message as a field.",
};

/// The body is no text at all.
pub fn not_utf8(body: &[u8], valid_up_to: usize) -> PayloadError {
    let text = String::from_utf8_lossy(&body[..valid_up_to]);
    let (line, column) = place(&text, text.len());
    let hint = "Send the message as UTF-8 text; TradingView always does, other programs may need to be told.";
    PayloadError::malformed(
        "the message is not UTF-8 text",
        hint.to_owned(),
        line,
        column,
    )
}

/// The body is valid JSON of another kind.
pub fn not_an_object(text: &str) -> PayloadError {
    let start = text.len() - text.trim_start().len();
    let hint = match text.as_bytes().get(start) {
        Some(b'[') => "Send one alert at a time, without the square brackets: { ... }.",
        Some(b'"') => "The whole message is in quotes; take away the first and the last.",
        _ => return at_place(PLAIN_TEXT, text, start),
    };
    let (line, column) = place(text, start);
    let what = "the message must start with { and hold the fields of one alert";
    PayloadError::malformed(what, hint.to_owned(), line, column)
}

/// The body is not JSON.
pub fn malformed(text: &str, error: &serde_json::Error) -> PayloadError {
    let whole = error.to_string();
    let what = whole
        .rfind(" at line ")
        .map_or(whole.as_str(), |end| &whole[..end]);
    let fault = Fault {
        text,
        what,
        at: offset(text, error),
        at_end: error.classify() == Category::Eof,
    };
    if let Some((name, at)) = fault.placeholder() {
        let (line, column) = place(text, at);
        let hint = placeholder(name, "a number");
        return PayloadError::malformed(&unreplaced(name), hint, line, column);
    }
    if let Some((cause, at)) = fault.cause() {
        return at_place(cause, text, at);
    }
    let (line, column) = place(text, fault.at);
    let what = format!("the message is not a JSON object: {what}");
    PayloadError::malformed(&what, fault.general().to_owned(), line, column)
}

fn at_place(cause: Cause, text: &str, at: usize) -> PayloadError {
    let (line, column) = place(text, at);
    PayloadError::malformed(cause.what, cause.hint.to_owned(), line, column)
}

/// The place that the reader stumbled over.
struct Fault<'a> {
    text: &'a str,
    /// The reader's own words, without the place.
    what: &'a str,
    /// Offset of the character that could not be.
    at: usize,
    /// True if the text ended too soon.
    at_end: bool,
}

impl Fault<'_> {
    /// The likely cause, and the offset of the true fault.
    fn cause(&self) -> Option<(Cause, usize)> {
        self.pasted()
            .or_else(|| self.wrong_number_or_word())
            .or_else(|| self.punctuation())
            .or_else(|| self.value_or_end())
    }

    fn here(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn before(&self) -> &str {
        &self.text[..self.at]
    }

    /// `{{name}}` as a bare value: the reader stumbles over the second brace.
    fn placeholder(&self) -> Option<(&str, usize)> {
        if self.is_two_braces() {
            return None;
        }
        let start = match self.here() {
            Some('{') if self.before().ends_with('{') => self.at - 1,
            Some('{') if self.text[self.at..].starts_with("{{") => self.at,
            _ => return None,
        };
        Some((&self.text[start..], start))
    }

    /// True of a message that begins with two braces, as no placeholder does.
    fn is_two_braces(&self) -> bool {
        let rest = self.text.trim_start().strip_prefix('{');
        let rest = rest.and_then(|rest| rest.trim_start().strip_prefix('{'));
        rest.is_some_and(|rest| rest.trim_start().starts_with('"'))
    }

    /// Faults of the message as a whole, and of where it was copied from.
    fn pasted(&self) -> Option<(Cause, usize)> {
        let first = self.text.len() - self.text.trim_start().len();
        if self.text.starts_with('\u{feff}') {
            return Some((BYTE_ORDER_MARK, 0));
        }
        if self.text.contains('\0') {
            return Some((UTF_16, 0));
        }
        if self.text.trim().is_empty() {
            return Some((EMPTY, 0));
        }
        if self.is_two_braces() {
            return Some((TWO_BRACES, first));
        }
        if self.here().is_some_and(|here| CURLY_QUOTES.contains(&here)) {
            return Some((CURLY, self.at));
        }
        if !self.text[first..].starts_with(['{', '[', '"', '\'']) {
            return Some((PLAIN_TEXT, first));
        }
        if self.inside_text()
            && let Some(curly) = self.curly_on_this_line()
        {
            return Some((CURLY, curly));
        }
        match self.here()? {
            '\'' => Some((SINGLE_QUOTES, self.at)),
            '\u{a0}' | '\u{200b}' | '\u{feff}' => Some((INVISIBLE, self.at)),
            '/' | '#' => Some((COMMENT, self.at)),
            _ => None,
        }
    }

    /// True if a text begun with a straight quote has no straight one to end it.
    fn inside_text(&self) -> bool {
        self.what.starts_with("control character")
            || self.what.starts_with("EOF while parsing a string")
            || self.before().ends_with('"')
    }

    fn curly_on_this_line(&self) -> Option<usize> {
        let line = self.before().rfind('\n').map_or(0, |end| end + 1);
        let found = self.before()[line..].find(&CURLY_QUOTES[..4])?;
        Some(line + found)
    }

    /// A bare word or a number that JSON does not know.
    fn wrong_number_or_word(&self) -> Option<(Cause, usize)> {
        let before = self.before().as_bytes();
        let is_key_expected = self.what.starts_with("key must be a string");
        if is_key_expected
            && self.here()?.is_ascii_digit()
            && before.ends_with(b",")
            && before.iter().rev().nth(1).is_some_and(u8::is_ascii_digit)
        {
            return Some((THOUSANDS, self.at - 1));
        }
        let is_value = matches!(
            self.what,
            "expected value" | "expected ident" | "invalid number"
        );
        if !is_value {
            return None;
        }
        let is_word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
        let start = self.at - before.iter().rev().take_while(is_word).count();
        let rest = &self.text.as_bytes()[start..];
        let word = &self.text[start..start + rest.iter().take_while(is_word).count()];
        let cause = match word.to_ascii_lowercase().as_str() {
            "nan" | "na" | "inf" | "infinity" => NAN,
            "none" | "undefined" | "nil" | "null" => Cause {
                what: "a value is a word that JSON does not know",
                hint: "Write null in small letters where there is no value.",
            },
            "true" | "false" => Cause {
                what: "a value is a word that JSON does not know",
                hint: "Write true and false in small letters.",
            },
            "" => return None,
            _ if word.as_bytes()[0].is_ascii_digit() => NUMBER_FORM,
            _ => MISSING_QUOTE,
        };
        Some((cause, start))
    }

    /// Commas, colons and quotes that are missing or too many.
    fn punctuation(&self) -> Option<(Cause, usize)> {
        let before = self.before().trim_end();
        let what = self.what;
        if what == "trailing comma" {
            return Some((TRAILING_COMMA, before.rfind(',')?));
        }
        if what.starts_with("control character") {
            let is_unclosed = before.ends_with([',', ':', '{', '}']);
            let cause = if is_unclosed {
                MISSING_QUOTE
            } else {
                INNER_NEWLINE
            };
            return Some((cause, self.at));
        }
        if what.starts_with("EOF while parsing a string") {
            return Some((MISSING_QUOTE, self.at));
        }
        if what.starts_with("key must be a string") {
            return Some(match self.here()? {
                ',' => (TWO_COMMAS, self.at),
                _ => (MISSING_QUOTE, self.at),
            });
        }
        let after_quote = self.before().ends_with('"');
        if what == "expected `:`" {
            let cause = if after_quote && self.here()?.is_alphanumeric() {
                MISSING_QUOTE
            } else {
                MISSING_COLON
            };
            return Some((cause, self.at));
        }
        if what.starts_with("expected `,` or") {
            let is_after_digit = before.ends_with(|c: char| c.is_ascii_digit());
            let cause = match self.here()? {
                ';' => SEMICOLON,
                '%' if is_after_digit => PERCENT,
                here if here.is_ascii_digit() && is_after_digit => THOUSANDS,
                '"' if !after_quote || before.ends_with("\"\"") => MISSING_COMMA,
                '"' => INNER_QUOTE,
                _ if after_quote => quote_trouble(before),
                here if here.is_alphabetic() && before.ends_with(|c: char| c.is_ascii_digit()) => {
                    MISSING_QUOTE
                }
                _ => MISSING_COMMA,
            };
            return Some((cause, self.at));
        }
        None
    }

    /// A value or an end that is not there, or not as it should be.
    fn value_or_end(&self) -> Option<(Cause, usize)> {
        let is_value = self.what == "expected value";
        let cause = match self.here() {
            Some(',' | '}' | ']') if is_value => MISSING_VALUE,
            Some('.' | '+') if is_value => NUMBER_FORM,
            _ if self.what == "trailing characters" => TEXT_AFTER,
            _ if self.at_end => CUT_OFF,
            _ => return None,
        };
        Some((cause, self.at))
    }

    /// The general words where no sign points to one cause.
    fn general(&self) -> &'static str {
        match self.what {
            "recursion limit exceeded" => {
                "The message is nested too deep: use at most 100 levels of brackets."
            }
            "number out of range" => "This number is too large for any price or quantity.",
            what if what.contains("escape") || what.contains("surrogate") => {
                "A backslash stands only before \", \\, /, b, f, n, r, t or u with four digits: write \\\\ for a backslash."
            }
            what if what.contains("reserved") => "Rename this field.",
            _ => "Compare the message with the webhook's template at this place.",
        }
    }
}

/// After a closing quote comes text: either a quote too many or one too few.
fn quote_trouble(before: &str) -> Cause {
    let text = before.strip_suffix('"').unwrap_or(before).trim_end();
    if text.ends_with([',', ':', '{']) {
        MISSING_QUOTE
    } else {
        INNER_QUOTE
    }
}

/// Placeholders that only the alerts of strategies have.
const OF_STRATEGIES: [&str; 11] = [
    "strategy.order.action",
    "strategy.order.contracts",
    "strategy.order.price",
    "strategy.order.id",
    "strategy.order.comment",
    "strategy.order.alert_message",
    "strategy.position_size",
    "strategy.market_position",
    "strategy.market_position_size",
    "strategy.prev_market_position",
    "strategy.prev_market_position_size",
];

/// Says that a placeholder came through as it is; `text` starts with `{{`.
pub fn unreplaced(text: &str) -> String {
    match placeholder_name(text) {
        Some(name) => format!("{{{{{name}}}}} was not replaced"),
        None => "a placeholder {{...}} was not replaced".to_owned(),
    }
}

/// The remedy; `value` names the expected kind, such as "a number".
pub fn placeholder(text: &str, value: &str) -> String {
    let why = match placeholder_name(text) {
        Some(name) if OF_STRATEGIES.contains(&name) => {
            "TradingView replaces it only in the alert of a strategy, with order fills."
        }
        _ => "Else check its spelling, and that this kind of alert has it.",
    };
    format!("If you sent this by hand, put {value} there. {why}")
}

/// The name in a placeholder, where it can be one: it is all that is repeated of a message.
fn placeholder_name(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix("{{")?.split_once("}}")?;
    let name = name.trim();
    (name.len() <= 60 && is_placeholder_name(name)).then_some(name)
}

fn is_placeholder_name(name: &str) -> bool {
    let is_expected = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'_' | b' ');
    !name.is_empty()
        && name
            .trim_end_matches(|c: char| c.is_ascii_digit())
            .bytes()
            .all(is_expected)
}

/// The offset of the reader's place. Its columns count bytes, and a line break
/// that it stumbled over is column 0 of the next line.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let line_start = match error.line().saturating_sub(2) {
        _ if error.line() <= 1 => 0,
        skipped => text
            .match_indices('\n')
            .nth(skipped)
            .map_or(0, |(at, _)| at + 1),
    };
    let mut at = (line_start + error.column())
        .saturating_sub(1)
        .min(text.len());
    if error.classify() == Category::Eof {
        at = text.trim_end().len();
    }
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Line and column of an offset, both from 1, the column in characters.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}
