//! Sums by address and by site, for limits that strangers share.
//!
//! One address may have a share and one site another, whatever it is that is limited: the slots of
//! connections and the memory for bodies are counted alike.

use std::collections::HashMap;
use std::net::IpAddr;

use super::client::{network_of, site_of};

/// The networks of a client that count as one address and as one site.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    address: IpAddr,
    site: IpAddr,
}

impl Origin {
    /// Those of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self {
            address: network_of(address),
            site: site_of(address),
        }
    }
}

/// Sums of what each address and each site takes; one that takes nothing is forgotten.
#[derive(Debug, Default)]
pub struct OriginTally {
    by_address: HashMap<IpAddr, usize>,
    by_site: HashMap<IpAddr, usize>,
}

impl OriginTally {
    /// The sum of an origin's address.
    #[must_use]
    pub fn of_address(&self, origin: Origin) -> usize {
        self.by_address.get(&origin.address).copied().unwrap_or(0)
    }

    /// The sum of an origin's site.
    #[must_use]
    pub fn of_site(&self, origin: Origin) -> usize {
        self.by_site.get(&origin.site).copied().unwrap_or(0)
    }

    /// True if nobody takes anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_address.is_empty() && self.by_site.is_empty()
    }

    /// Adds what an origin takes.
    pub fn add(&mut self, origin: Origin, amount: usize) {
        *self.by_address.entry(origin.address).or_default() += amount;
        *self.by_site.entry(origin.site).or_default() += amount;
    }

    /// Takes back what was added.
    pub fn take_back(&mut self, origin: Origin, amount: usize) {
        give_back(&mut self.by_address, origin.address, amount);
        give_back(&mut self.by_site, origin.site, amount);
    }
}

fn give_back(sums: &mut HashMap<IpAddr, usize>, key: IpAddr, amount: usize) {
    if let Some(sum) = sums.get_mut(&key) {
        *sum -= amount;
        if *sum == 0 {
            sums.remove(&key);
        }
    }
}
