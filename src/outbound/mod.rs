//! Connections outward: no other room opens any.
//!
//! Where to connect is said by the owner, or by a name server that anybody may run. A name
//! that led to a public address when it was checked can lead to this machine a moment later,
//! and a redirect can point at a cloud's metadata. So the address is checked after the
//! look-up, the one that was checked is connected to, and a redirect is an answer like any
//! other. Everything has a bound: the time to connect, the time for all of it, and the bytes
//! of the answer.

mod addresses;
mod client;
mod connect;
mod error;
mod incoming;
mod lookup;
mod proxy;
mod roots;

pub use addresses::{Reach, is_public};
pub use client::{Answer, Client, Limits};
pub use connect::{handshake, is_target, own_address_towards};
pub use error::OutboundError;
pub use incoming::Incoming;
pub use lookup::lookup;
pub use proxy::{NotAProxy, Proxy};
pub use roots::{Roots, RootsError};
