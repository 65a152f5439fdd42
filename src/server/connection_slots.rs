//! The slots of a listener: who gets one, and who has to go for another.
//!
//! Anybody can open connections and say nothing, or read nothing. So strangers never have
//! all slots, one address of theirs has a small share, and where all of them are taken the
//! oldest stranger goes: an alert is through in less time than anybody needs to push it out.
//! The owner's own and TradingView's connections are nobody's to take.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::http::origin_tally::{Origin, OriginTally};
use crate::http::standing::Standing;

/// Slots that one address may always have.
const LEAST: usize = 8;

/// The room that a client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// A share for the address and one for the site, and the first to go.
    Stranger,
    /// A larger share: the address showed a right key of late.
    Familiar,
    /// No share: TradingView, a trusted proxy, a program of this machine.
    Own,
}

/// The decision about a connection that came.
#[derive(Debug)]
pub enum Admission {
    /// A slot.
    Slot(Slot),
    /// None, since its address or all strangers have as many as they may.
    Refused,
    /// None until somebody leaves.
    Full,
}

/// Limits on the number of connections.
#[derive(Debug)]
struct Shares {
    all: usize,
    of_strangers: usize,
    of_an_address: usize,
    of_a_site: usize,
    of_a_familiar: usize,
}

/// The open connections of a listener.
#[derive(Debug)]
pub struct Slots {
    shares: Shares,
    open: Mutex<Open>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    connections: BTreeMap<u64, Origin>,
    /// Those of strangers, the oldest first, and of those that were strangers a while ago.
    strangers: BTreeMap<u64, Arc<Standing>>,
    by_origin: OriginTally,
}

/// A slot, taken until it is dropped.
#[derive(Debug)]
pub struct Slot {
    number: u64,
    standing: Arc<Standing>,
    slots: Arc<Slots>,
}

impl Slots {
    /// So many slots.
    #[must_use]
    pub fn new(all: usize) -> Arc<Self> {
        let shares = Shares {
            all,
            of_strangers: all - all / 8,
            of_an_address: (all / 16).max(LEAST),
            of_a_site: (all / 8).max(LEAST),
            of_a_familiar: (all / 4).max(LEAST),
        };
        Arc::new(Self {
            shares,
            open: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// Gives a connection its slot, where need be that of the oldest stranger.
    #[must_use]
    pub fn admit(self: &Arc<Self>, peer: IpAddr, rank: Rank) -> Admission {
        let origin = Origin::of(peer);
        let mut open = self.open();
        if self.shares.is_used_up(&open.by_origin, origin, rank) {
            return Admission::Refused;
        }
        if rank == Rank::Stranger && open.strangers.len() >= self.shares.of_strangers {
            open.forget_proven();
            if open.strangers.len() >= self.shares.of_strangers && !open.evict_oldest() {
                return Admission::Refused;
            }
        }
        if open.connections.len() >= self.shares.all && !open.evict_oldest() {
            return match rank {
                Rank::Stranger => Admission::Refused,
                Rank::Familiar | Rank::Own => Admission::Full,
            };
        }
        let standing = Arc::new(Standing::default());
        let number = open.add(origin, (rank == Rank::Stranger).then_some(&standing));
        drop(open);
        Admission::Slot(Slot {
            number,
            standing,
            slots: Arc::clone(self),
        })
    }

    /// Ends the connection of the oldest stranger; false if no stranger is connected.
    pub fn evict_oldest(&self) -> bool {
        self.open().evict_oldest()
    }

    /// Ends when somebody has left since the last time.
    pub async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Number of slots that are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.open().connections.len()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // Counts are whole whatever another thread did.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shares {
    fn is_used_up(&self, open: &OriginTally, origin: Origin, rank: Rank) -> bool {
        let of_address = open.of_address(origin);
        match rank {
            Rank::Own => false,
            Rank::Familiar => of_address >= self.of_a_familiar,
            Rank::Stranger => {
                of_address >= self.of_an_address || open.of_site(origin) >= self.of_a_site
            }
        }
    }
}

impl Open {
    fn add(&mut self, origin: Origin, stranger: Option<&Arc<Standing>>) -> u64 {
        let number = self.next;
        self.next += 1;
        if let Some(standing) = stranger {
            self.strangers.insert(number, Arc::clone(standing));
        }
        self.by_origin.add(origin, 1);
        self.connections.insert(number, origin);
        number
    }

    /// Frees a slot; one of an evicted connection was freed before.
    fn remove(&mut self, number: u64) {
        let Some(origin) = self.connections.remove(&number) else {
            return;
        };
        self.strangers.remove(&number);
        self.by_origin.take_back(origin, 1);
    }

    /// Lets go of those that are strangers no more.
    fn forget_proven(&mut self) {
        self.strangers.retain(|_, standing| standing.is_stranger());
    }

    fn evict_oldest(&mut self) -> bool {
        let mut strangers = self.strangers.iter();
        let oldest = strangers.find_map(|(number, standing)| standing.evict().then_some(*number));
        match oldest {
            Some(number) => {
                self.remove(number);
                true
            }
            None => false,
        }
    }
}

impl Slot {
    /// The standing of its holder.
    #[must_use]
    pub fn standing(&self) -> &Arc<Standing> {
        &self.standing
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.open().remove(self.number);
        self.slots.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: u8) -> IpAddr {
        IpAddr::from([203, 0, 113, host])
    }

    fn slot(admission: Admission) -> Slot {
        match admission {
            Admission::Slot(slot) => slot,
            other => panic!("no slot: {other:?}"),
        }
    }

    #[test]
    fn an_address_gets_its_share_and_gives_it_back() {
        let slots = Slots::new(256);
        let admit = || slots.admit(address(1), Rank::Stranger);
        let mut held: Vec<Slot> = (0..16).map(|_| slot(admit())).collect();
        assert!(matches!(admit(), Admission::Refused));
        let other = slots.admit(address(2), Rank::Stranger);
        assert!(matches!(other, Admission::Slot(_)));
        held.pop();
        held.push(slot(admit()));
        drop((held, other));
        let open = slots.open();
        assert!(open.connections.is_empty() && open.strangers.is_empty());
        assert!(open.by_origin.is_empty());
    }

    #[test]
    fn the_networks_of_one_site_share() {
        let slots = Slots::new(256);
        let admit = |network: u16| {
            let address = IpAddr::from([0x2001, 0xdb8, 1, network, 0, 0, 0, 1]);
            slots.admit(address, Rank::Stranger)
        };
        let held: Vec<Slot> = (0..32).map(|network| slot(admit(network))).collect();
        assert!(matches!(admit(32), Admission::Refused));
        drop(held);
    }

    #[test]
    fn where_strangers_have_all_their_places_the_oldest_goes_for_a_newcomer() {
        let slots = Slots::new(64);
        let held: Vec<Slot> = (0..56)
            .map(|host| slot(slots.admit(address(host), Rank::Stranger)))
            .collect();
        held[0].standing().prove();
        let in_hand = held[1].standing().in_hand().hold();
        // The first is a stranger no more, so there is room for one more of them.
        let first = slot(slots.admit(address(100), Rank::Stranger));
        let second = slot(slots.admit(address(101), Rank::Stranger));
        let gone: Vec<usize> = (0..56)
            .filter(|index| held[*index].standing().is_evicted())
            .collect();
        // Nor does one go whose alert is in hand.
        assert_eq!(gone, [2]);
        assert_eq!(slots.taken(), 57);
        drop((in_hand, first, second, held));
        assert_eq!(slots.taken(), 0);
    }

    #[test]
    fn places_are_kept_for_those_who_are_known() {
        let slots = Slots::new(64);
        let strangers: Vec<Slot> = (0..56)
            .map(|host| slot(slots.admit(address(host), Rank::Stranger)))
            .collect();
        let own: Vec<Slot> = (0..8)
            .map(|_| slot(slots.admit(address(200), Rank::Own)))
            .collect();
        let is_none_gone = |held: &[Slot]| held.iter().all(|held| !held.standing().is_evicted());
        assert!(is_none_gone(&strangers));
        // Beyond those the strangers make room.
        let more: Vec<Slot> = (0..56)
            .map(|_| slot(slots.admit(address(200), Rank::Own)))
            .collect();
        assert!(strangers.iter().all(|held| held.standing().is_evicted()));
        assert!(is_none_gone(&own) && is_none_gone(&more));
        assert!(matches!(
            slots.admit(address(200), Rank::Own),
            Admission::Full
        ));
        assert!(matches!(
            slots.admit(address(1), Rank::Stranger),
            Admission::Refused
        ));
    }
}
