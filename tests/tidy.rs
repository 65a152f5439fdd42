//! The rules of the house, as ARCHITECTURE.md draws them: which room may name which, where the
//! database is spoken to, what the domain does not know, and how long files and functions are.
//!
//! Each rule is a function over sources, so that it is shown to go red with made-up ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Every room and the rooms that it may name.
const ARROWS: &[(&str, &str)] = &[
    ("access", "clock domain logging secrets store"),
    (
        "acme",
        "config metrics outbound platform secrets text tls workers",
    ),
    ("analytics", "domain"),
    (
        "api",
        "access acme analytics clock compare config desk domain http imports ingest journal logging payload reports secrets \
         store templates tls vault workers",
    ),
    (
        "app",
        "access acme api chat clock config desk doctor domain forwards http ingest journal logging metrics notify outbound outbox platform \
         reports server store tls upstream vault workers",
    ),
    (
        "chat",
        "clock desk domain formats ingest journal logging notify outbound reports secrets store vault workers",
    ),
    (
        "cli",
        "access analytics app compare config demo desk doctor domain imports ingest journal logging outbound reports secrets server store templates text vault workers",
    ),
    ("clock", "platform"),
    ("compare", "analytics domain"),
    ("config", "logging outbound platform store"),
    (
        "demo",
        "access desk domain imports ingest journal platform secrets store templates",
    ),
    (
        "desk",
        "access clock domain formats forwards imports ingest journal notify payload secrets store templates vault",
    ),
    (
        "doctor",
        "acme config desk domain outbound platform server store text vault",
    ),
    ("domain", ""),
    ("formats", "domain secrets"),
    (
        "forwards",
        "clock domain formats outbound outbox store vault",
    ),
    ("http", "ingest"),
    ("imports", "domain payload"),
    (
        "ingest",
        "clock domain journal logging metrics payload store text",
    ),
    (
        "journal",
        "clock domain formats imports payload secrets store text",
    ),
    ("logging", ""),
    ("metrics", "domain"),
    (
        "notify",
        "clock domain formats outbound outbox store text vault",
    ),
    ("outbound", ""),
    ("outbox", "clock outbound secrets store workers"),
    ("payload", "domain"),
    ("platform", ""),
    ("reports", "analytics compare domain imports store text"),
    ("secrets", "domain"),
    (
        "server",
        "api config domain http ingest logging metrics platform store tls",
    ),
    ("store", "clock domain imports logging payload platform"),
    ("templates", "domain"),
    ("text", ""),
    ("tls", "metrics workers"),
    (
        "upstream",
        "clock domain journal logging outbound payload secrets store workers",
    ),
    ("vault", "secrets store text"),
    ("workers", "metrics"),
];

/// Rooms that speak to SQLite; others hand a connection on.
const SPEAK_SQL: &[&str] = &["store", "journal"];

/// Rooms that write into the audit log. What the owner does has its entry in `desk`; `access` and
/// `chat` note who came in or was refused, and which command was sent.
const AUDIT: &[&str] = &["access", "chat", "desk", "store"];

/// Files of the store that know what the writer remembers: the engine itself, and the outbox,
/// whose rows wake the senders once they are committed.
const KNOW_THE_WRITER: &[&str] = &[
    "store/mod.rs",
    "store/outbox/clock.rs",
    "store/outbox/put.rs",
    "store/outbox/settle.rs",
    "store/transactions.rs",
    "store/writer.rs",
];

/// Rooms that may open a connection to another machine.
const CONNECT: &[&str] = &["outbound"];

/// Rooms and files whose texts only someone at a terminal reads, or whoever configures a server.
const AT_THE_TERMINAL: &[&str] = &[
    "app/mod.rs",
    "app/listeners.rs",
    "app/store_run.rs",
    "cli/",
    "config",
    "doctor/",
    "server/",
];

/// The options and commands that other rooms may name, with the reason: the page has nothing
/// that does the same, or cannot be reached.
const ONLY_AT_THE_TERMINAL: &[(&str, &str, &str)] = &[
    ("api", "algohook token", "programs have no page"),
    ("api", "--scope", "of the tokens of programs"),
    ("api", "algohook user", "no page without a password"),
    ("api", "--public-url", "no page behind a wrong proxy"),
    ("store", "algohook user", "no page without a password"),
    ("store", "algohook setup-link", "no page without a password"),
    ("store", "algohook serve", "no page without a server"),
    ("store", "--data-dir", "no page without a database"),
    ("store", "algohook backup", "before a restore"),
    ("store", "algohook restore", "only while no server runs"),
    ("store", "--force", "of a restore"),
    ("store", "algohook compact", "only while no server runs"),
];

/// Words that say nothing of what a file or a type is, used alone.
const EMPTY_NAMES: &[&str] = &[
    "asked",
    "conditions",
    "found",
    "given",
    "info",
    "instead",
    "kept",
    "known",
    "left",
    "made",
    "mgr",
    "part",
    "place",
    "placed",
    "read",
    "recent",
    "room",
    "seen",
    "slow",
    "taken",
    "tested",
    "told",
];

/// Lines that a file has at most, its tests apart.
const LONGEST_FILE: usize = 500;

/// Lines that a function has at most.
const LONGEST_FUNCTION: usize = 80;

/// A source file: its path under `src`, and its code without comments and tests.
struct Source {
    path: String,
    code: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        // Tests stand at the end, and may use what is above the room.
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        let code: Vec<&str> = text.lines().filter(is_code).collect();
        Self {
            path: path.to_owned(),
            code: code.join("\n"),
        }
    }

    /// The folder or file right under `src`.
    fn room(&self) -> &str {
        let top = self.path.split('/').next().unwrap();
        top.strip_suffix(".rs").unwrap_or(top)
    }

    /// The names of its module and of those that it is in.
    fn module(&self) -> Vec<&str> {
        let path = self.path.strip_suffix(".rs").unwrap();
        let path = path.strip_suffix("/mod").unwrap_or(path);
        path.split('/').collect()
    }

    /// What it names of the crate, as far as names are written with `::`.
    fn paths(&self) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        for rest in self.code.split("use ").skip(1) {
            let tree: String = rest.split(';').next().unwrap().split_whitespace().collect();
            expand("", &tree, &mut paths);
        }
        for begin in ["crate::", "super::"] {
            let is_in_path = |letter: char| letter.is_alphanumeric() || "_:".contains(letter);
            for (at, _) in self.code.match_indices(begin) {
                let rest = &self.code[at..];
                let end = rest.find(|letter| !is_in_path(letter));
                paths.push(rest[..end.unwrap_or(rest.len())].to_owned());
            }
        }
        let absolute = |path: String| {
            let mut module: Vec<String> = self.module().into_iter().map(str::to_owned).collect();
            let mut names = path.split("::").peekable();
            match *names.peek()? {
                "crate" => module.clear(),
                "super" => {}
                _ => return None,
            }
            while let Some(name) = names.next_if(|name| ["crate", "super"].contains(name)) {
                if name == "super" {
                    module.pop();
                }
            }
            module.extend(names.map(str::to_owned));
            Some(module)
        };
        paths.into_iter().filter_map(absolute).collect()
    }

    /// The rooms that it names, its own left out.
    fn names(&self) -> BTreeSet<String> {
        let word = |text: &str| -> String {
            let is_in_name = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
            text.chars().take_while(is_in_name).collect()
        };
        let mut names = BTreeSet::new();
        for rest in self.code.split("crate::").skip(1) {
            match rest.strip_prefix('{').and_then(|list| list.split_once('}')) {
                Some((list, _)) => names.extend(list.split(',').map(|name| word(name.trim()))),
                None => {
                    names.insert(word(rest));
                }
            }
        }
        names.remove(self.room());
        names.remove("");
        names
    }
}

/// The paths of a `use`, whose spaces are gone.
fn expand(before: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((begin, list)) = tree.split_once('{') else {
        paths.push(format!("{before}{tree}"));
        return;
    };
    let list = list.strip_suffix('}').unwrap_or(list);
    let (mut depth, mut from) = (0, 0);
    for (at, letter) in list.char_indices().chain([(list.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&format!("{before}{begin}"), &list[from..at], paths);
                from = at + 1;
            }
            _ => {}
        }
    }
}

/// The sources of the library, without files that only hold tests.
fn sources() -> Vec<Source> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&source, &source, &mut found);
    assert!(found.len() > 200, "the sources are found: {}", found.len());
    found
}

fn collect(folder: &Path, source: &Path, found: &mut Vec<Source>) {
    let entries = fs::read_dir(folder).unwrap();
    let paths: BTreeSet<_> = entries.map(|entry| entry.unwrap().path()).collect();
    let is_test = |path: &Path| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let beside = [folder.join("mod.rs"), folder.with_extension("rs")];
        let declares = format!("#[cfg(test)]\nmod {name};");
        let mut parents = beside
            .iter()
            .filter_map(|parent| fs::read_to_string(parent).ok());
        parents.any(|parent| parent.contains(&declares))
    };
    for path in paths {
        if path.is_dir() {
            collect(&path, source, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") && !is_test(&path) {
            let under = path.strip_prefix(source).unwrap().to_str().unwrap();
            found.push(Source::new(
                &under.replace('\\', "/"),
                &fs::read_to_string(&path).unwrap(),
            ));
        }
    }
}

/// Names of rooms that a room may not name.
fn wrong_arrows(sources: &[Source]) -> Vec<String> {
    let allowed: BTreeMap<&str, BTreeSet<&str>> = ARROWS
        .iter()
        .map(|(room, named)| (*room, named.split_whitespace().collect()))
        .collect();
    let mut wrong = BTreeSet::new();
    for source in sources
        .iter()
        .filter(|source| !["lib", "main"].contains(&source.room()))
    {
        let Some(allowed) = allowed.get(source.room()) else {
            wrong.insert(format!("{} is no room of the list", source.room()));
            continue;
        };
        for name in source.names() {
            if !allowed.contains(name.as_str()) {
                wrong.insert(format!("{} names {name}", source.path));
            }
        }
    }
    wrong.into_iter().collect()
}

/// Arrows of the list that nothing uses any more.
fn unused_arrows(sources: &[Source]) -> Vec<String> {
    let mut unused = Vec::new();
    for (room, named) in ARROWS {
        let of_room = sources.iter().filter(|source| source.room() == *room);
        let used: BTreeSet<String> = of_room.flat_map(Source::names).collect();
        let others = named
            .split_whitespace()
            .filter(|name| !used.contains(*name));
        unused.extend(others.map(|name| format!("{room} -> {name}")));
    }
    unused
}

/// Files that name one of `words` outside the rooms that may.
fn named_outside(sources: &[Source], words: &[&str], rooms: &[&str]) -> Vec<String> {
    let is_outside = |source: &&Source| !rooms.contains(&source.room());
    let names = |source: &&Source| words.iter().any(|word| source.code.contains(word));
    let wrong = sources.iter().filter(is_outside).filter(names);
    wrong.map(|source| source.path.clone()).collect()
}

/// Options and commands that the texts of inner rooms name, each as `room: option`. The page and
/// the API say the same words and have neither; the command line adds its own (`cli/hints.rs`).
fn of_the_command_line(sources: &[Source], commands: &[String]) -> BTreeSet<(String, String)> {
    let is_at_terminal = |path: &str| AT_THE_TERMINAL.iter().any(|begin| path.starts_with(begin));
    let is_in_name = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '-';
    let word = |text: &str| -> String { text.chars().take_while(is_in_name).collect() };
    let is_option = |word: &String| word[2..].starts_with(|first: char| first.is_ascii_lowercase());
    let mut named = BTreeSet::new();
    for source in sources {
        if is_at_terminal(&source.path) {
            continue;
        }
        // A text goes on in the next line.
        let lines: Vec<&str> = source.code.split("\\\n").map(str::trim_start).collect();
        let code = lines.concat();
        let options = code.match_indices("--").map(|(at, _)| word(&code[at..]));
        let after = code.split("algohook ").skip(1).map(word);
        let of_commands = after.filter(|word| commands.contains(word));
        let of_commands = of_commands.map(|command| format!("algohook {command}"));
        let found = options.filter(is_option).chain(of_commands);
        named.extend(found.map(|text| (source.room().to_owned(), text)));
    }
    named
}

/// The names of all commands.
fn commands() -> Vec<String> {
    let line = algohook::cli::command();
    let commands = line.get_subcommands();
    commands
        .map(|command| command.get_name().to_owned())
        .collect()
}

fn long_files(sources: &[Source]) -> Vec<String> {
    let long = sources
        .iter()
        .filter(|source| source.code.lines().count() > LONGEST_FILE);
    long.map(|source| source.path.clone()).collect()
}

/// Functions that do not fit on a screen. As rustfmt writes them, a function ends with a brace
/// as deep as its first line.
fn long_functions(sources: &[Source]) -> Vec<String> {
    let mut long = Vec::new();
    for source in sources {
        let lines: Vec<&str> = source.code.lines().collect();
        for (begin, line) in lines.iter().enumerate() {
            let trimmed = line.trim_start();
            let before = trimmed.split_once("fn ").map(|(before, _)| before);
            let is_modifier = |word: &str| {
                word.starts_with("pub") || ["async", "const", "crate", "in"].contains(&word)
            };
            let is_function = before.is_some_and(|before| {
                before
                    .split([' ', '(', ')'])
                    .all(|word| word.is_empty() || is_modifier(word))
            });
            if !is_function || line.ends_with(['}', ';']) {
                continue;
            }
            let depth = &line[..line.len() - trimmed.len()];
            let end = lines[begin..]
                .iter()
                .position(|line| *line == format!("{depth}}}"));
            if end.is_some_and(|end| end + 1 > LONGEST_FUNCTION) {
                long.push(format!("{}: {trimmed}", source.path));
            }
        }
    }
    long
}

/// The rooms that are left when each that names none of the others is taken away, again and
/// again: the cycles, and the rooms that lead to them.
fn cycles(sources: &[Source]) -> Vec<String> {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources
        .iter()
        .filter(|source| !["lib", "main"].contains(&source.room()))
    {
        names
            .entry(source.room().to_owned())
            .or_default()
            .extend(source.names());
    }
    loop {
        let is_end =
            |(room, named): (&String, &BTreeSet<String>)| named.is_empty().then(|| room.clone());
        let taken: Vec<String> = names.iter().filter_map(is_end).collect();
        if taken.is_empty() {
            return names.into_keys().collect();
        }
        for room in &taken {
            names.remove(room);
            for named in names.values_mut() {
                named.remove(room);
            }
        }
    }
}

/// Folders inside a room that lead back to themselves over what lies beside them. A folder and
/// the file that it belongs to may name each other.
fn folder_cycles(sources: &[Source]) -> Vec<String> {
    let modules: BTreeSet<Vec<&str>> = sources.iter().map(Source::module).collect();
    let mut beside: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
    for source in sources {
        let module = source.module();
        for path in source.paths() {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let is_module = |length: &usize| modules.contains(&path[..*length]);
            let named = &path[..(0..=path.len()).rev().find(is_module).unwrap_or(0)];
            let pairs = module.iter().zip(named);
            let common = pairs.take_while(|(one, other)| one == other).count();
            if common > 0 && common < module.len() && common < named.len() {
                let unit = |of: &[&str]| of[..=common].iter().map(|&name| name.into()).collect();
                beside.entry(unit(&module)).or_default().insert(unit(named));
            }
        }
    }
    let is_folder = |unit: &Vec<String>| {
        let mut longer = modules.iter().filter(|module| module.len() > unit.len());
        longer.any(|module| unit.iter().zip(module).all(|(one, other)| one == other))
    };
    let leads_back = |unit: &&Vec<String>| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![*unit]);
        while let Some(from) = next.pop() {
            let named = beside.get(from).into_iter().flatten();
            next.extend(named.filter(|named| seen.insert(*named)));
        }
        seen.contains(*unit)
    };
    let folders = beside.keys().filter(|unit| is_folder(unit));
    let cyclic = folders.filter(leads_back);
    cyclic.map(|unit| unit.join("/")).collect()
}

/// Modules that have a file and, beside it, a folder of the same name: `mod.rs` is in the folder.
fn two_forms(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let folder = source.path.replace(".rs", "/");
        if sources.iter().any(|other| other.path.starts_with(&folder)) {
            wrong.push(format!("{}: belongs into {folder}mod.rs", source.path));
        }
    }
    wrong
}

/// Files and types whose name is one of the words that say nothing.
fn empty_names(sources: &[Source]) -> Vec<String> {
    let is_empty = |name: &str| EMPTY_NAMES.contains(&name.to_lowercase().as_str());
    let mut wrong = Vec::new();
    for source in sources {
        let module = source.module();
        if module.last().is_some_and(|name| is_empty(name)) {
            wrong.push(source.path.clone());
        }
        let mut words = source
            .code
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        while let Some(word) = words.next() {
            if !["struct", "enum", "trait", "type"].contains(&word) {
                continue;
            }
            let name = words.next().unwrap_or_default();
            if is_empty(name) {
                wrong.push(format!("{}: {name}", source.path));
            }
        }
    }
    wrong
}

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn rooms_name_only_what_they_may() {
    let sources = sources();
    assert_eq!(wrong_arrows(&sources), nothing());
    assert_eq!(unused_arrows(&sources), nothing());
    assert_eq!(cycles(&sources), nothing());
    assert_eq!(folder_cycles(&sources), nothing());
}

#[test]
fn a_wrong_arrow_and_a_cycle_are_found() {
    let straight = [
        Source::new("api/a.rs", "use crate::store::Store;"),
        Source::new("store/b.rs", "use crate::{clock::Clock, domain};"),
        Source::new(
            "domain/c.rs",
            "// as crate::store says\n#[cfg(test)]\nmod tests {\nuse crate::store;",
        ),
    ];
    assert_eq!(wrong_arrows(&straight), nothing());
    assert_eq!(
        cycles(&straight[1..2]),
        ["store"],
        "what it names is not there"
    );
    let bent = [
        Source::new("store/b.rs", "use crate::domain::event;"),
        Source::new("domain/c.rs", "fn upwards() { crate::store::open() }"),
        Source::new("cellar.rs", ""),
    ];
    assert_eq!(
        wrong_arrows(&bent),
        ["cellar is no room of the list", "domain/c.rs names store"]
    );
    assert_eq!(cycles(&bent), ["domain", "store"]);
    assert!(unused_arrows(&bent).contains(&"store -> clock".to_owned()));
}

#[test]
fn a_cycle_of_folders_is_found() {
    let of = |below: &str| {
        [
            Source::new("payload/mod.rs", "mod fields;\nuse fields::one;"),
            Source::new("payload/fields/mod.rs", "use super::{Parsed, hints};"),
            Source::new("payload/fields/size.rs", below),
            Source::new("payload/hints.rs", "use crate::payload::error::{A, B};"),
            Source::new("payload/error.rs", "fn a() { super::key::find() }"),
            Source::new(
                "payload/key.rs",
                "use super::{\n    error::C,\n    fields::{size, mod_a::Name},\n};",
            ),
        ]
    };
    let straight = of("use super::super::Parsed;");
    assert_eq!(folder_cycles(&straight[..4]), nothing());
    assert_eq!(folder_cycles(&straight), ["payload/fields"]);
    let apart = [
        Source::new("a/one/b.rs", "use crate::a::two::c;"),
        Source::new("a/two/c.rs", "use super::super::one::b;"),
    ];
    assert_eq!(folder_cycles(&apart[..1]), nothing());
    assert_eq!(folder_cycles(&apart), ["a/one", "a/two"]);
}

#[test]
fn acts_are_noted_where_they_are_done() {
    let sources = sources();
    assert_eq!(named_outside(&sources, &["audit::note"], AUDIT), nothing());
    let of_store = sources.iter().filter(|source| source.room() == "store");
    let know = of_store.filter(|source| source.code.contains("WriteContext"));
    let know: Vec<&str> = know.map(|source| source.path.as_str()).collect();
    assert_eq!(know, KNOW_THE_WRITER);
}

#[test]
fn sqlite_and_the_network_have_their_rooms() {
    let sources = sources();
    assert_eq!(named_outside(&sources, &["rusqlite"], SPEAK_SQL), nothing());
    let outward = ["TcpStream::connect", "HttpConnector", "hyper::client"];
    assert_eq!(named_outside(&sources, &outward, CONNECT), nothing());
    let made_up = [
        Source::new("api/a.rs", "use rusqlite::Connection;"),
        Source::new("store/b.rs", "use rusqlite::Connection;"),
    ];
    assert_eq!(
        named_outside(&made_up, &["rusqlite"], SPEAK_SQL),
        ["api/a.rs"]
    );
}

#[test]
fn the_domain_knows_no_sql_http_clock_or_api() {
    let foreign = [
        "rusqlite",
        "hyper",
        "tokio",
        "SystemTime",
        "Timestamp::now",
        "Instant::now",
        "SELECT ",
        "utoipa",
        "ToSchema",
    ];
    let others: Vec<&str> = ARROWS
        .iter()
        .map(|(room, _)| *room)
        .filter(|room| *room != "domain")
        .collect();
    assert_eq!(named_outside(&sources(), &foreign, &others), nothing());
    let made_up = [Source::new("domain/a.rs", "let now = Timestamp::now();")];
    assert_eq!(named_outside(&made_up, &foreign, &others), ["domain/a.rs"]);
}

#[test]
fn texts_of_inner_rooms_name_no_option_and_no_command() {
    let allowed = ONLY_AT_THE_TERMINAL.iter();
    let allowed = allowed.map(|(room, text, _)| ((*room).to_owned(), (*text).to_owned()));
    let allowed: BTreeSet<(String, String)> = allowed.collect();
    assert_eq!(of_the_command_line(&sources(), &commands()), allowed);
}

#[test]
fn an_option_and_a_command_in_a_text_are_found() {
    let texts = [
        ("reports/a.rs", "\"name it (--ticker): it has {0}\""),
        (
            "imports/b.rs",
            "\"import it first: algohook \\\n         import trades FILE\"",
        ),
        ("store/c.rs", "// as --force does\n\"nothing\""),
        ("payload/d.rs", "\"none that algohook knows -- or reads\""),
        ("cli/e.rs", "\"(--ticker)\""),
        ("app/telling.rs", "\"algohook outbox shows them\""),
    ];
    let made_up = texts.map(|(path, text)| Source::new(path, text));
    let found = of_the_command_line(&made_up, &commands());
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(room, text)| (&**room, &**text))
        .collect();
    assert_eq!(
        found,
        [
            ("app", "algohook outbox"),
            ("imports", "algohook import"),
            ("reports", "--ticker")
        ]
    );
}

#[test]
fn files_have_one_idea_and_functions_fit_on_a_screen() {
    let sources = sources();
    assert_eq!(long_files(&sources), nothing());
    assert_eq!(long_functions(&sources), nothing());
}

#[test]
fn modules_have_one_form_and_names_say_what_is_in_them() {
    let sources = sources();
    assert_eq!(two_forms(&sources), nothing());
    assert_eq!(empty_names(&sources), nothing());
}

#[test]
fn a_second_form_and_an_empty_name_are_found() {
    let sources = [
        Source::new("api/files.rs", "pub struct Found {\n}"),
        Source::new("api/files/recent.rs", "type Foundation = u8;"),
    ];
    let form = "api/files.rs: belongs into api/files/mod.rs";
    assert_eq!(two_forms(&sources), [form]);
    let names = ["api/files.rs: Found", "api/files/recent.rs"];
    assert_eq!(empty_names(&sources), names);
}

#[test]
fn a_long_file_and_a_long_function_are_found() {
    let body = |lines: usize| {
        format!(
            "impl A {{\n    pub(crate) async fn long(\n    ) {{\n{}    }}\n}}\n",
            "        a();\n".repeat(lines)
        )
    };
    let source = |lines| [Source::new("api/a.rs", &body(lines))];
    assert_eq!(long_functions(&source(LONGEST_FUNCTION - 3)), nothing());
    assert_eq!(long_functions(&source(LONGEST_FUNCTION - 2)).len(), 1);
    assert_eq!(long_files(&source(LONGEST_FILE - 5)), nothing());
    assert_eq!(long_files(&source(LONGEST_FILE - 4)), ["api/a.rs"]);
}
