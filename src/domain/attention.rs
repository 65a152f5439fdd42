//! The rules of what needs a webhook's owner.
//!
//! They are pure: facts in, attention out. So the same rules decide wherever they run, at a
//! look of the dashboard, when something happened, or on a clock. Silence is the reason for
//! the clock: it begins while nothing happens.

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::departure::{Departure, DepartureSide};
use super::event::EventId;
use super::instrument::Instrument;
use super::profit_currency::{ProfitCurrency, other_currency};
use super::terms::MissingPointValue;
use super::webhook::{Settings, WebhookState};

/// Time for which an alert that went wrong asks for attention.
pub const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The facts of one webhook that the rules decide by.
#[derive(Debug)]
pub struct Facts<'a> {
    /// Active or paused.
    pub state: WebhookState,
    /// The settings of the strategy.
    pub settings: &'a Settings,
    /// The zone of its days.
    pub zone: &'a TimeZone,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last alert over the network.
    pub last_alert_at: Option<Timestamp>,
    /// The instruments that it trades, in the order in which they are shown.
    pub instruments: Vec<InstrumentFacts>,
    /// Unsettled events that arrived within [`REMEMBERED`].
    pub unsettled: Unsettled,
}

/// The facts of one instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstrumentFacts {
    /// The instrument.
    pub instrument: Instrument,
    /// True if TradingView states another position than there is here.
    pub is_out_of_sync: bool,
    /// The trade that showed that live ones are not those of the backtest.
    pub departure: Option<Departure>,
}

/// Deliveries that made no order though they should have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unsettled {
    /// Alerts that could not be read.
    pub failed: i64,
    /// Alerts over the limit; the owner can still process those that are kept.
    pub limited: i64,
    /// Alerts over the limit that are not kept, among those.
    pub not_kept: i64,
    /// Requests that were turned away without an event; the last few are known.
    pub rejected: i64,
    /// Alerts that arrived while the clock ran backwards.
    pub off_clock: i64,
    /// The newest of these.
    pub newest_off_clock: Option<EventId>,
}

/// Something that needs the owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attention {
    /// TradingView states another position: an alert is missing.
    OutOfSync(Instrument),
    /// A future is traded with another point value than its contract has, and the settings do
    /// not say that it is meant so.
    PointValue(Instrument, MissingPointValue),
    /// The profit of an instrument is in another currency than its webhook's, and is added to it.
    OtherCurrency(Instrument, ProfitCurrency),
    /// Live trades are not those that the backtest leaves room for.
    Departed(Instrument, Departure),
    /// So many alerts could not be read and made no order.
    Failed(i64),
    /// So many alerts were over the limit and made no order.
    Limited(i64),
    /// So many requests were turned away, for a wrong key for instance.
    Rejected(i64),
    /// So many alerts arrived while the clock ran backwards; the newest of them.
    ClockSetBack(i64, EventId),
    /// There was no alert since a time, for longer than the settings allow.
    Silent(Timestamp),
}

impl Attention {
    /// Reports whether both are the same matter, however its count or its time has moved on.
    #[must_use]
    pub fn is_same_matter(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::OutOfSync(one), Self::OutOfSync(other))
            | (Self::PointValue(one, _), Self::PointValue(other, _))
            | (Self::OtherCurrency(one, _), Self::OtherCurrency(other, _)) => one == other,
            (Self::Departed(one, was), Self::Departed(other, is)) => {
                one == other && was.side == is.side
            }
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl fmt::Display for Attention {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfSync(instrument) => {
                write!(
                    formatter,
                    "TradingView reports a different position in {instrument}"
                )
            }
            Self::PointValue(instrument, MissingPointValue { used, known }) => write!(
                formatter,
                "{instrument} is counted with point value {}, its contract has {}",
                used.normalize(),
                known.normalize()
            ),
            Self::OtherCurrency(instrument, currency) => match currency {
                ProfitCurrency::Coin(Some(coin)) => write!(
                    formatter,
                    "the profit of {instrument} is in {coin}, and is added to another currency"
                ),
                ProfitCurrency::Coin(None) => write!(
                    formatter,
                    "the profit of {instrument} is in its coin, and is added to another currency"
                ),
                ProfitCurrency::Price => write!(
                    formatter,
                    "the profit of {instrument} is in the currency of its price, and is added to a coin"
                ),
            },
            Self::Departed(instrument, Departure { trade, side, .. }) => {
                let than = match side {
                    DepartureSide::Worse => "worse",
                    DepartureSide::Better => "better",
                };
                write!(
                    formatter,
                    "live trades in {instrument} are {than} than the backtest leaves room for, since trade {trade}"
                )
            }
            Self::Failed(_) => formatter.write_str("alerts could not be read"),
            Self::Limited(_) => formatter.write_str("alerts were over the limit"),
            Self::Rejected(_) => formatter.write_str("requests were rejected"),
            Self::ClockSetBack(..) => {
                formatter.write_str("alerts arrived while the clock ran backwards")
            }
            Self::Silent(since) => write!(formatter, "no alert since {since:.0}"),
        }
    }
}

/// The difference between what needed the owner before and what does now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Matters that were not there before.
    pub begun: Vec<Attention>,
    /// Matters that are settled, as they were last.
    pub over: Vec<Attention>,
}

impl Changes {
    /// Compares two moments, matter by matter: one that only counts on is no change.
    #[must_use]
    pub fn between(before: &[Attention], now: &[Attention]) -> Self {
        let missing = |of: &[Attention], among: &[Attention]| {
            let is_missing =
                |one: &&Attention| !among.iter().any(|other| one.is_same_matter(other));
            of.iter().filter(is_missing).cloned().collect()
        };
        Self {
            begun: missing(now, before),
            over: missing(before, now),
        }
    }

    /// Reports whether nothing began or ended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.begun.is_empty() && self.over.is_empty()
    }
}

/// All that needs the owner of a webhook at a time, the gravest first.
#[must_use]
pub fn of(facts: &Facts<'_>, now: Timestamp) -> Vec<Attention> {
    let mut attention: Vec<Attention> = out_of_sync(facts).collect();
    attention.extend(point_values(facts));
    attention.extend(other_currencies(facts));
    attention.extend(departures(facts));
    attention.extend(unsettled(facts.unsettled));
    attention.extend(silent(facts, now));
    attention
}

fn out_of_sync(facts: &Facts<'_>) -> impl Iterator<Item = Attention> {
    let instruments = facts.instruments.iter();
    let out_of_sync = instruments.filter(|facts| facts.is_out_of_sync);
    out_of_sync.map(|facts| Attention::OutOfSync(facts.instrument.clone()))
}

fn point_values(facts: &Facts<'_>) -> impl Iterator<Item = Attention> {
    facts.instruments.iter().filter_map(|of| {
        let instrument = &of.instrument;
        let missing = facts.settings.missing_point_value(instrument.as_str())?;
        Some(Attention::PointValue(instrument.clone(), missing))
    })
}

fn other_currencies(facts: &Facts<'_>) -> impl Iterator<Item = Attention> {
    let traded = || facts.instruments.iter().map(|of| of.instrument.as_str());
    facts.instruments.iter().filter_map(move |of| {
        let instrument = &of.instrument;
        let currency = other_currency(facts.settings, instrument.as_str(), traded())?;
        Some(Attention::OtherCurrency(instrument.clone(), currency))
    })
}

fn departures(facts: &Facts<'_>) -> impl Iterator<Item = Attention> {
    let instruments = facts.instruments.iter();
    instruments.filter_map(|of| Some(Attention::Departed(of.instrument.clone(), of.departure?)))
}

fn unsettled(unsettled: Unsettled) -> impl Iterator<Item = Attention> {
    let counted = [
        (unsettled.failed, Attention::Failed as fn(i64) -> Attention),
        (unsettled.limited, Attention::Limited),
        (unsettled.rejected, Attention::Rejected),
    ];
    let counted = counted.into_iter().filter(|(count, _)| *count > 0);
    let off_clock = unsettled
        .newest_off_clock
        .map(|newest| Attention::ClockSetBack(unsettled.off_clock, newest));
    counted.map(|(count, of)| of(count)).chain(off_clock)
}

/// Only an active webhook is silent: of one that is paused nobody expects alerts.
fn silent(facts: &Facts<'_>, now: Timestamp) -> Option<Attention> {
    let silence = facts.settings.silence?;
    let since = facts.last_alert_at.unwrap_or(facts.created_at);
    let is_silent = facts.state == WebhookState::Active && silence.is_over(since, now, facts.zone);
    is_silent.then_some(Attention::Silent(since))
}

#[cfg(test)]
mod tests {
    use super::super::departure::DepartureGround;
    use super::super::silence::{Silence, SilenceHours};
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn facts<'a>(settings: &'a Settings, zone: &'a TimeZone) -> Facts<'a> {
        Facts {
            state: WebhookState::Active,
            settings,
            zone,
            created_at: at("2026-01-05T00:00:00Z"),
            last_alert_at: None,
            instruments: Vec::new(),
            unsettled: Unsettled::default(),
        }
    }

    #[test]
    fn what_is_settled_needs_nobody() {
        let (settings, zone) = (Settings::default(), TimeZone::UTC);
        let quiet = facts(&settings, &zone);
        assert_eq!(of(&quiet, at("2030-01-01T00:00:00Z")), []);
    }

    #[test]
    fn the_gravest_comes_first() {
        let (settings, zone) = (Settings::default(), TimeZone::UTC);
        let future: Instrument = "CME_MINI:ES1!".parse().unwrap();
        let stock: Instrument = "AAPL".parse().unwrap();
        let departure = Departure {
            trade: 47,
            at: at("2026-01-05T12:00:00Z"),
            side: DepartureSide::Worse,
            ground: DepartureGround::Band,
            over: None,
        };
        let mut facts = facts(&settings, &zone);
        facts.instruments = vec![
            InstrumentFacts {
                instrument: future.clone(),
                is_out_of_sync: false,
                departure: None,
            },
            InstrumentFacts {
                instrument: stock.clone(),
                is_out_of_sync: true,
                departure: Some(departure),
            },
        ];
        facts.unsettled = Unsettled {
            failed: 2,
            limited: 0,
            not_kept: 0,
            rejected: 1,
            off_clock: 3,
            newest_off_clock: Some(EventId(9)),
        };
        let missing = settings.missing_point_value(future.as_str()).unwrap();
        assert_eq!(
            of(&facts, at("2026-01-06T00:00:00Z")),
            [
                Attention::OutOfSync(stock.clone()),
                Attention::PointValue(future, missing),
                Attention::Departed(stock, departure),
                Attention::Failed(2),
                Attention::Rejected(1),
                Attention::ClockSetBack(3, EventId(9)),
            ]
        );
    }

    #[test]
    fn silence_begins_by_the_clock_and_only_for_an_active_webhook() {
        let settings = Settings {
            silence: Some(Silence {
                seconds: 24 * 3600,
                counted: SilenceHours::Always,
            }),
            ..Settings::default()
        };
        let zone = TimeZone::UTC;
        let mut facts = facts(&settings, &zone);
        let (before, after) = (at("2026-01-05T23:59:59Z"), at("2026-01-06T00:00:01Z"));
        assert_eq!(of(&facts, before), []);
        assert_eq!(of(&facts, after), [Attention::Silent(facts.created_at)]);
        facts.state = WebhookState::Paused;
        assert_eq!(of(&facts, after), []);
        facts.state = WebhookState::Active;
        facts.last_alert_at = Some(before);
        assert_eq!(of(&facts, after), []);
    }

    #[test]
    fn a_matter_begins_once_and_is_over_once() {
        let instrument = |text: &str| -> Instrument { text.parse().unwrap() };
        let out_of_sync = |text| Attention::OutOfSync(instrument(text));
        let first = [out_of_sync("AAPL"), Attention::Failed(1)];
        let more = [
            out_of_sync("AAPL"),
            out_of_sync("MSFT"),
            Attention::Failed(2),
        ];
        assert_eq!(Changes::between(&[], &first).begun, first);
        let changes = Changes::between(&first, &more);
        assert_eq!(changes.begun, [out_of_sync("MSFT")]);
        assert_eq!(changes.over, []);
        assert_eq!(Changes::between(&more, &first[..1]).over, more[1..]);
        assert!(Changes::between(&more, &more).is_empty());
    }
}
