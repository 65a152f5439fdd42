//! Strangers who write to a bot: each chat is refused once an hour, and so many chats in all.

use std::collections::BTreeMap;
use std::time::Duration;

/// The time in which a chat is refused once.
const EVERY: Duration = Duration::from_hours(1);

/// Chats that are refused in that time. The rest gets nothing at all.
const MOST: usize = 30;

/// The chats that were refused of late.
#[derive(Debug, Default)]
pub struct Strangers {
    refused: BTreeMap<i64, Duration>,
}

impl Strangers {
    /// Reports whether a chat is to be refused and noted at `elapsed`; once an hour it is.
    pub fn is_news(&mut self, chat: i64, elapsed: Duration) -> bool {
        self.refused
            .retain(|_, at| elapsed.saturating_sub(*at) < EVERY);
        if self.refused.contains_key(&chat) || self.refused.len() >= MOST {
            return false;
        }
        self.refused.insert(chat, elapsed);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_is_refused_once_an_hour_and_a_crowd_not_beyond_its_bound() {
        let mut strangers = Strangers::default();
        let minutes = |count| Duration::from_mins(count);
        assert!(strangers.is_news(1, minutes(0)));
        assert!(!strangers.is_news(1, minutes(59)));
        assert!(strangers.is_news(2, minutes(59)));
        assert!(strangers.is_news(1, minutes(60)));
        let crowd = (10..200).filter(|chat| strangers.is_news(*chat, minutes(61)));
        assert_eq!(crowd.count(), MOST - 2);
        assert!(strangers.is_news(10_000, minutes(200)));
    }
}
