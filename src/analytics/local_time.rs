//! Local days and hours of many instants without a time-zone lookup for each.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A wall clock that keeps the offset of the stretch of time it was last asked
/// about, so that instants in order cost one lookup a daylight-saving change.
pub(super) struct WallClock<'zone> {
    zone: &'zone TimeZone,
    /// The seconds since the epoch in which `offset` holds.
    stretch: Range<i64>,
    /// Seconds east of UTC.
    offset: i64,
}

impl<'zone> WallClock<'zone> {
    /// A wall clock in `zone`.
    pub(super) fn new(zone: &'zone TimeZone) -> Self {
        Self {
            zone,
            stretch: 0..0,
            offset: 0,
        }
    }

    /// The local day, in days since 1970-01-01, and the second within it.
    pub(super) fn day_and_second(&mut self, time: Timestamp) -> (i64, i64) {
        let second = time.as_second() - i64::from(time.subsec_nanosecond() < 0);
        if !self.stretch.contains(&second) {
            self.look_up(time, second);
        }
        let local = second + self.offset;
        (local.div_euclid(DAY), local.rem_euclid(DAY))
    }

    fn look_up(&mut self, time: Timestamp, second: i64) {
        self.offset = i64::from(self.zone.to_offset(time).seconds());
        let next = Timestamp::from_second(second + 1).unwrap_or(Timestamp::MAX);
        let from = self.zone.preceding(next).next();
        let until = self.zone.following(time).next();
        self.stretch = from.map_or(i64::MIN, |change| change.timestamp().as_second())
            ..until.map_or(i64::MAX, |change| change.timestamp().as_second());
    }
}

/// The instant of a number of microseconds since the epoch.
pub(super) fn time_of(microsecond: i64) -> Timestamp {
    // Every row's time came out of a Timestamp.
    Timestamp::from_microsecond(microsecond).unwrap_or(Timestamp::MAX)
}

/// The local day of an instant in microseconds since the epoch.
pub(super) fn local_day(microsecond: i64, zone: &TimeZone) -> i64 {
    WallClock::new(zone).day_and_second(time_of(microsecond)).0
}

/// The date of a day since 1970-01-01.
pub(super) fn date_of(day: i64) -> Date {
    // Beyond the calendar there is no instant that could ask.
    let midnight = Timestamp::from_second(day.saturating_mul(DAY)).unwrap_or(Timestamp::MAX);
    Offset::UTC.to_datetime(midnight).date()
}

/// The day of the week, 0 for Monday to 6 for Sunday.
pub(super) fn weekday_of(day: i64) -> i64 {
    (day + 3).rem_euclid(7) // 1970-01-01 was a Thursday
}

/// The number of the business day that `day` counts for: Monday to Friday, and
/// a weekend counts for the Monday after it.
pub(super) fn business_day_of(day: i64) -> i64 {
    (day + 3).div_euclid(7) * 5 + weekday_of(day).min(5)
}

/// The number of the month that `day` is in; consecutive over the years.
pub(super) fn month_of(day: i64) -> i64 {
    let date = date_of(day);
    i64::from(date.year()) * 12 + i64::from(date.month()) - 1
}

/// True if the days from `first` to `last`, both included, touch a fourth calendar month:
/// 1 January to 31 March do not, to 1 April they do.
pub(super) fn touch_a_fourth_month(first: i64, last: i64) -> bool {
    month_of(last) - month_of(first) >= 3
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> i64 {
        let date: Date = text.parse().unwrap();
        let span = date.since(Date::constant(1970, 1, 1)).unwrap();
        i64::from(span.get_days())
    }

    #[test]
    fn a_weekend_counts_for_the_monday_after_it() {
        let friday = business_day_of(day("2026-01-02"));
        let monday = business_day_of(day("2026-01-05"));
        assert_eq!(business_day_of(day("2026-01-03")), monday);
        assert_eq!(business_day_of(day("2026-01-04")), monday);
        assert_eq!(monday, friday + 1);
        assert_eq!(weekday_of(day("2026-01-05")), 0);
    }

    #[test]
    fn a_fourth_month_is_touched_by_its_first_day() {
        assert!(!touch_a_fourth_month(day("2026-01-01"), day("2026-03-31")));
        assert!(touch_a_fourth_month(day("2026-01-31"), day("2026-04-01")));
        assert!(touch_a_fourth_month(day("2025-11-30"), day("2026-02-01")));
    }

    #[test]
    fn days_before_the_epoch_are_negative() {
        let zone = TimeZone::UTC;
        let mut clock = WallClock::new(&zone);
        let time: Timestamp = "1969-12-31T23:59:59.5Z".parse().unwrap();
        assert_eq!(clock.day_and_second(time), (-1, 86_399));
        assert_eq!(date_of(-1), Date::constant(1969, 12, 31));
    }

    proptest! {
        #[test]
        fn the_clock_says_what_the_zone_says(
            seconds in prop::collection::vec(-3_000_000_000_i64..5_000_000_000, 1..60),
            zone in prop::sample::select(vec![
                "UTC", "America/New_York", "Asia/Kolkata", "America/St_Johns",
                "Australia/Lord_Howe", "Pacific/Apia",
            ]),
        ) {
            let zone = TimeZone::get(zone).unwrap();
            let mut clock = WallClock::new(&zone);
            for second in seconds {
                let time = Timestamp::from_second(second).unwrap();
                let local = zone.to_datetime(time);
                let (day, second) = clock.day_and_second(time);
                prop_assert_eq!(date_of(day), local.date());
                prop_assert_eq!(second / 3600, i64::from(local.hour()));
                prop_assert_eq!(weekday_of(day), i64::from(local.date().weekday().to_monday_zero_offset()));
            }
        }
    }
}
