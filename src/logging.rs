//! Logs on standard error, as text or JSON; secrets never get here.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use serde::Deserialize;
use tracing::level_filters::LevelFilter;

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// The level of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Failures only.
    Error,
    /// And what is odd.
    Warn,
    /// And what the server does.
    #[default]
    Info,
    /// And every connection that ends early.
    Debug,
}

/// Starts logging; to be called once.
pub fn start(format: LogFormat, level: LogLevel) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(level)
        .with_target(false);
    match format {
        LogFormat::Text => builder
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .init(),
        LogFormat::Json => builder.json().init(),
    }
}

/// The time between two lines of one [`Rarely`].
const RARE: Duration = Duration::from_mins(1);

/// A line of the log that others can cause: written once a minute at most, however often it
/// happens, so that nobody fills a disk with it.
///
/// ```
/// use algohook::logging::Rarely;
///
/// static REFUSED: Rarely = Rarely::new();
/// if let Some(unsaid) = REFUSED.say() {
///     tracing::warn!(unsaid, "a request was refused");
/// }
/// assert_eq!(REFUSED.say(), None);
/// ```
#[derive(Debug)]
pub struct Rarely(Mutex<Said>);

#[derive(Debug)]
struct Said {
    last: Option<Instant>,
    unsaid: u64,
}

impl Rarely {
    /// A line that was not written yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(Said {
            last: None,
            unsaid: 0,
        }))
    }

    /// Says whether to write the line now, with how often it was left out since the last one.
    #[must_use]
    pub fn say(&self) -> Option<u64> {
        self.say_at(Instant::now())
    }

    fn say_at(&self, now: Instant) -> Option<u64> {
        // The two are whole whatever another thread did.
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said
            .last
            .is_some_and(|last| now.saturating_duration_since(last) < RARE)
        {
            said.unsaid += 1;
            return None;
        }
        said.last = Some(now);
        Some(std::mem::take(&mut said.unsaid))
    }
}

impl Default for Rarely {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_once_a_minute_and_says_how_often_it_was_left_out() {
        let line = Rarely::new();
        let begun = Instant::now();
        assert_eq!(line.say_at(begun), Some(0));
        for seconds in 1..60 {
            assert_eq!(line.say_at(begun + Duration::from_secs(seconds)), None);
        }
        assert_eq!(line.say_at(begun + RARE), Some(59));
        assert_eq!(line.say_at(begun + 2 * RARE), Some(0));
    }
}
