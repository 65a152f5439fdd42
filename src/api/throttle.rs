//! Wrong passwords, or wrong codes: each further one makes the next try wait longer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::http::client::network_of;

/// Wrong passwords after which the waits begin, from one address.
const FREE_FOR_AN_ADDRESS: u32 = 5;

/// Wrong passwords after which the waits begin, from all addresses together.
const FREE_FOR_THE_ACCOUNT: u32 = 20;

/// The longest wait for one address.
const LONGEST_FOR_AN_ADDRESS: Duration = Duration::from_mins(5);

/// The longest wait for everybody: a stranger cannot keep the owner out.
const LONGEST_FOR_THE_ACCOUNT: Duration = Duration::from_secs(10);

/// Failures are forgotten after this time without another one.
const REMEMBERED: Duration = Duration::from_mins(15);

/// The wrong passwords of late.
#[derive(Debug, Default)]
pub struct LoginThrottle {
    failures: Mutex<Failures>,
}

#[derive(Debug, Default)]
struct Failures {
    of_account: Row,
    by_address: HashMap<IpAddr, Row>,
}

/// Failures in a row.
#[derive(Debug, Default, Clone, Copy)]
struct Row {
    count: u32,
    last: Duration,
}

impl Row {
    fn add(&mut self, now: Duration) {
        if self.is_over(now) {
            self.count = 0;
        }
        *self = Self {
            count: self.count.saturating_add(1),
            last: now,
        };
    }

    fn is_over(&self, now: Duration) -> bool {
        now.saturating_sub(self.last) >= REMEMBERED
    }

    /// 1, 2, 4, ... seconds after the last failure.
    fn wait(&self, now: Duration, free: u32, longest: Duration) -> Duration {
        if self.count < free || self.is_over(now) {
            return Duration::ZERO;
        }
        let wait = Duration::from_secs(1 << (self.count - free).min(16)).min(longest);
        (self.last + wait).saturating_sub(now)
    }
}

impl LoginThrottle {
    /// Whether a password may be tried at `now`, the time since a fixed moment.
    ///
    /// # Errors
    ///
    /// How long to wait.
    pub fn check(&self, address: IpAddr, now: Duration) -> Result<(), Duration> {
        let failures = self.failures();
        let of_account =
            failures
                .of_account
                .wait(now, FREE_FOR_THE_ACCOUNT, LONGEST_FOR_THE_ACCOUNT);
        let of_address = failures
            .by_address
            .get(&network_of(address))
            .map_or(Duration::ZERO, |row| {
                row.wait(now, FREE_FOR_AN_ADDRESS, LONGEST_FOR_AN_ADDRESS)
            });
        match of_account.max(of_address) {
            Duration::ZERO => Ok(()),
            wait => Err(wait),
        }
    }

    /// Notes a wrong password, or a try that counts as one until it turns out right.
    pub fn failed(&self, address: IpAddr, now: Duration) {
        let mut failures = self.failures();
        failures.of_account.add(now);
        failures.by_address.retain(|_, row| !row.is_over(now));
        let of_address = failures.by_address.entry(network_of(address));
        of_address.or_default().add(now);
    }

    /// Notes a right password.
    pub fn succeeded(&self, address: IpAddr) {
        let mut failures = self.failures();
        failures.of_account = Row::default();
        failures.by_address.remove(&network_of(address));
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        // Counters are whole whatever another thread did.
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn waits_grow_with_every_wrong_password_and_end_with_the_right_one() {
        let throttle = LoginThrottle::default();
        let stranger = address("203.0.113.9");
        let mut now = SECOND;
        let mut waits = Vec::new();
        for _ in 0..9 {
            let wait = throttle.check(stranger, now).err().unwrap_or_default();
            waits.push(wait.as_secs());
            now += wait;
            assert_eq!(throttle.check(stranger, now), Ok(()));
            throttle.failed(stranger, now);
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8]);
        assert_eq!(throttle.check(address("198.51.100.1"), now), Ok(()));
        throttle.succeeded(stranger);
        assert_eq!(throttle.check(stranger, now), Ok(()));
    }

    #[test]
    fn many_addresses_make_everybody_wait_but_never_for_long() {
        let throttle = LoginThrottle::default();
        for host in 0..200_u8 {
            throttle.failed(IpAddr::from([203, 0, 113, host]), SECOND);
        }
        let owner = address("2001:db8::1");
        assert_eq!(throttle.check(owner, SECOND), Err(LONGEST_FOR_THE_ACCOUNT));
        assert_eq!(
            throttle.check(owner, SECOND + LONGEST_FOR_THE_ACCOUNT),
            Ok(())
        );
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let throttle = LoginThrottle::default();
        for host in 1..=5 {
            throttle.failed(address(&format!("2001:db8:1:1::{host}")), SECOND);
        }
        assert!(throttle.check(address("2001:db8:1:1::77"), SECOND).is_err());
        assert_eq!(throttle.check(address("2001:db8:1:2::1"), SECOND), Ok(()));
    }
}
