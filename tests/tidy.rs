//! The modules of the library depend on each other in one direction only, as
//! ARCHITECTURE.md draws them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The modules that each module names.
type Uses = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_module_depends_on_itself_through_others() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let uses = uses_in(&source);
    assert!(
        uses["api"].contains("store"),
        "the modules are found: {uses:?}"
    );
    let cycles = cycles_in(uses);
    assert!(
        cycles.is_empty(),
        "modules that need each other: {cycles:?}"
    );
}

#[test]
fn modules_that_need_each_other_are_found() {
    let uses = |of: &[(&str, &[&str])]| -> Uses {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let named = |(name, used): &(&str, &[&str])| ((*name).to_owned(), owned(used));
        of.iter().map(named).collect()
    };
    let straight = uses(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])]);
    assert_eq!(cycles_in(straight), Uses::new());
    let bent = uses(&[("a", &["b"]), ("b", &["c"]), ("c", &["b", "d"]), ("d", &[])]);
    let left = uses(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])]);
    assert_eq!(cycles_in(bent), left);
}

/// What the modules right under `source` name of each other.
fn uses_in(source: &Path) -> Uses {
    let mut uses = Uses::new();
    for entry in fs::read_dir(source).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if module != "lib" && module != "main" {
            note_uses(&path, uses.entry(module).or_default());
        }
    }
    for (module, used) in &mut uses {
        used.remove(module);
    }
    uses
}

fn note_uses(path: &Path, uses: &mut BTreeSet<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            note_uses(&entry.unwrap().path(), uses);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs")
        && !path.ends_with("tests.rs")
    {
        let text = fs::read_to_string(path).unwrap();
        // Tests stand at the end, and may use what is above the module.
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        // Comments may point anywhere.
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let named = code.flat_map(|line| line.split("crate::").skip(1));
        uses.extend(named.map(|rest| {
            let is_in_name = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
            rest.chars().take_while(is_in_name).collect::<String>()
        }));
    }
}

/// What is left when each module that uses none of the others is taken away, again and
/// again: the cycles, and what leads to them.
fn cycles_in(mut uses: Uses) -> Uses {
    loop {
        let is_needless =
            |(name, used): (&String, &BTreeSet<String>)| used.is_empty().then(|| name.clone());
        let taken: Vec<String> = uses.iter().filter_map(is_needless).collect();
        if taken.is_empty() {
            return uses;
        }
        for name in &taken {
            uses.remove(name);
            for used in uses.values_mut() {
                used.remove(name);
            }
        }
    }
}
