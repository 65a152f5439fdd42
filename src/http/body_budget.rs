//! A limit on the memory of all bodies of requests together: strangers can begin to send
//! thousands of them and never end.
//!
//! One address has a small share, so that a few of them cannot take everything, and an
//! eighth is kept for the addresses that are no strangers'.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::known_addresses::{Acquaintance, KnownAddresses};
use super::origin_tally::{Origin, OriginTally};

/// Bytes that all bodies may take together.
const ALL: usize = 16 * 1024 * 1024;

/// Bytes that the bodies of all strangers may take together.
const OF_STRANGERS: usize = ALL / 8 * 7;

/// Bytes that the bodies from one stranger's address may take: forty of the largest alerts.
const OF_AN_ADDRESS: usize = ALL / 16;

/// The same for all addresses of a /48 of IPv6.
const OF_A_SITE: usize = ALL / 8;

/// The same for an address that showed a right key of late.
const OF_A_FAMILIAR: usize = ALL / 4;

/// Counts the bytes of bodies that are read or worked on.
#[derive(Debug, Default)]
pub struct BodyBudget {
    known: Arc<KnownAddresses>,
    taken: Mutex<BytesInUse>,
}

#[derive(Debug, Default)]
struct BytesInUse {
    all: usize,
    by_strangers: usize,
    by_origin: OriginTally,
}

/// The share of the budget that one body takes, until it is dropped.
#[derive(Debug)]
pub struct BodyShare {
    budget: Arc<BodyBudget>,
    acquaintance: Acquaintance,
    origin: Origin,
    bytes: usize,
}

impl BodyBudget {
    /// A budget that keeps a share for known addresses.
    #[must_use]
    pub fn new(known: Arc<KnownAddresses>) -> Self {
        Self {
            known,
            taken: Mutex::default(),
        }
    }

    /// A share for a body from an address: empty yet.
    #[must_use]
    pub fn share(self: &Arc<Self>, address: IpAddr) -> BodyShare {
        BodyShare {
            budget: Arc::clone(self),
            acquaintance: self.known.acquaintance(address),
            origin: Origin::of(address),
            bytes: 0,
        }
    }

    fn taken(&self) -> MutexGuard<'_, BytesInUse> {
        // Sums are whole whatever another thread did.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BodyShare {
    /// Takes more bytes; false if too few are left.
    #[must_use]
    pub fn grow(&mut self, bytes: usize) -> bool {
        let mut taken = self.budget.taken();
        if !self.fits(&taken, bytes) {
            return false;
        }
        taken.all += bytes;
        if self.acquaintance == Acquaintance::Stranger {
            taken.by_strangers += bytes;
        }
        taken.by_origin.add(self.origin, bytes);
        self.bytes += bytes;
        true
    }

    fn fits(&self, taken: &BytesInUse, bytes: usize) -> bool {
        let of_address = taken.by_origin.of_address(self.origin) + bytes;
        let of_site = taken.by_origin.of_site(self.origin) + bytes;
        taken.all + bytes <= ALL
            && match self.acquaintance {
                Acquaintance::TradingView => true,
                Acquaintance::Familiar => of_address <= OF_A_FAMILIAR,
                Acquaintance::Stranger => {
                    of_address <= OF_AN_ADDRESS
                        && of_site <= OF_A_SITE
                        && taken.by_strangers + bytes <= OF_STRANGERS
                }
            }
    }
}

impl Drop for BodyShare {
    fn drop(&mut self) {
        let mut taken = self.budget.taken();
        taken.all -= self.bytes;
        if self.acquaintance == Acquaintance::Stranger {
            taken.by_strangers -= self.bytes;
        }
        taken.by_origin.take_back(self.origin, self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: usize = 25_000;

    fn shares_of(budget: &Arc<BodyBudget>, address: IpAddr) -> Vec<BodyShare> {
        let mut parts = Vec::new();
        loop {
            let mut share = budget.share(address);
            if !share.grow(BODY) {
                return parts;
            }
            parts.push(share);
        }
    }

    #[test]
    fn no_number_of_strangers_takes_the_room_that_is_kept_for_tradingview() {
        let budget = Arc::new(BodyBudget::default());
        let stranger = |host: u8| IpAddr::from([203, 0, 113, host]);
        let first = shares_of(&budget, stranger(1));
        assert_eq!(first.len(), OF_AN_ADDRESS / BODY);
        let others: Vec<_> = (2..100)
            .flat_map(|host| shares_of(&budget, stranger(host)))
            .collect();
        assert_eq!(first.len() + others.len(), OF_STRANGERS / BODY);
        let of_tradingview = shares_of(&budget, IpAddr::from([52, 89, 214, 238]));
        assert!(of_tradingview.len() >= (ALL - OF_STRANGERS) / BODY);
        drop(first);
        assert!(!shares_of(&budget, stranger(1)).is_empty());
        drop((others, of_tradingview));
        let taken = budget.taken();
        assert!(taken.all == 0 && taken.by_strangers == 0);
        assert!(taken.by_origin.is_empty());
    }

    #[test]
    fn a_site_of_many_networks_has_one_share() {
        let budget = Arc::new(BodyBudget::default());
        let parts: Vec<_> = (0..100_u16)
            .map(|network| IpAddr::from([0x2001, 0xdb8, 1, network, 0, 0, 0, 1]))
            .flat_map(|address| shares_of(&budget, address))
            .collect();
        assert_eq!(parts.len(), OF_A_SITE / BODY);
    }

    #[test]
    fn an_address_that_showed_a_right_key_has_a_larger_share() {
        let known = Arc::new(KnownAddresses::default());
        let budget = Arc::new(BodyBudget::new(Arc::clone(&known)));
        let own = IpAddr::from([203, 0, 113, 9]);
        known.note(own);
        assert_eq!(shares_of(&budget, own).len(), OF_A_FAMILIAR / BODY);
    }
}
