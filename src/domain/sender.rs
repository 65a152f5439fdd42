//! The senders of alerts: anybody with the key, or TradingView only.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::event::text_enum;

text_enum! {
    /// The senders whose alerts are taken, given that they have the right key.
    SenderPolicy, "sender policy" {
        /// Anybody's.
        Any = "any",
        /// Those from TradingView's addresses.
        Address = "address",
        /// Those that showed TradingView's client certificate.
        Certificate = "certificate",
    }
}

text_enum! {
    /// The proof that TradingView sent a delivery.
    Verification, "verification" {
        /// It came from one of TradingView's addresses.
        Address = "address",
        /// It showed TradingView's client certificate, signed by the pinned key.
        Certificate = "certificate",
    }
}

/// The senders of alerts where a webhook names none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Senders {
    /// The senders whose alerts are taken.
    pub policy: SenderPolicy,
    /// The addresses that TradingView sends from.
    pub addresses: Vec<IpAddr>,
}

/// The addresses that TradingView has published.
pub const TRADINGVIEW_ADDRESSES: [[u8; 4]; 4] = [
    [52, 89, 214, 238],
    [34, 212, 75, 30],
    [54, 218, 53, 128],
    [52, 32, 178, 7],
];

impl Default for Senders {
    fn default() -> Self {
        Self {
            policy: SenderPolicy::Any,
            addresses: TRADINGVIEW_ADDRESSES.map(IpAddr::from).to_vec(),
        }
    }
}

impl Senders {
    /// True if the addresses are those that TradingView has published.
    #[must_use]
    pub fn are_published(&self) -> bool {
        let set = |addresses: &[IpAddr]| addresses.iter().copied().collect::<BTreeSet<_>>();
        set(&self.addresses) == set(&Self::default().addresses)
    }
}

impl SenderPolicy {
    /// True if a delivery is taken that showed this much.
    #[must_use]
    pub fn admits(self, verified: Option<Verification>) -> bool {
        match self {
            Self::Any => true,
            Self::Address => verified.is_some(),
            Self::Certificate => verified == Some(Verification::Certificate),
        }
    }
}
