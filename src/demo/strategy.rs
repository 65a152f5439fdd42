//! Invented strategies on invented prices: a random walk with trends, and the
//! crossing of two averages that trades it.

use jiff::{SignedDuration, Timestamp};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use crate::domain::money::Decimal;
use crate::domain::webhook::{AuthKey, Commission, CommissionKind, Settings};
use crate::store::webhooks::WebhookChange;
use crate::templates::Template;

use super::session::Session;

/// The strategies of the demo.
pub(super) const PROFILES: &[Profile] = &[
    Profile {
        name: "Demo: BTC trend",
        notes: "Made-up alerts of a made-up strategy: long and short, always in the market.",
        ticker: "BINANCE:BTCUSDT",
        interval: "30",
        bar: SignedDuration::from_mins(30),
        session: Session::Always,
        first_price: 64_000.0,
        places: 1,
        volatility: 0.0028,
        quantity: "0.25",
        most_units: 1,
        shorts: true,
        template: Template::Strategy,
        point_value: 1,
        commission: (CommissionKind::Percent, "0.05"),
        time_zone: "UTC",
        trading_days: 365,
        is_tested: true,
        differs: false,
    },
    Profile {
        name: "Demo: Apple swing",
        notes: "Made-up alerts: long only, in New York's trading hours, one alert a kind of order.",
        ticker: "NASDAQ:AAPL",
        interval: "30",
        bar: SignedDuration::from_mins(30),
        session: Session::NewYork,
        first_price: 212.0,
        places: 2,
        volatility: 0.0035,
        quantity: "250",
        most_units: 1,
        shorts: false,
        template: Template::Standard,
        point_value: 1,
        commission: (CommissionKind::PerOrder, "1"),
        time_zone: "America/New_York",
        trading_days: 252,
        is_tested: false,
        differs: false,
    },
    Profile {
        name: "Demo: Gold pyramid",
        notes: "Made-up alerts: adds to winners, takes profit in parts. One of its alerts never \
                arrived, so its position is out of sync with TradingView's.",
        ticker: "COMEX:MGC1!",
        interval: "60",
        bar: SignedDuration::from_hours(1),
        session: Session::Globex,
        first_price: 2_650.0,
        places: 1,
        volatility: 0.0024,
        quantity: "1",
        most_units: 3,
        shorts: true,
        template: Template::Strategy,
        point_value: 10,
        commission: (CommissionKind::PerContract, "0.60"),
        time_zone: "America/New_York",
        trading_days: 252,
        is_tested: false,
        differs: false,
    },
    Profile {
        name: "Demo: ETH live and tested",
        notes: "Made-up alerts that are not what the backtest promised: some were lost, each in another \
                way, and a broker's fills cost. Compare shows which, why, and what it cost.",
        ticker: "BINANCE:ETHUSDT",
        interval: "30",
        bar: SignedDuration::from_mins(30),
        session: Session::Always,
        first_price: 3_150.0,
        places: 2,
        volatility: 0.0033,
        quantity: "2",
        most_units: 1,
        shorts: true,
        template: Template::Strategy,
        point_value: 1,
        commission: (CommissionKind::Percent, "0.05"),
        time_zone: "UTC",
        trading_days: 365,
        is_tested: true,
        differs: true,
    },
];

/// Bars of the fast average.
const FAST: f64 = 5.0;

/// Bars of the slow average.
const SLOW: f64 = 13.0;

/// The instruments and habits of a strategy.
pub(super) struct Profile {
    pub(super) name: &'static str,
    notes: &'static str,
    pub(super) ticker: &'static str,
    interval: &'static str,
    bar: SignedDuration,
    session: Session,
    first_price: f64,
    /// Decimal places of its prices.
    pub(super) places: usize,
    /// Usual move of the price in one bar, as a fraction.
    volatility: f64,
    /// Size of one entry.
    pub(super) quantity: &'static str,
    /// Entries that may be open at once.
    most_units: i32,
    shorts: bool,
    template: Template,
    point_value: u32,
    commission: (CommissionKind, &'static str),
    time_zone: &'static str,
    trading_days: u16,
    /// True if the demo has TradingView's list of its trades, too.
    pub(super) is_tested: bool,
    /// True if its live trading is not what that list promised.
    pub(super) differs: bool,
}

impl Profile {
    /// Notes and settings of the strategy's webhook.
    pub(super) fn change(&self) -> WebhookChange {
        let (kind, value) = self.commission;
        let settings = Settings {
            initial_capital: Decimal::from(100_000),
            point_value: self.point_value.into(),
            commission: Commission {
                kind,
                value: value.parse().unwrap_or_default(),
            },
            time_zone: self.time_zone.to_owned(),
            trading_days: self.trading_days,
            ..Settings::default()
        };
        WebhookChange {
            notes: Some(self.notes.to_owned()),
            settings: Some(settings),
            ..WebhookChange::default()
        }
    }

    /// The instrument as a broker names it.
    pub(super) fn symbol(&self) -> &'static str {
        let (_, symbol) = self.ticker.split_once(':').unwrap_or(("", self.ticker));
        symbol
    }

    /// Size of some units, as TradingView writes numbers.
    fn size(&self, units: i32) -> String {
        let unit: Decimal = self.quantity.parse().unwrap_or(Decimal::ONE);
        (unit * Decimal::from(units)).normalize().to_string()
    }
}

/// An order as a strategy gives it.
#[derive(Clone, Copy)]
pub(super) struct StrategyOrder {
    /// Time at which TradingView's alert fires.
    pub(super) time: Timestamp,
    pub(super) price: f64,
    /// Position in units before and after, short below zero.
    pub(super) before: i32,
    pub(super) after: i32,
    pub(super) signal: &'static str,
    /// The largest moves for and against the position that it ended, in price.
    pub(super) excursions: (f64, f64),
}

impl StrategyOrder {
    /// The alert message that TradingView makes of it.
    pub(super) fn message(&self, profile: &Profile, key: &AuthKey) -> String {
        let name = |position: i32| match position.signum() {
            1 => "long",
            -1 => "short",
            _ => "flat",
        };
        let is_buy = self.after > self.before;
        let values = [
            ("{{ticker}}", profile.ticker.to_owned()),
            (
                "{{strategy.order.action}}",
                if is_buy { "buy" } else { "sell" }.to_owned(),
            ),
            (
                "{{strategy.order.contracts}}",
                profile.size((self.after - self.before).abs()),
            ),
            (
                "{{strategy.order.price}}",
                format!("{:.*}", profile.places, self.price),
            ),
            ("{{strategy.order.id}}", self.signal.to_owned()),
            ("{{strategy.market_position}}", name(self.after).to_owned()),
            (
                "{{strategy.market_position_size}}",
                profile.size(self.after.abs()),
            ),
            (
                "{{strategy.prev_market_position}}",
                name(self.before).to_owned(),
            ),
            (
                "{{strategy.prev_market_position_size}}",
                profile.size(self.before.abs()),
            ),
            ("{{close}}", format!("{:.*}", profile.places, self.price)),
            ("{{interval}}", profile.interval.to_owned()),
            ("{{timenow}}", format!("{:.0}", self.time)),
            ("My Strategy", profile.name.to_owned()),
            ("Buy Signal", self.signal.to_owned()),
            (
                "entryLong",
                if is_buy { "entryLong" } else { "exitLong" }.to_owned(),
            ),
        ];
        let message = profile.template.message(key);
        values
            .iter()
            .fold(message, |message, (placeholder, value)| {
                message.replace(placeholder, value)
            })
    }
}

/// A strategy at work.
pub(super) struct Strategy {
    profile: &'static Profile,
    generator: Xoshiro256PlusPlus,
    time: Timestamp,
    price: f64,
    /// The drift of the walk, as a part of the volatility.
    trend: f64,
    fast: f64,
    slow: f64,
    /// Units held, short below zero.
    position: i32,
    entry_price: f64,
    /// The highest and the lowest price since the entry.
    extremes: (f64, f64),
    /// Length of a bar, and how far the price moves in it.
    pace: Pace,
}

/// Pace at which a market is played.
#[derive(Clone, Copy)]
enum Pace {
    /// Its own bars.
    Bars,
    /// Moves of some seconds: what is seen live moves no further than a market does.
    Ticks,
}

/// Of the move of a bar, what one of some seconds has.
const TICK: f64 = 0.08;

impl Strategy {
    /// A strategy without position; equal ones make equal orders.
    pub(super) fn new(profile: &'static Profile, begin: Timestamp) -> Self {
        let seed = profile.ticker.bytes().map(u64::from).sum();
        Self {
            profile,
            generator: Xoshiro256PlusPlus::seed_from_u64(seed),
            time: begin,
            price: profile.first_price,
            trend: 0.0,
            fast: profile.first_price,
            slow: profile.first_price,
            position: 0,
            entry_price: profile.first_price,
            extremes: (profile.first_price, profile.first_price),
            pace: Pace::Bars,
        }
    }

    /// True if its market is open.
    pub(super) fn is_open(&self, time: Timestamp) -> bool {
        self.profile.session.is_open(time)
    }

    /// The newest price, as an alert states it.
    pub(super) fn price(&self) -> String {
        format!("{:.*}", self.profile.places, self.price)
    }

    /// The orders until `end`.
    pub(super) fn orders_until(&mut self, end: Timestamp) -> Vec<StrategyOrder> {
        let mut orders = Vec::new();
        while self.time + self.profile.bar <= end {
            orders.extend(self.next_bar());
        }
        orders
    }

    /// The next order of a market that is open, given at `time`.
    pub(super) fn next_order(&mut self, time: Timestamp) -> StrategyOrder {
        self.pace = Pace::Ticks;
        loop {
            self.walk();
            if let Some(order) = self.order() {
                return StrategyOrder { time, ..order };
            }
        }
    }

    fn volatility(&self) -> f64 {
        match self.pace {
            Pace::Bars => self.profile.volatility,
            Pace::Ticks => self.profile.volatility * TICK,
        }
    }

    fn next_bar(&mut self) -> Option<StrategyOrder> {
        self.time += self.profile.bar;
        if !self.profile.session.is_open(self.time) {
            return None;
        }
        self.walk();
        self.order()
    }

    fn order(&mut self) -> Option<StrategyOrder> {
        let (after, signal) = self.decide()?;
        let before = std::mem::replace(&mut self.position, after);
        let (high, low) = self.extremes;
        let excursions = match before.signum() {
            -1 => (self.entry_price - low, self.entry_price - high),
            _ => (high - self.entry_price, low - self.entry_price),
        };
        if after.abs() > before.abs() || after.signum() != before.signum() {
            self.entry_price = self.price;
            self.extremes = (self.price, self.price);
        }
        Some(StrategyOrder {
            time: self.time,
            price: self.price,
            before,
            after,
            signal,
            excursions,
        })
    }

    fn walk(&mut self) {
        if self.generator.random_bool(0.01) {
            self.trend = self.generator.random_range(-0.24..0.25);
        }
        // The sum of twelve even draws is close to a normal one with deviation 1.
        let draws = (0..12).map(|_| self.generator.random::<f64>());
        let shock = draws.sum::<f64>() - 6.0;
        self.price *= (self.volatility() * (shock + self.trend)).exp();
        let (high, low) = self.extremes;
        self.extremes = (high.max(self.price), low.min(self.price));
        self.fast += (self.price - self.fast) * 2.0 / (FAST + 1.0);
        self.slow += (self.price - self.slow) * 2.0 / (SLOW + 1.0);
    }

    /// The position to take, where it is another, and the name of the signal.
    fn decide(&self) -> Option<(i32, &'static str)> {
        let volatility = self.volatility();
        let distance = self.fast / self.slow - 1.0;
        if distance.abs() < volatility / 3.0 {
            return None;
        }
        let side = if distance > 0.0 { 1 } else { -1 };
        if self.position.signum() != side {
            return match (side, self.profile.shorts) {
                (1, _) => Some((1, "Long")),
                (_, true) => Some((-1, "Short")),
                (_, false) => (self.position != 0).then_some((0, "Exit")),
            };
        }
        let gain = (self.price / self.entry_price - 1.0) * f64::from(side);
        if gain > 8.0 * volatility && self.position.abs() > 1 {
            return Some((self.position - side, "Take profit"));
        }
        let may_add = self.position.abs() < self.profile.most_units;
        (may_add && gain > 3.0 * volatility).then_some((self.position + side, "Add"))
    }
}
