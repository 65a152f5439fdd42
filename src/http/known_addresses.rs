//! The addresses that are no strangers': TradingView's, and those that showed a right key of late.
//!
//! Slots for connections and memory for bodies are kept for them, so that no number of strangers
//! keeps an alert out. In memory only: after a start TradingView's are known, and the others again
//! with their first alert.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::client::network_of;
use crate::ingest::Registry;

/// Addresses that are remembered; more take the place of the one that was silent longest.
const MOST: usize = 64;

/// Time for which an address is remembered after it showed a right key.
const REMEMBERED: Duration = Duration::from_hours(24);

/// The acquaintance with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acquaintance {
    /// Nothing is known of it.
    Stranger,
    /// It showed a right key or a login of late.
    Familiar,
    /// It is one of TradingView's.
    TradingView,
}

/// The addresses that are no strangers'.
#[derive(Debug, Default)]
pub struct KnownAddresses {
    registry: Arc<Registry>,
    familiar: Mutex<HashMap<IpAddr, Instant>>,
}

impl KnownAddresses {
    /// Knows TradingView's addresses, as the setting of senders has them.
    #[must_use]
    pub fn new(registry: Arc<Registry>) -> Self {
        Self {
            registry,
            familiar: Mutex::default(),
        }
    }

    /// Remembers an address that showed a right key or a login.
    pub fn note(&self, address: IpAddr) {
        let address = network_of(address);
        let mut familiar = self.familiar();
        if familiar.len() >= MOST && !familiar.contains_key(&address) {
            let longest_silent = familiar.iter().min_by_key(|(_, seen)| **seen);
            if let Some(longest_silent) = longest_silent.map(|(address, _)| *address) {
                familiar.remove(&longest_silent);
            }
        }
        familiar.insert(address, Instant::now());
    }

    /// The acquaintance with an address.
    #[must_use]
    pub fn acquaintance(&self, address: IpAddr) -> Acquaintance {
        if self.registry.senders().has_address(address) {
            return Acquaintance::TradingView;
        }
        match self.familiar().get(&network_of(address)) {
            Some(seen) if seen.elapsed() < REMEMBERED => Acquaintance::Familiar,
            _ => Acquaintance::Stranger,
        }
    }

    fn familiar(&self) -> MutexGuard<'_, HashMap<IpAddr, Instant>> {
        // An entry is whole whatever another thread did.
        self.familiar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tradingview_is_known_and_others_after_their_first_right_key() {
        let known = KnownAddresses::default();
        let of_tradingview = "52.89.214.238".parse().unwrap();
        assert_eq!(
            known.acquaintance(of_tradingview),
            Acquaintance::TradingView
        );
        let own: IpAddr = "2001:db8::1".parse().unwrap();
        assert_eq!(known.acquaintance(own), Acquaintance::Stranger);
        known.note(own);
        let neighbour = "2001:db8::2".parse().unwrap();
        assert_eq!(known.acquaintance(neighbour), Acquaintance::Familiar);
        let elsewhere = "2001:db8:0:1::1".parse().unwrap();
        assert_eq!(known.acquaintance(elsewhere), Acquaintance::Stranger);
    }

    #[test]
    fn no_number_of_addresses_takes_more_memory() {
        let known = KnownAddresses::default();
        for number in 0..200 {
            known.note(IpAddr::from([203, 0, 113, number]));
        }
        assert_eq!(known.familiar().len(), MOST);
        let newest = IpAddr::from([203, 0, 113, 199]);
        assert_eq!(known.acquaintance(newest), Acquaintance::Familiar);
    }
}
