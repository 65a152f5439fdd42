//! The identity of a delivery, which it has from the moment of its receipt.
//!
//! Who applies a delivery cannot always know what came of it: the commit succeeded and the
//! answer was lost, or a log hands the same delivery out twice. Its bytes do not tell, for two
//! alerts of one bar can be equal. So each receipt gets an identity, the database keeps it once,
//! and a delivery that is applied again changes nothing and gets the answer of the first time.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::event::NotAnId;

/// Bytes of an id that tell its time.
const TIME_BYTES: usize = 6;

/// Identity of one delivery: the milliseconds of its receipt in 48 bits, then 80 random bits.
///
/// The time only keeps newer ids behind older ones. Random ids would each be written to a page
/// of the index of their own: measured in groups of 64, that is 1.1 more pages in the log for
/// each alert. No two ids are equal whatever the clocks of two machines say: 80 bits would have
/// to repeat within a millisecond.
///
/// ```
/// use algohook::domain::delivery::DeliveryId;
///
/// let id: DeliveryId = "dlv_019b8d4a2c0000112233445566778899".parse().unwrap();
/// assert_eq!(id.to_string(), "dlv_019b8d4a2c0000112233445566778899");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId([u8; Self::LENGTH]);

impl DeliveryId {
    /// Bytes of an id.
    pub const LENGTH: usize = 16;

    /// A new id of a delivery that was received at a time, from a source of random bytes.
    ///
    /// # Errors
    ///
    /// The error of `random`.
    pub fn generate<E>(
        received_at: Timestamp,
        mut random: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut bytes = [0; Self::LENGTH];
        let (time, rest) = bytes.split_at_mut(TIME_BYTES);
        let millis = received_at.as_millisecond().to_be_bytes();
        time.copy_from_slice(&millis[millis.len() - TIME_BYTES..]);
        random(rest)?;
        Ok(Self(bytes))
    }

    /// An id that was kept as bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes to keep it as.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "dlv_{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for DeliveryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for DeliveryId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        text.strip_prefix("dlv_")
            .filter(|digits| digits.len() == 2 * Self::LENGTH && digits.bytes().all(is_digit))
            .and_then(|digits| u128::from_str_radix(digits, 16).ok())
            .map(|number| Self(number.to_be_bytes()))
            .ok_or(NotAnId {
                example: "dlv_019b8d4a2c0000112233445566778899",
            })
    }
}

impl serde::Serialize for DeliveryId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    fn generated(millis: i64, random: u8) -> DeliveryId {
        let at = Timestamp::from_millisecond(millis).unwrap();
        let fill = |bytes: &mut [u8]| {
            bytes.fill(random);
            Ok::<(), Infallible>(())
        };
        DeliveryId::generate(at, fill).unwrap()
    }

    proptest! {
        #[test]
        fn an_id_is_read_as_it_was_written(bytes in any::<[u8; DeliveryId::LENGTH]>()) {
            let id = DeliveryId::from_bytes(bytes);
            prop_assert_eq!(id.to_string().parse::<DeliveryId>().unwrap(), id);
            prop_assert_eq!(id.as_bytes(), &bytes);
        }

        #[test]
        fn only_one_text_is_an_id(text in "(dlv_)?[0-9a-fA-F+-]{30,34}") {
            if let Ok(id) = text.parse::<DeliveryId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }

        #[test]
        fn later_ids_stand_behind_earlier_ones(
            earlier in 0..1_i64 << 40, after in 1..1_i64 << 40, random in any::<(u8, u8)>(),
        ) {
            prop_assert!(generated(earlier, random.0) < generated(earlier + after, random.1));
        }
    }
}
