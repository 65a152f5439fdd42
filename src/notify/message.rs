//! A message to the owner, before any channel's form.

use serde::Serialize;

/// Severity of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something happened as it should.
    Info,
    /// Something is over, or wants to be looked at.
    Notice,
    /// Something is wrong.
    Fault,
}

/// A message to the owner. Its texts may hold anything that an alert says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// A line that says it.
    pub title: String,
    /// Further lines.
    pub lines: Vec<String>,
    /// Its severity.
    pub severity: Severity,
    /// The page with the rest, where there is a public one.
    pub link: Option<String>,
}

/// Mark of text that was cut.
const CUT: &str = "…";

/// Cuts text to so many characters by `length`, which counts what the channel counts.
pub fn cut(text: &str, most: usize, length: impl Fn(char) -> usize) -> String {
    let total: usize = text.chars().map(&length).sum();
    if total <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(CUT.chars().map(&length).sum());
    let mut used = 0;
    let kept = text.chars().take_while(|letter| {
        used += length(*letter);
        used <= room
    });
    kept.collect::<String>() + CUT
}

/// Characters of a line that are kept whatever the others need.
const LEAST: usize = 60;

/// Lines as one text of at most so many characters by `length`. Where they are too long, the
/// longest are cut, so that a comment takes no other order's place.
pub fn fit(lines: &[&str], most: usize, length: impl Fn(char) -> usize) -> String {
    let size = |line: &&str| line.chars().map(&length).sum::<usize>();
    let mut sizes: Vec<usize> = lines.iter().map(size).collect();
    let breaks = lines.len().saturating_sub(1) * length('\n');
    let mut room = most.saturating_sub(breaks);
    if sizes.iter().sum::<usize>() <= room {
        return lines.join("\n");
    }
    // What short lines leave of their share is for the others.
    sizes.sort_unstable();
    let (mut share, mut left) = (0, sizes.len());
    for size in sizes {
        share = room / left;
        if size > share {
            break;
        }
        room -= size;
        left -= 1;
    }
    let share = share.max(LEAST);
    let cut_lines: Vec<String> = lines.iter().map(|line| cut(line, share, &length)).collect();
    cut(&cut_lines.join("\n"), most, length)
}

impl Message {
    /// Title and lines as one text of at most so many characters, each escaped by `escape`; the
    /// link stays whole.
    pub fn text(
        &self,
        most: usize,
        escape: impl Fn(char, &mut String),
        with_title: bool,
    ) -> String {
        let escaped = |letter: char| {
            let mut text = String::new();
            escape(letter, &mut text);
            text
        };
        // In the units of the strictest channels: UTF-16, and bytes are counted by those apart.
        let length = |letter: char| -> usize { escaped(letter).encode_utf16().count() };
        let link = self
            .link
            .as_ref()
            .map_or(0, |link| link.encode_utf16().count() + 1);
        let title = with_title.then_some(self.title.as_str());
        let lines: Vec<&str> = title
            .into_iter()
            .chain(self.lines.iter().map(String::as_str))
            .collect();
        let kept = fit(&lines, most.saturating_sub(link), length);
        let mut text: String = kept.chars().map(escaped).collect();
        if let Some(link) = &self.link {
            text.push('\n');
            text += link;
        }
        text
    }
}

/// Adds a letter as it is.
pub fn plain(letter: char, text: &mut String) {
    text.push(letter);
}

/// Adds a letter as HTML and Slack want it.
pub fn html(letter: char, text: &mut String) {
    match letter {
        '&' => text.push_str("&amp;"),
        '<' => text.push_str("&lt;"),
        '>' => text.push_str("&gt;"),
        letter => text.push(letter),
    }
}
