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
    let path = path.to_str().unwrap();
    let mut arguments = vec!["import", kind, path, "--webhook", &webhook.id, "--json"];
    arguments.extend(more);
    data.json(&arguments)[kind].clone()
}
