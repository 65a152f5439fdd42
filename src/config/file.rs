//! The configuration file: its settings, and what is wrong in it.

use std::io::ErrorKind;
use std::path::Path;

use clap::Args;
use serde::Deserialize;
use toml::de::DeTable;

use super::{ConfigError, PublicOptions, ServeOptions};
use crate::logging::{LogFormat, LogLevel};

/// Settings of every command that make sense in the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Global {
    pub public_url: Option<String>,
    pub log_format: Option<LogFormat>,
    pub log_level: Option<LogLevel>,
}

/// Their names, which those of `serve` are added to.
const GLOBAL: [&str; 3] = ["public-url", "log-format", "log-level"];

/// Options that say which file is read.
const NOT_IN_THE_FILE: [&str; 2] = ["data-dir", "config"];

/// Letters that may differ between a setting and what is taken for it.
const CLOSE: usize = 2;

/// The file, in the three parts that its settings belong to.
#[derive(Debug, Clone, Default)]
pub struct ConfigFile {
    pub global: Global,
    pub serve: ServeOptions,
    pub public: PublicOptions,
}

impl ConfigFile {
    /// Reads the file that was named, else the one in the data directory, where there is one.
    pub fn read(named: Option<&Path>, data_dir: &Path) -> Result<Self, ConfigError> {
        let path = named.map_or_else(|| data_dir.join("config.toml"), Path::to_owned);
        let shown = path.display().to_string();
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &shown),
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {
                Ok(Self::default())
            }
            Err(source) => Err(ConfigError::File {
                path: shown,
                source,
            }),
        }
    }

    fn parse(text: &str, path: &str) -> Result<Self, ConfigError> {
        let wrong = |at: usize, message: String| ConfigError::Unreadable {
            path: path.to_owned(),
            line: text[..at].matches('\n').count() + 1,
            message,
        };
        let unreadable = |error: toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start.min(text.len()));
            wrong(at, error.message().replace('\n', "; "))
        };
        let table = DeTable::parse(text).map_err(unreadable)?;
        for name in table.get_ref().keys() {
            if let Some(message) = unknown(name.get_ref()) {
                return Err(wrong(name.span().start, message));
            }
        }
        // Each part takes its own and leaves the others.
        Ok(Self {
            global: toml::from_str(text).map_err(unreadable)?,
            serve: toml::from_str(text).map_err(unreadable)?,
            public: toml::from_str(text).map_err(unreadable)?,
        })
    }
}

/// Every setting that the file may have.
pub fn settings() -> Vec<String> {
    let serve = ServeOptions::augment_args(clap::Command::new("serve"));
    let shown = serve.get_arguments().filter(|option| !option.is_hide_set());
    let options = shown.filter_map(clap::Arg::get_long);
    let of_serve = options.filter(|name| !name.starts_with("demo"));
    of_serve.chain(GLOBAL).map(str::to_owned).collect()
}

/// The fault of a name that no setting has.
fn unknown(name: &str) -> Option<String> {
    let settings = settings();
    if settings.iter().any(|setting| setting == name) {
        return None;
    }
    if NOT_IN_THE_FILE.contains(&name) {
        let variable = name.to_uppercase().replace('-', "_");
        return Some(format!(
            "{name} cannot be set here; use --{name} or ALGOHOOK_{variable}"
        ));
    }
    let closest = settings
        .iter()
        .map(|setting| (distance(name, setting), setting))
        .min()
        .filter(|(distance, _)| *distance <= CLOSE);
    let guess = closest.map_or_else(String::new, |(_, setting)| {
        format!("; did you mean \"{setting}\"?")
    });
    Some(format!("there is no setting \"{name:.40}\"{guess}"))
}

/// Letters to put in, take out or change to make one name of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.chars().enumerate() {
        let mut line = vec![row + 1];
        for (column, wanted) in other.iter().enumerate() {
            let changed = above[column] + usize::from(letter != *wanted);
            let fewest = changed.min(above[column + 1] + 1).min(line[column] + 1);
            line.push(fewest);
        }
        above = line;
    }
    above[other.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn the_distance_counts_letters_that_differ() {
        for (one, other, expected) in [
            ("domain", "domain", 0),
            ("domains", "domain", 1),
            ("public_url", "public-url", 1),
            ("rate-limt", "rate-limit", 1),
            ("", "abc", 3),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{one} {other}");
        }
    }
}
