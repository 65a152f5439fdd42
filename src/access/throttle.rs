//! Wrong passwords, or wrong codes: each further one makes the next try wait longer.
//!
//! Strangers are counted by address and all together, for they may have many addresses. Who
//! logged in before is not under the wait of all: nobody keeps the owner out by guessing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Wrong passwords after which the waits begin, of one address or browser.
const FREE_FOR_ONE: u32 = 5;

/// Wrong passwords after which the waits begin, of all strangers together.
const FREE_FOR_STRANGERS: u32 = 20;

/// The longest wait for one address or browser.
const LONGEST_FOR_ONE: Duration = Duration::from_mins(5);

/// The longest wait for all strangers.
const LONGEST_FOR_STRANGERS: Duration = Duration::from_secs(10);

/// Failures are forgotten after this time without another one.
const REMEMBERED: Duration = Duration::from_mins(15);

/// The claimant that failures are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Claimant {
    /// A browser that logged in before, by the hash of its secret.
    KnownBrowser(Vec<u8>),
    /// An address that logged in before.
    KnownAddress(IpAddr),
    /// The address of anybody else.
    Stranger(IpAddr),
}

/// The wrong passwords of late.
#[derive(Debug, Default)]
pub struct LoginThrottle {
    failures: Mutex<Failures>,
}

#[derive(Debug, Default)]
struct Failures {
    of_strangers: Row,
    by_claimant: HashMap<Claimant, Row>,
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
    /// Checks whether a password may be tried at `now`, the time since a fixed moment.
    ///
    /// # Errors
    ///
    /// How long to wait.
    pub fn check(&self, claimant: &Claimant, now: Duration) -> Result<(), Duration> {
        let failures = self.failures();
        let own = failures
            .by_claimant
            .get(claimant)
            .map_or(Duration::ZERO, |row| {
                row.wait(now, FREE_FOR_ONE, LONGEST_FOR_ONE)
            });
        let of_strangers = match claimant {
            Claimant::Stranger(_) => {
                failures
                    .of_strangers
                    .wait(now, FREE_FOR_STRANGERS, LONGEST_FOR_STRANGERS)
            }
            Claimant::KnownBrowser(_) | Claimant::KnownAddress(_) => Duration::ZERO,
        };
        match own.max(of_strangers) {
            Duration::ZERO => Ok(()),
            wait => Err(wait),
        }
    }

    /// Notes a wrong password, or a try that counts as one until it turns out right.
    pub fn failed(&self, claimant: &Claimant, now: Duration) {
        let mut failures = self.failures();
        if matches!(claimant, Claimant::Stranger(_)) {
            failures.of_strangers.add(now);
        }
        failures.by_claimant.retain(|_, row| !row.is_over(now));
        let own = failures.by_claimant.entry(claimant.clone());
        own.or_default().add(now);
    }

    /// Notes a right password.
    pub fn succeeded(&self, claimant: &Claimant) {
        let mut failures = self.failures();
        if matches!(claimant, Claimant::Stranger(_)) {
            failures.of_strangers = Row::default();
        }
        failures.by_claimant.remove(claimant);
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

    fn stranger(text: &str) -> Claimant {
        Claimant::Stranger(text.parse().unwrap())
    }

    #[test]
    fn waits_grow_with_every_wrong_password_and_end_with_the_right_one() {
        let browser = Claimant::KnownBrowser(vec![1; 32]);
        let address = Claimant::KnownAddress("203.0.113.9".parse().unwrap());
        for claimant in [stranger("203.0.113.9"), address, browser] {
            let throttle = LoginThrottle::default();
            let mut now = SECOND;
            let mut waits = Vec::new();
            for _ in 0..9 {
                let wait = throttle.check(&claimant, now).err().unwrap_or_default();
                waits.push(wait.as_secs());
                now += wait;
                assert_eq!(throttle.check(&claimant, now), Ok(()));
                throttle.failed(&claimant, now);
            }
            assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8]);
            assert_eq!(throttle.check(&stranger("198.51.100.1"), now), Ok(()));
            throttle.succeeded(&claimant);
            assert_eq!(throttle.check(&claimant, now), Ok(()));
        }
    }

    #[test]
    fn many_addresses_make_strangers_wait_but_not_who_logged_in_before() {
        let throttle = LoginThrottle::default();
        for host in 0..200_u8 {
            throttle.failed(&stranger(&format!("203.0.113.{host}")), SECOND);
        }
        let new = stranger("2001:db8::1");
        assert_eq!(throttle.check(&new, SECOND), Err(LONGEST_FOR_STRANGERS));
        assert_eq!(throttle.check(&new, SECOND + LONGEST_FOR_STRANGERS), Ok(()));
        for known in [
            Claimant::KnownBrowser(vec![1; 32]),
            Claimant::KnownAddress("2001:db8::1".parse().unwrap()),
        ] {
            assert_eq!(throttle.check(&known, SECOND), Ok(()));
            // And its success forgives no stranger.
            throttle.succeeded(&known);
            assert!(throttle.check(&new, SECOND).is_err());
        }
    }

    #[test]
    fn a_known_browser_is_not_made_to_wait_by_others_at_its_address() {
        let throttle = LoginThrottle::default();
        let address = Claimant::KnownAddress("203.0.113.9".parse().unwrap());
        for _ in 0..9 {
            throttle.failed(&address, SECOND);
        }
        assert!(throttle.check(&address, SECOND).is_err());
        let browser = Claimant::KnownBrowser(vec![1; 32]);
        assert_eq!(throttle.check(&browser, SECOND), Ok(()));
    }
}
