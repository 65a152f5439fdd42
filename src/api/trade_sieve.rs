//! The trades behind one bar, day or cell of the report.
//!
//! The report counts trades by weekday, hour, signal, duration, profit and return; each of its
//! numbers leads to the trades that it stands for. What an index cannot find is sifted here,
//! by the same rules that the report counts by.

use std::cmp::Ordering;

use jiff::tz::TimeZone;

use serde::Deserialize;
use utoipa::ToSchema;

use super::problem::Problem;
use super::trades::{Trade, TradeQuery};
use crate::domain::money::Decimal;
use crate::domain::signal::Direction;

/// The outcome of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// With a net profit above 0.
    Win,
    /// With a net profit below 0.
    Loss,
    /// With a net profit of exactly 0.
    Even,
}

/// Seconds of the shortest and of the too long duration.
type Seconds = (Option<u32>, Option<u32>);

/// The signals that may have opened a trade.
#[derive(Debug, Default, PartialEq, Eq)]
enum Signal {
    #[default]
    Any,
    Named(String),
    Unnamed,
}

/// Conditions on a trade besides those that the database finds by itself.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    weekday: Option<i8>,
    hour: Option<i8>,
    signal: Signal,
    direction: Option<Direction>,
    outcome: Option<Outcome>,
    profit: (Option<Decimal>, Option<Decimal>),
    percent: (Option<f64>, Option<f64>),
    seconds: Seconds,
}

impl Sieve {
    /// The conditions of a query.
    pub(super) fn of(query: &TradeQuery) -> Result<Self, Problem> {
        let refused = |detail: &str| Problem::bad_request("invalid_query", detail.to_owned());
        if query
            .weekday
            .is_some_and(|weekday| !(1..=7).contains(&weekday))
        {
            return Err(refused("weekday must be 1 for Monday to 7 for Sunday"));
        }
        if query.hour.is_some_and(|hour| !(0..=23).contains(&hour)) {
            return Err(refused("hour must be 0 to 23"));
        }
        let is_finite = |bound: Option<f64>| bound.is_none_or(f64::is_finite);
        if !is_finite(query.percent_from) || !is_finite(query.percent_to) {
            return Err(refused(
                "percentFrom and percentTo must be numbers such as -1.5",
            ));
        }
        let amount = |name: &str, text: &Option<String>| match text.as_deref().map(str::parse) {
            None => Ok(None),
            Some(Ok(amount)) => Ok(Some(amount)),
            Some(Err(_)) => Err(refused(&format!("{name} must be a decimal number"))),
        };
        let signal = match (&query.signal, query.without_signal) {
            (Some(_), Some(true)) => {
                return Err(Problem::invalid(
                    "signal and withoutSignal exclude each other",
                ));
            }
            (Some(signal), _) => Signal::Named(signal.clone()),
            (None, Some(true)) => Signal::Unnamed,
            (None, _) => Signal::Any,
        };
        Ok(Self {
            weekday: query.weekday,
            hour: query.hour,
            signal,
            direction: query.direction,
            outcome: query.outcome,
            profit: (
                amount("profitFrom", &query.profit_from)?,
                amount("profitTo", &query.profit_to)?,
            ),
            percent: (query.percent_from, query.percent_to),
            seconds: (query.seconds_from, query.seconds_to),
        })
    }

    /// True where every trade passes.
    pub(super) fn is_open(&self) -> bool {
        let Self {
            weekday,
            hour,
            signal,
            direction,
            outcome,
            profit,
            percent,
            seconds,
        } = self;
        weekday.is_none()
            && hour.is_none()
            && *signal == Signal::Any
            && direction.is_none()
            && outcome.is_none()
            && *profit == (None, None)
            && *percent == (None, None)
            && *seconds == (None, None)
    }

    /// True for a trade that meets all; its day and its hour are those of its exit in `zone`.
    pub(super) fn passes(&self, trade: &Trade, zone: &TimeZone) -> bool {
        self.is_of_signal(trade) && self.is_of_time(trade, zone) && self.is_of_size(trade)
    }

    fn is_of_signal(&self, trade: &Trade) -> bool {
        let is_of_signal = match &self.signal {
            Signal::Any => true,
            Signal::Named(name) => trade.entry_signal.as_ref() == Some(name),
            Signal::Unnamed => trade.entry_signal.is_none(),
        };
        is_of_signal
            && self
                .direction
                .is_none_or(|direction| direction == trade.direction)
    }

    fn is_of_time(&self, trade: &Trade, zone: &TimeZone) -> bool {
        let closed = zone.to_datetime(trade.exit_time);
        let weekday = closed.date().weekday().to_monday_one_offset();
        let open = trade
            .exit_time
            .duration_since(trade.entry_time)
            .as_micros()
            .max(0);
        let (least, most) = self.seconds;
        let micros = |seconds: u32| i128::from(seconds) * 1_000_000;
        self.weekday.is_none_or(|wanted| wanted == weekday)
            && self.hour.is_none_or(|wanted| wanted == closed.hour())
            && least.is_none_or(|least| open >= micros(least))
            && most.is_none_or(|most| open < micros(most))
    }

    fn is_of_size(&self, trade: &Trade) -> bool {
        let (least, most) = self.profit;
        let profit: Option<Decimal> = trade.net_profit.parse().ok();
        let is_of_profit = least.is_none_or(|least| profit.is_some_and(|profit| profit >= least))
            && most.is_none_or(|most| profit.is_some_and(|profit| profit < most));
        let (least, most) = self.percent;
        let percent = trade.profit_percent;
        let outcome = profit.map(|profit| match profit.cmp(&Decimal::ZERO) {
            Ordering::Greater => Outcome::Win,
            Ordering::Less => Outcome::Loss,
            Ordering::Equal => Outcome::Even,
        });
        is_of_profit
            && self.outcome.is_none_or(|wanted| outcome == Some(wanted))
            && least.is_none_or(|least| percent.is_some_and(|percent| percent >= least))
            && most.is_none_or(|most| percent.is_some_and(|percent| percent < most))
    }
}
