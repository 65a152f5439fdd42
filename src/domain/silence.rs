//! The time for which a webhook may be silent: TradingView stops an alert without a word.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The time that a webhook may go without an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Silence {
    /// Seconds without an alert after which the webhook needs attention; above zero.
    pub seconds: u32,
    /// The time that counts.
    pub counted: SilenceHours,
}

/// The time that counts towards a webhook's silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SilenceHours {
    /// Every hour.
    Always,
    /// Monday to Friday, 09:30 to 16:00 in the webhook's time zone.
    TradingHours,
}

const OPENS: Time = Time::constant(9, 30, 0, 0);
const CLOSES: Time = Time::constant(16, 0, 0, 0);

impl Silence {
    /// True if nothing has come for longer than allowed, `since` the last alert.
    #[must_use]
    pub fn is_over(self, since: Timestamp, now: Timestamp, zone: &TimeZone) -> bool {
        let allowed = SignedDuration::from_secs(i64::from(self.seconds));
        match self.counted {
            SilenceHours::Always => since.duration_until(now) > allowed,
            SilenceHours::TradingHours => trading_time(since, now, zone, allowed) > allowed,
        }
    }
}

/// Trading hours between two moments; no more are counted than `enough`, and a day.
fn trading_time(
    since: Timestamp,
    now: Timestamp,
    zone: &TimeZone,
    enough: SignedDuration,
) -> SignedDuration {
    let mut counted = SignedDuration::ZERO;
    let mut day = zone.to_datetime(since).date();
    let last = zone.to_datetime(now).date();
    while day <= last && counted <= enough {
        let is_business = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let moment = |time: Time| zone.to_timestamp(day.to_datetime(time));
        if let (true, Ok(opens), Ok(closes)) = (is_business, moment(OPENS), moment(CLOSES)) {
            let open = opens.max(since).duration_until(closes.min(now));
            counted += open.max(SignedDuration::ZERO);
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_over(counted: SilenceHours, hours: u32, since: &str, now: &str) -> bool {
        let silence = Silence {
            seconds: hours * 3600,
            counted,
        };
        let zone = TimeZone::get("America/New_York").unwrap();
        silence.is_over(since.parse().unwrap(), now.parse().unwrap(), &zone)
    }

    #[test]
    fn every_hour_counts_where_the_market_never_closes() {
        let since = "2026-01-03T12:00:00Z";
        assert!(!is_over(
            SilenceHours::Always,
            2,
            since,
            "2026-01-03T14:00:00Z"
        ));
        assert!(is_over(
            SilenceHours::Always,
            2,
            since,
            "2026-01-03T14:00:01Z"
        ));
    }

    #[test]
    fn nights_and_week_ends_do_not_count_in_trading_hours() {
        // Friday, 15:30 in New York: half an hour is left.
        let since = "2026-01-02T20:30:00Z";
        let sunday = "2026-01-04T20:00:00Z";
        assert!(!is_over(SilenceHours::TradingHours, 1, since, sunday));
        // Monday, 10:00: half an hour on Friday and half an hour today.
        let monday = "2026-01-05T15:00:00Z";
        assert!(!is_over(SilenceHours::TradingHours, 1, since, monday));
        let a_second_later = "2026-01-05T15:00:01Z";
        assert!(is_over(
            SilenceHours::TradingHours,
            1,
            since,
            a_second_later
        ));
    }

    #[test]
    fn the_hours_follow_summer_time() {
        // 09:30 in New York is 13:30 UTC in July, and 14:30 in January.
        let (summer, winter) = ("2026-07-06T13:30:00Z", "2026-01-05T14:30:00Z");
        let counted = SilenceHours::TradingHours;
        assert!(is_over(counted, 1, summer, "2026-07-06T14:30:01Z"));
        assert!(!is_over(counted, 1, winter, "2026-01-05T15:30:00Z"));
        assert!(is_over(
            counted,
            1,
            "2026-07-06T04:00:00Z",
            "2026-07-06T14:30:01Z"
        ));
        assert!(!is_over(
            counted,
            1,
            "2026-01-05T04:00:00Z",
            "2026-01-05T15:30:00Z"
        ));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_silence() {
        let (later, earlier) = ("2026-01-06T15:00:00Z", "2026-01-05T15:00:00Z");
        for counted in [SilenceHours::Always, SilenceHours::TradingHours] {
            assert!(!is_over(counted, 1, later, earlier));
        }
    }
}
