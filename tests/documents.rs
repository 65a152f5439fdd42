//! The documents hold what they promise: named files exist, links lead somewhere, pages are
//! found from the index, and sentences are short.

use std::fs;
use std::path::{Path, PathBuf};

/// The longest sentence that somebody reads without starting again.
const MOST_WORDS: usize = 30;

/// Constructions that a shorter sentence replaces.
const CIRCUITOUS: [&str; 5] = [
    "that which",
    "those which",
    "of which the",
    "what is ",
    "what was ",
];

/// Folders whose files documents name by path.
const FOLDERS: [&str; 9] = [
    "assets/",
    "benches/",
    "docs/",
    "examples/",
    "packaging/",
    "scripts/",
    "src/",
    "tests/",
    "ui/",
];

#[test]
fn files_that_documents_name_exist() {
    let mut missing = Vec::new();
    for document in documents() {
        for name in code_spans(&prose(&document)) {
            let is_path = FOLDERS.iter().any(|folder| name.starts_with(folder));
            let is_pattern = name.contains(['*', ' ', '{', '<']) || name.contains("...");
            if is_path && !is_pattern && !root().join(&name).exists() {
                missing.push(format!("{}: {name}", shown(&document)));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "name the file that it is now in:\n{}",
        missing.join("\n")
    );
}

#[test]
fn links_lead_to_a_file_and_to_one_of_its_headings() {
    let mut broken = Vec::new();
    for document in documents() {
        for link in links(&prose(&document)) {
            if !leads_somewhere(&document, &link) {
                broken.push(format!("{}: {link}", shown(&document)));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

#[test]
fn sentences_are_short() {
    let mut long = Vec::new();
    for document in documents() {
        for sentence in sentences(&prose(&document)) {
            let words = sentence.split_whitespace().count();
            if words > MOST_WORDS {
                long.push(format!("{}: {words} words: {sentence}", shown(&document)));
            }
            let lower = sentence.to_lowercase();
            if CIRCUITOUS.iter().any(|phrase| lower.contains(phrase)) {
                long.push(format!("{}: say it shorter: {sentence}", shown(&document)));
            }
        }
    }
    assert!(
        long.is_empty(),
        "{} long sentences:\n{}",
        long.len(),
        long.join("\n")
    );
}

#[test]
fn every_setting_is_documented() {
    let settings = read(&root().join("docs/settings.md"));
    let example = read(&root().join("packaging/config.example.toml"));
    let lines = example.lines().filter_map(|line| line.strip_prefix("# "));
    let names: Vec<&str> = lines
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .collect();
    assert!(names.contains(&"listen"), "{names:?}");
    for name in names {
        let variable = format!("`ALGOHOOK_{}`", name.to_uppercase().replace('-', "_"));
        let is_there = settings.contains(&format!("`--{name}`")) && settings.contains(&variable);
        assert!(is_there, "docs/settings.md lacks {name}");
    }
}

#[test]
fn every_code_of_an_answer_is_documented() {
    let answers = read(&root().join("docs/answers.md"));
    let mut codes = Vec::new();
    note_codes(&root().join("src"), &mut codes);
    assert!(codes.iter().any(|code| code == "out_of_sync"), "{codes:?}");
    for code in codes {
        let is_there = answers.contains(&format!("`{code}`"));
        assert!(is_there, "docs/answers.md lacks {code}");
    }
}

/// The codes of warnings and refusals in the sources of a folder.
fn note_codes(folder: &Path, codes: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            note_codes(&path, codes);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = read(&path);
            for call in [
                "Warning::new(",
                ".warn(",
                ".unreadable(",
                "add_warning(",
                "Refusal::new(",
            ] {
                let after = text.split(call).skip(1).map(str::trim_start);
                let named = after.filter_map(|rest| rest.strip_prefix('"')?.split('"').next());
                codes.extend(named.map(str::to_owned));
            }
        }
    }
}

#[test]
fn the_first_pages_are_short() {
    for (name, most) in [("README.md", 150), ("ARCHITECTURE.md", 200)] {
        let lines = read(&root().join(name)).lines().count();
        assert!(
            lines <= most,
            "{name} has {lines} lines, {most} are allowed"
        );
    }
}

#[test]
fn every_page_is_in_its_index() {
    for folder in ["docs", "docs/decisions"] {
        let folder = root().join(folder);
        let index = read(&folder.join("README.md"));
        for page in pages_in(&folder) {
            let name = page.file_name().unwrap().to_str().unwrap();
            let is_listed = name == "README.md" || index.contains(&format!("({name})"));
            assert!(is_listed, "{} is not in its README", shown(&page));
        }
    }
}

#[test]
fn every_decision_has_its_day() {
    for page in pages_in(&root().join("docs/decisions")) {
        let text = read(&page);
        let is_index = page.ends_with("README.md");
        assert!(
            is_index || text.contains("\nDecided on 20"),
            "{} does not say when",
            shown(&page)
        );
    }
}

#[test]
fn sentences_are_told_apart() {
    let text = "# A title\n\nOne `git log -1` sentence. Another [one](a.md), e.g. this!\n\n\
                | a cell | another. Two |\n|---|---|\n\n- an item\n- the next\n\n    code is left out\n";
    assert_eq!(
        sentences(text),
        [
            "A title",
            "One CODE sentence.",
            "Another one, e.g. this!",
            "a cell",
            "another.",
            "Two",
            "an item",
            "the next",
        ]
    );
    assert_eq!(links(text), ["a.md"]);
    assert_eq!(code_spans(text), ["git log -1"]);
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// The pages that people read; the changelog lists, and is no prose.
fn documents() -> Vec<PathBuf> {
    let first = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    ];
    let mut all: Vec<PathBuf> = first.iter().map(|name| root().join(name)).collect();
    all.extend(pages_in(&root().join("docs")));
    all.extend(pages_in(&root().join("docs/decisions")));
    all
}

fn pages_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut pages: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    pages
}

/// A document without its blocks of code.
fn prose(document: &Path) -> String {
    let mut is_fenced = false;
    let mut kept = String::new();
    for line in read(document).lines() {
        if line.starts_with("```") {
            is_fenced = !is_fenced;
        } else if !is_fenced {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Its paragraphs, list items, headings and table cells, each on one line.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in text.lines() {
        let words = line.trim();
        let is_code = line.starts_with("    ") && blocks.last().is_some_and(String::is_empty);
        if words.is_empty() || is_code {
            blocks.push(String::new());
        } else if words.starts_with('|') {
            blocks.extend(words.split('|').map(|cell| cell.trim().to_owned()));
            blocks.push(String::new());
        } else {
            let item = ["- ", "* ", "# ", "## ", "### "];
            let is_numbered = words.split_once(". ").is_some_and(|(number, _)| {
                !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit())
            });
            let marker = item.iter().find(|marker| words.starts_with(**marker));
            let words = match marker {
                Some(marker) => &words[marker.len()..],
                None if is_numbered => words.split_once(". ").map_or(words, |(_, rest)| rest),
                None => words,
            };
            if marker.is_some() || is_numbered {
                blocks.push(String::new());
            }
            let block = blocks.last_mut().unwrap();
            if !block.is_empty() {
                block.push(' ');
            }
            block.push_str(words);
        }
    }
    let is_text = |block: &String| block.contains(char::is_alphanumeric);
    blocks.into_iter().filter(is_text).collect()
}

/// The sentences of a text; code is one word each, and a link is its text.
fn sentences(text: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    for block in blocks(text) {
        let plain = without_links(&without_code(&block)).replace("**", "");
        let mut sentence = String::new();
        let mut words = plain.split_whitespace().peekable();
        while let Some(word) = words.next() {
            if !sentence.is_empty() {
                sentence.push(' ');
            }
            sentence.push_str(word);
            let starts_anew = |next: &&str| !next.starts_with(|first: char| first.is_lowercase());
            let is_end = word.ends_with(['.', '!', '?', ')']) && ends_sentence(word);
            if is_end && words.peek().is_none_or(starts_anew) {
                sentences.push(std::mem::take(&mut sentence));
            }
        }
        if !sentence.is_empty() {
            sentences.push(sentence);
        }
    }
    sentences
}

fn ends_sentence(word: &str) -> bool {
    let bare = word.trim_end_matches([')', '"', '*']);
    bare.ends_with(['.', '!', '?']) && !["e.g.", "i.e.", "etc."].contains(&bare)
}

fn without_code(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let mut plain = String::new();
    for (index, part) in parts.iter().enumerate() {
        plain.push_str(if index % 2 == 0 { part } else { "CODE" });
    }
    plain
}

fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        plain.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain.replace("![", "").replace('[', "")
}

/// What stands between backticks, block by block.
fn code_spans(text: &str) -> Vec<String> {
    let odd = |block: String| -> Vec<String> {
        let parts = block.split('`').enumerate();
        parts
            .filter(|(index, _)| index % 2 == 1)
            .map(|(_, part)| part.trim_end_matches('/').to_owned())
            .collect()
    };
    blocks(text).into_iter().flat_map(odd).collect()
}

/// Where its links lead, those to other servers left out.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1);
    targets
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        // The last is the project's own page of releases, wherever it is kept.
        .filter(|target| !target.contains("://") && target != "../../releases")
        .collect()
}

fn leads_somewhere(document: &Path, link: &str) -> bool {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => document.to_owned(),
        file => document.parent().unwrap().join(file),
    };
    if !target.exists() {
        return false;
    }
    heading.is_empty() || headings(&read(&target)).iter().any(|one| one == heading)
}

/// The anchors of a page's headings.
fn headings(text: &str) -> Vec<String> {
    let titles = text.lines().filter(|line| line.starts_with('#'));
    titles
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter_map(|letter| match letter {
                ' ' => Some('-'),
                letter if letter.is_alphanumeric() || "-_".contains(letter) => Some(letter),
                _ => None,
            });
            kept.collect()
        })
        .collect()
}
