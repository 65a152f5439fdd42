//! Bounds within which two legs may be one, and the cost of their distance.

use jiff::SignedDuration;

use super::leg::Leg;
use crate::analytics::number::{float, float_of};
use crate::domain::event::text_enum;

text_enum! {
    /// Windows that suit a style of trading.
    Preset, "preset" {
        /// 1 minute back, 2 minutes forward.
        Scalping = "scalping",
        /// 1 minute back, 5 minutes forward.
        Day = "day",
        /// 15 minutes back, 30 minutes forward.
        Swing = "swing",
        /// 30 minutes back, 60 minutes forward.
        Daily = "daily",
    }
}

/// Largest distance of a leg of the second book from its counterpart in the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Before it.
    pub backward: SignedDuration,
    /// After the end of its bar.
    pub forward: SignedDuration,
    /// The bar that the first book's times are the opening of; zero where they are exact.
    pub bar: SignedDuration,
    /// In price, as a share of what `measured` takes it by: of an
    /// ordinary price, its own amount.
    pub price: f64,
    /// The cost of a leg at the end of its window, which is the whole of it but for fills: one
    /// that comes 50 s after its alert is still its own where nothing else can be.
    pub time_weight: f64,
}

impl Tolerance {
    /// That of fills after their alerts: up to a minute later, within 5 % of the price. Fills'
    /// times that are told to `precision` are the beginning of it.
    #[must_use]
    pub fn of_fills(precision: SignedDuration) -> Self {
        Self {
            backward: SignedDuration::ZERO,
            forward: SignedDuration::from_mins(1),
            bar: precision,
            price: 0.05,
            time_weight: LATE_WEIGHT,
        }
    }
}

impl From<Preset> for Tolerance {
    fn from(preset: Preset) -> Self {
        let (backward, forward) = match preset {
            Preset::Scalping => (1, 2),
            Preset::Day => (1, 5),
            Preset::Swing => (15, 30),
            Preset::Daily => (30, 60),
        };
        Self {
            backward: SignedDuration::from_mins(backward),
            forward: SignedDuration::from_mins(forward),
            bar: SignedDuration::ZERO,
            price: 0.01,
            time_weight: 1.0,
        }
    }
}

/// A leg as its distance is measured: in microseconds since 1970, and in price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Microseconds since 1970 UTC.
    pub at: i64,
    /// The price.
    pub price: f64,
    /// The amount that a tolerance in price is a share of.
    pub measure: f64,
}

impl Point {
    /// A place in time and price, measured by the price itself.
    #[must_use]
    pub fn new(at: i64, price: f64) -> Self {
        Self {
            at,
            price,
            measure: price.abs(),
        }
    }

    /// The point of a leg.
    #[must_use]
    pub fn of(leg: &Leg) -> Self {
        Self::new(leg.time.as_microsecond(), float_of(leg.price.get()))
    }

    /// The same at another price.
    #[must_use]
    pub fn at_price(self, price: f64) -> Self {
        Self::new(self.at, price)
    }

    /// The same at a multiple of its price.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self {
            price: self.price * factor,
            measure: self.measure * factor.abs(),
            ..self
        }
    }

    /// The same at a higher price.
    #[must_use]
    pub fn dearer(self, by: f64) -> Self {
        Self {
            price: self.price + by,
            ..self
        }
    }

    /// The same, measured by no less than some amount.
    #[must_use]
    pub fn measured_by(self, least: f64) -> Self {
        Self {
            measure: self.measure.max(least),
            ..self
        }
    }

    /// The same, later by some microseconds.
    #[must_use]
    pub fn later(self, by: i64) -> Self {
        Self {
            at: self.at.saturating_add(by),
            ..self
        }
    }
}

/// A [`Tolerance`] as the cost of pairs is computed with.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    backward: i64,
    forward: i64,
    bar: i64,
    price: f64,
    time_weight: f64,
}

/// A fill can be anywhere in its bar, so a place in it costs little.
const IN_BAR: f64 = 0.1;

/// The cost of the end of a window where nothing else can be meant: half of what leaving both
/// alone costs.
const LATE_WEIGHT: f64 = 0.15;

/// Microseconds that an alert takes to arrive, at most, when nothing is wrong.
const IN_TIME: i64 = 10_000_000;

/// The cost of each leg that is left alone.
pub const ALONE: f64 = 0.15;

/// The cost above which a pair is never made: that of leaving both alone.
pub(super) const BOTH_ALONE: f64 = 2.0 * ALONE;

impl Cost {
    /// The cost that a tolerance asks for.
    #[must_use]
    pub fn of(tolerance: &Tolerance) -> Self {
        let micros = |length| micros(length).clamp(0, i64::MAX / 4);
        let bar = micros(tolerance.bar);
        Self {
            backward: micros(tolerance.backward),
            // A fill is announced within its bar or the next, whatever the window.
            forward: micros(tolerance.forward).max(bar),
            bar,
            price: tolerance.price,
            time_weight: tolerance.time_weight,
        }
    }

    /// The cost of pairs that nothing else can be: late within the window is late, and no more.
    pub(super) fn late(&self) -> Self {
        Self {
            time_weight: self.time_weight.min(LATE_WEIGHT),
            ..*self
        }
    }

    /// The earliest and the latest time that can belong to `first`.
    #[must_use]
    pub fn window(&self, first: Point) -> (i64, i64) {
        let latest = first
            .at
            .saturating_add(self.bar)
            .saturating_add(self.forward);
        (first.at.saturating_sub(self.backward), latest)
    }

    /// The cost of a pair: time plus price, each squared in units of its tolerance; infinite
    /// where they cannot be one.
    #[must_use]
    pub fn pair(&self, first: Point, second: Point) -> f64 {
        let apart = second.at.saturating_sub(first.at);
        let (earliest, latest) = self.window(first);
        if second.at < earliest || second.at > latest {
            return f64::INFINITY;
        }
        let price = price_apart(first, second);
        if price > self.price {
            return f64::INFINITY;
        }
        let price = if price > 0.0 {
            (price / self.price).powi(2)
        } else {
            0.0
        };
        price + self.time_weight * self.time(apart)
    }

    /// True where the second comes later after the end of the bar than alerts do.
    #[must_use]
    pub fn is_late(&self, first: Point, second: Point) -> bool {
        second.at.saturating_sub(first.at) > self.bar + IN_TIME
    }

    fn time(&self, apart: i64) -> f64 {
        let share = |part: i64, of: i64| {
            if of > 0 {
                (float(part.into()) / float(of.into())).powi(2)
            } else {
                0.0
            }
        };
        if apart < 0 {
            share(apart, self.backward)
        } else if apart <= self.bar {
            IN_BAR * share(apart, self.bar)
        } else {
            let before = if self.bar > 0 { IN_BAR } else { 0.0 };
            before + share(apart - self.bar, self.forward)
        }
    }
}

/// A length of time in microseconds; the ends of `i64` for what is beyond them.
#[must_use]
pub fn micros(length: SignedDuration) -> i64 {
    let end = if length.is_negative() {
        i64::MIN
    } else {
        i64::MAX
    };
    i64::try_from(length.as_micros()).unwrap_or(end)
}

/// Distance of a price from another, as a share of the first one's measure.
fn price_apart(first: Point, second: Point) -> f64 {
    let apart = (second.price - first.price).abs();
    if apart <= 0.0 {
        0.0
    } else {
        apart / first.measure
    }
}
