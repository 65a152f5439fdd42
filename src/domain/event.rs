//! An event: one delivery to a webhook, kept for ever whatever came of it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Defines a number with a prefix, as `evt_123`.
macro_rules! numbered_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!($prefix, "_{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> std::result::Result<Self, NotAnId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
                    .and_then(|digits| digits.parse().ok())
                    .map(Self)
                    .ok_or(NotAnId { example: concat!($prefix, "_123") })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

pub(crate) use numbered_id;

/// A text that is no id of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id; one looks like {example}")]
pub struct NotAnId {
    /// An id of the right form.
    pub example: &'static str,
}

numbered_id! {
    /// The number of an event, `evt_123` outside; later events have larger ones.
    EventId, "evt"
}

/// Defines an enum whose variants have one text, used in SQL, JSON and the
/// command line alike.
macro_rules! text_enum {
    (
        $(#[$doc:meta])* $name:ident, $what:literal { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The one text of this value.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::domain::event::UnknownText;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::domain::event::UnknownText { what: $what, known: &[$($text),+] }),
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                let text = <::std::borrow::Cow<'de, str> as ::serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(::serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use text_enum;

/// An unknown text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownText {
    /// The kind of text that was expected.
    pub what: &'static str,
    /// Every text that would have done.
    pub known: &'static [&'static str],
}

impl fmt::Display for UnknownText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "unknown {}; it must be one of {}",
            self.what,
            self.known.join(", ")
        )
    }
}

impl std::error::Error for UnknownText {}

text_enum! {
    /// The status of a delivery.
    EventStatus, "event status" {
        /// Parsed, and made an order unless it was a test.
        Processed = "processed",
        /// The same delivery again; no second order.
        Duplicate = "duplicate",
        /// The webhook was paused.
        Ignored = "ignored",
        /// Malformed, or a field is missing or out of range.
        Failed = "failed",
        /// Beyond the webhook's limit; can still be processed by its owner.
        Limited = "limited",
    }
}

text_enum! {
    /// The source of an event.
    EventSource, "event source" {
        /// Posted to the webhook's URL.
        Webhook = "webhook",
        /// Sent by the owner to try it out; makes no order.
        Test = "test",
        /// Brought in by `algohook import alerts`.
        Imported = "imported",
        /// Made by the owner from an earlier event.
        Reprocessed = "reprocessed",
        /// Made by the owner to accept the position that TradingView states.
        Adjustment = "adjustment",
    }
}

/// Something about a delivery that its owner should know, although it was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable name for programs, such as `unknown_field`.
    pub code: String,
    /// The oddity, and the remedy.
    pub message: String,
}

impl Warning {
    /// A warning under a stable name.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
        }
    }
}
