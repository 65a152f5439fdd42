//! Files that a trader brings in.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{DataDir, Webhook};

/// A file of a data directory, to be imported.
pub fn file(data: &DataDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = data.database().with_file_name(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// Imports a file; returns what the command says of its kind.
pub fn import(data: &DataDir, kind: &str, path: &Path, webhook: &Webhook, more: &[&str]) -> Value {
    let more = [&["--json"], more].concat();
    data.json(&arguments(kind, path, webhook, &more))[kind].clone()
}

/// The message with which the import of a file is refused.
pub fn refused(
    data: &DataDir,
    kind: &str,
    path: &Path,
    webhook: &Webhook,
    more: &[&str],
) -> String {
    data.error(&arguments(kind, path, webhook, more))
}

/// The arguments of an import.
pub fn arguments<'a>(
    kind: &'a str,
    path: &'a Path,
    webhook: &'a Webhook,
    more: &[&'a str],
) -> Vec<&'a str> {
    let path = path.to_str().unwrap();
    [&["import", kind, path, "--webhook", &webhook.id], more].concat()
}
