//! How much memory the bodies of requests may take together: strangers can begin to send
//! thousands of them and never end.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::client::network_of;

/// Bytes that all bodies may take together.
const ALL: usize = 16 * 1024 * 1024;

/// Bytes that the bodies from one address may take, so that it leaves room for others.
const OF_AN_ADDRESS: usize = ALL / 4;

/// The bytes of bodies that are read or worked on; empty where there is none.
#[derive(Debug, Default)]
pub struct Room {
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The part of the room that one body takes, until it is dropped.
#[derive(Debug)]
pub struct Part {
    room: Arc<Room>,
    address: IpAddr,
    bytes: usize,
}

impl Room {
    /// A part for a body from an address: empty yet.
    #[must_use]
    pub fn part(self: &Arc<Self>, address: IpAddr) -> Part {
        Part {
            room: Arc::clone(self),
            address: network_of(address),
            bytes: 0,
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Sums are whole whatever another thread did.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Part {
    /// Takes room for more bytes; false where there is none left.
    #[must_use]
    pub fn grow(&mut self, bytes: usize) -> bool {
        let mut taken = self.room.taken();
        let of_address = taken.by_address.get(&self.address).copied().unwrap_or(0);
        if taken.all + bytes > ALL || of_address + bytes > OF_AN_ADDRESS {
            return false;
        }
        taken.all += bytes;
        taken.by_address.insert(self.address, of_address + bytes);
        self.bytes += bytes;
        true
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let mut taken = self.room.taken();
        taken.all -= self.bytes;
        if let Some(of_address) = taken.by_address.get_mut(&self.address) {
            *of_address -= self.bytes;
            if *of_address == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_one_address_nor_all_together_take_more_than_there_is() {
        let room = Arc::new(Room::default());
        let parts_of = |host: u8| {
            let mut parts = Vec::new();
            loop {
                let mut part = room.part(IpAddr::from([203, 0, 113, host]));
                if !part.grow(25_000) {
                    return parts;
                }
                parts.push(part);
            }
        };
        let first = parts_of(1);
        assert_eq!(first.len(), OF_AN_ADDRESS / 25_000);
        let others: Vec<_> = (2..10).flat_map(parts_of).collect();
        assert_eq!(first.len() + others.len(), ALL / 25_000);
        drop(first);
        assert!(!parts_of(1).is_empty());
        drop(others);
        let taken = room.taken();
        assert!(taken.all == 0 && taken.by_address.is_empty());
    }
}
