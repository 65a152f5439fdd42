//! Opening hours of the demo's markets: nobody believes a stock that trades on a Saturday.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

/// Opening hours of a market.
#[derive(Clone, Copy)]
pub(super) enum Session {
    /// Day and night.
    Always,
    /// New York's stock exchange: 9:30 to 16:00 on its trading days.
    NewYork,
    /// CME Globex: from Sunday 18:00 to Friday 17:00 in New York, with a pause from 17:00 to
    /// 18:00 each day.
    Globex,
}

/// Minutes of New York's trading day.
const STOCKS: std::ops::Range<i32> = 570..960;

/// The hour in which Globex pauses.
const PAUSE: i8 = 17;

impl Session {
    /// True if it is open at a moment.
    pub(super) fn is_open(self, time: Timestamp) -> bool {
        let zone = match self {
            Self::Always => return true,
            Self::NewYork | Self::Globex => TimeZone::get("America/New_York"),
        };
        // The zone is in the program.
        let Ok(zone) = zone else { return false };
        let local = zone.to_datetime(time);
        let (day, hour) = (local.date(), local.hour());
        match self {
            Self::Always => true,
            Self::NewYork => {
                let minute = i32::from(hour) * 60 + i32::from(local.minute());
                is_trading_day(day) && STOCKS.contains(&minute)
            }
            Self::Globex => {
                let is_week = match day.weekday() {
                    Weekday::Saturday => false,
                    Weekday::Sunday => hour > PAUSE,
                    Weekday::Friday => hour < PAUSE,
                    _ => hour != PAUSE,
                };
                is_week && !is_closed_everywhere(day)
            }
        }
    }
}

/// True if the stock exchange opens: no weekend and none of its holidays.
fn is_trading_day(day: Date) -> bool {
    let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    !is_weekend && !is_holiday(day)
}

/// The holidays of New York's stock exchange, where they fall on a weekday.
fn is_holiday(day: Date) -> bool {
    let weekday = day.weekday();
    // Holidays on a Monday or a Thursday: the nth of its kind in the month.
    let nth = (day.day() - 1) / 7 + 1;
    let is_last = day.day() + 7 > day.days_in_month();
    let is_moving = match (day.month(), weekday) {
        (1 | 2, Weekday::Monday) => nth == 3,
        (5, Weekday::Monday) => is_last,
        (9, Weekday::Monday) => nth == 1,
        (11, Weekday::Thursday) => nth == 4,
        _ => false,
    };
    // One on a Saturday is kept on the Friday before, on a Sunday on the Monday after.
    let is_fixed = [(1, 1), (6, 19), (7, 4), (12, 25)]
        .iter()
        .any(|(month, of_month)| {
            let Ok(holiday) = Date::new(day.year(), *month, *of_month) else {
                return false;
            };
            let kept = match holiday.weekday() {
                Weekday::Saturday => holiday.yesterday(),
                Weekday::Sunday => holiday.tomorrow(),
                _ => Ok(holiday),
            };
            kept.is_ok_and(|kept| kept == day)
        });
    is_moving || is_fixed || is_good_friday(day)
}

/// Christmas, New Year and Good Friday, when no exchange opens.
fn is_closed_everywhere(day: Date) -> bool {
    matches!((day.month(), day.day()), (1, 1) | (12, 25)) || is_good_friday(day)
}

/// Two days before Easter, by the anonymous Gregorian computus (Meeus, Astronomical Algorithms).
fn is_good_friday(day: Date) -> bool {
    let year = i32::from(day.year());
    let (golden, century, of_century) = (year % 19, year / 100, year % 100);
    let skipped = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - skipped + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let days = epact + weekday - 7 * late + 114;
    let (month, of_month) = (days / 31, days % 31 + 1);
    let easter = i8::try_from(month)
        .ok()
        .zip(i8::try_from(of_month).ok())
        .and_then(|(month, of_month)| Date::new(day.year(), month, of_month).ok());
    let friday = easter.and_then(|easter| easter.checked_sub(jiff::Span::new().days(2)).ok());
    friday == Some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(session: Session, time: &str) -> bool {
        session.is_open(time.parse().unwrap())
    }

    #[test]
    fn stocks_trade_in_new_yorks_hours_on_its_trading_days() {
        for (time, is_open) in [
            ("2026-03-11T13:29:59Z", false),
            ("2026-03-11T13:30:00Z", true),
            ("2026-03-11T19:59:00Z", true),
            ("2026-03-11T20:00:00Z", false),
            // An hour later by the world's clock in winter.
            ("2026-01-14T14:00:00Z", false),
            ("2026-01-14T14:30:00Z", true),
            ("2026-11-28T16:00:00Z", false),
            ("2026-11-26T16:00:00Z", false),
            ("2026-12-25T16:00:00Z", false),
            ("2026-07-03T16:00:00Z", false),
            ("2026-04-03T16:00:00Z", false),
            ("2026-05-25T16:00:00Z", false),
        ] {
            assert_eq!(open(Session::NewYork, time), is_open, "{time}");
        }
    }

    #[test]
    fn futures_trade_from_sunday_evening_to_friday_with_a_pause_a_day() {
        for (time, is_open) in [
            ("2026-03-08T21:59:00Z", false),
            ("2026-03-08T22:00:00Z", true),
            ("2026-03-11T21:30:00Z", false),
            ("2026-03-11T22:00:00Z", true),
            ("2026-03-13T20:59:00Z", true),
            ("2026-03-13T21:00:00Z", false),
            ("2026-03-14T16:00:00Z", false),
            ("2026-11-26T16:00:00Z", true),
            ("2026-12-25T16:00:00Z", false),
        ] {
            assert_eq!(open(Session::Globex, time), is_open, "{time}");
        }
    }
}
