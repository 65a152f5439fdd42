//! How many connections one address may have: a single stranger must not take
//! every place that there is.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::client::network_of;

/// Places that one address may always have.
const LEAST: usize = 8;

/// The open connections by address; empty where nobody is connected.
#[derive(Debug)]
pub struct PerAddress {
    most: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection that is counted until it is dropped.
#[derive(Debug)]
pub struct Counted {
    address: IpAddr,
    counts: Arc<PerAddress>,
}

impl PerAddress {
    /// A quarter of all places for each address.
    #[must_use]
    pub fn quarter_of(places: usize) -> Arc<Self> {
        Arc::new(Self {
            most: (places / 4).max(LEAST),
            open: Mutex::default(),
        })
    }

    /// Counts a connection, unless its address has as many as it may.
    #[must_use]
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Counted> {
        let address = network_of(address);
        let mut open = self.open();
        let count = open.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        drop(open);
        Some(Counted {
            address,
            counts: Arc::clone(self),
        })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // Counts are whole whatever another thread did.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.counts.open();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_share_and_gives_it_back() {
        let counts = PerAddress::quarter_of(40);
        let (one, other) = (
            IpAddr::from([203, 0, 113, 9]),
            IpAddr::from([203, 0, 113, 10]),
        );
        let mut held: Vec<Counted> = (0..10).filter_map(|_| counts.admit(one)).collect();
        assert_eq!(held.len(), 10);
        assert!(counts.admit(one).is_none());
        assert!(counts.admit(other).is_some());
        held.pop();
        assert!(counts.admit(one).is_some());
        held.clear();
        assert!(counts.open().is_empty());
    }
}
