//! A signal: what a valid alert asks for, before anything is known about the
//! position it meets.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;

use super::event::text_enum;
use super::instrument::Spelling;
use serde::Serialize;

use super::money::{Decimal, Distance, Notional, NumberError, Price, Quantity};

/// The longest ticker, in characters: a spread or another formula has many names in it.
const LONGEST_TICKER: usize = 256;

/// The instrument as TradingView names it: `AAPL`, `NASDAQ:AAPL`, `CME_MINI:ES1!`,
/// `NYMEX:CL1!-NYMEX:CL2!`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticker(Arc<str>);

/// A text that cannot be a ticker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 256 printable characters, such as AAPL or NASDAQ:AAPL")]
pub struct NotATicker;

impl Ticker {
    /// The ticker as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Ticker {
    /// Reports whether both can name one instrument: they differ at most by case and by an
    /// exchange that one of them leaves out.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        self == other || Spelling::of(&self.0).may_be(&Spelling::of(&other.0))
    }

    /// Ticker of imported trades whose file names no instrument.
    #[must_use]
    pub fn unknown() -> Self {
        Self("unknown".into())
    }
}

impl Serialize for Ticker {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl FromStr for Ticker {
    type Err = NotATicker;

    fn from_str(text: &str) -> Result<Self, NotATicker> {
        let text = text.trim();
        let printable = text.chars().all(is_printable);
        if text.is_empty() || text.chars().count() > LONGEST_TICKER || !printable {
            return Err(NotATicker);
        }
        Ok(Self(text.into()))
    }
}

/// True if a letter shows: neither a control character nor one that is invisible or turns
/// the direction of the text, so that no two tickers look alike.
fn is_printable(letter: char) -> bool {
    let is_invisible = matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}');
    !letter.is_control() && !is_invisible
}

impl fmt::Display for Ticker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

text_enum! {
    /// The intent of an order towards the position.
    Intent, "intent" {
        /// Opens or adds to a long position; closes a short one first.
        EntryLong = "entryLong",
        /// Closes a long position and never opens a short one.
        ExitLong = "exitLong",
        /// Opens or adds to a short position; closes a long one first.
        EntryShort = "entryShort",
        /// Closes a short position and never opens a long one.
        ExitShort = "exitShort",
        /// Buys on the net position.
        Buy = "buy",
        /// Sells on the net position.
        Sell = "sell",
        /// Closes the position, whichever side it has, and opens none.
        Exit = "exit",
    }
}

impl Intent {
    /// The direction of the order itself: an exit of a long position sells. `None` where the
    /// position decides.
    #[must_use]
    pub fn direction(self) -> Option<Direction> {
        match self {
            Self::EntryLong | Self::ExitShort | Self::Buy => Some(Direction::Long),
            Self::EntryShort | Self::ExitLong | Self::Sell => Some(Direction::Short),
            Self::Exit => None,
        }
    }

    /// The direction of the order where it meets a signed position.
    #[must_use]
    pub fn direction_at(self, position: Decimal) -> Direction {
        self.direction()
            .unwrap_or_else(|| Direction::of_position(position).opposite())
    }

    /// True if the order can only close.
    #[must_use]
    pub fn is_exit(self) -> bool {
        matches!(self, Self::ExitLong | Self::ExitShort | Self::Exit)
    }

    /// The alert's `positionDirection`, where the intent has one.
    #[must_use]
    pub fn position_direction(self) -> Option<&'static str> {
        (!matches!(self, Self::Buy | Self::Sell)).then(|| self.as_str())
    }
}

text_enum! {
    /// Long (bought) or short (sold).
    Direction, "direction" {
        /// Bought; of a position: gains when the price rises.
        Long = "long",
        /// Sold; of a position: gains when the price falls.
        Short = "short",
    }
}

impl Direction {
    /// 1 for long, -1 for short.
    #[must_use]
    pub fn sign(self) -> Decimal {
        match self {
            Self::Long => Decimal::ONE,
            Self::Short => Decimal::NEGATIVE_ONE,
        }
    }

    /// The side of a signed position that is not flat.
    #[must_use]
    pub fn of_position(position: Decimal) -> Self {
        if position.is_sign_negative() {
            Self::Short
        } else {
            Self::Long
        }
    }

    /// `buy` or `sell`.
    #[must_use]
    pub fn action(self) -> &'static str {
        match self {
            Self::Long => "buy",
            Self::Short => "sell",
        }
    }

    /// The other direction.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Long => Self::Short,
            Self::Short => Self::Long,
        }
    }
}

/// A signed position as TradingView's placeholders say it: `long`, `short` or `flat`.
#[must_use]
pub fn market_position(position: Decimal) -> &'static str {
    if position.is_zero() {
        return "flat";
    }
    Direction::of_position(position).as_str()
}

text_enum! {
    /// The type of an order.
    OrderType, "orderType" {
        /// At the market price.
        Market = "market",
        /// At `limitPrice` or better.
        Limit = "limit",
        /// At the market once `stopPrice` is reached.
        Stop = "stop",
        /// At `limitPrice` or better once `stopPrice` is reached.
        StopLimit = "stop_limit",
        /// At the market once the price falls back by the trail.
        TrailingStop = "trailing_stop",
    }
}

text_enum! {
    /// The time of an order at the broker.
    TimeInForce, "timeInForce" {
        /// Until the end of the session.
        Day = "day",
        /// Until cancelled.
        Gtc = "gtc",
        /// At the opening auction.
        Opg = "opg",
        /// At the closing auction.
        Cls = "cls",
        /// Fills at once as far as it can; the rest is cancelled.
        Ioc = "ioc",
        /// All at once or nothing.
        Fok = "fok",
    }
}

/// The size of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A quantity that the alert states, or 1 where an entry states none.
    Quantity(Quantity),
    /// Money; the quantity is this over the intended price.
    Notional(Notional),
    /// An exit without a quantity: the whole position.
    WholePosition,
    /// A percentage of what the order is sized by.
    Percentage(Percentage),
}

text_enum! {
    /// The amount that a percentage is taken of.
    PercentOf, "percentage" {
        /// The equity of the strategy, or of the account of a route.
        Equity = "equity",
        /// The position that the order meets.
        Position = "position",
    }
}

/// A size in percent, above zero and at most 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentage {
    percent: Decimal,
    of: PercentOf,
}

impl Percentage {
    /// Takes a percentage that an order can have.
    ///
    /// # Errors
    ///
    /// [`NumberError::NotPositive`] or [`NumberError::TooLarge`].
    pub fn new(percent: Decimal, of: PercentOf) -> Result<Self, NumberError> {
        if percent <= Decimal::ZERO {
            return Err(NumberError::NotPositive);
        }
        if percent > Decimal::from(10_000) {
            return Err(NumberError::TooLarge);
        }
        Ok(Self { percent, of })
    }

    /// The number: 10 of ten percent.
    #[must_use]
    pub fn percent(self) -> Decimal {
        self.percent
    }

    /// The amount that it is taken of.
    #[must_use]
    pub fn of(self) -> PercentOf {
        self.of
    }

    /// That much of an amount; `None` where it is beyond a [`Decimal`].
    #[must_use]
    pub fn share_of(self, amount: Decimal) -> Option<Decimal> {
        let share = amount.checked_mul(self.percent)?;
        share.checked_div(Decimal::ONE_HUNDRED)
    }
}

/// The distance of a trailing stop behind the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trail {
    /// In price units.
    Price(Distance),
    /// In percent of the price.
    Percent(Decimal),
}

/// The protective part of a bracket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopLoss {
    /// Price at which the position is given up.
    pub stop_price: Price,
    /// The worst price accepted, for a stop-limit.
    pub limit_price: Option<Price>,
}

/// The signed position after and before the order, as TradingView states it:
/// above zero long, below zero short, zero flat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatedPosition {
    /// After the order: `{{strategy.position_size}}`, or market position and size.
    pub new: Option<Decimal>,
    /// Before the order: previous market position and size.
    pub previous: Option<Decimal>,
    /// The side after the order, where it is stated without a size.
    pub side: Option<Direction>,
}

impl StatedPosition {
    /// The move of a position that is long before and short after the order, or the other way;
    /// its sign tells which.
    #[must_use]
    pub fn reversal(&self) -> Option<Decimal> {
        let (previous, new) = (self.previous?, self.new?);
        let has_both = !previous.is_zero() && !new.is_zero();
        let turns = previous.is_sign_negative() != new.is_sign_negative();
        (has_both && turns)
            .then(|| new.checked_sub(previous))
            .flatten()
    }
}

/// The parts of an alert's `metadata` that algohook understands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// Time of the signal, by the sender's clock.
    pub timestamp: Option<Timestamp>,
    /// True if the message states a time, readable or not: the same bytes again are then
    /// the same alert.
    pub states_time: bool,
    /// Name of the strategy.
    pub strategy: Option<String>,
    /// Name of the signal; becomes the trade's entry or exit signal.
    pub signal: Option<String>,
    /// The order's comment.
    pub comment: Option<String>,
}

/// The content of a valid alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The instrument.
    pub ticker: Ticker,
    /// The intent of the order.
    pub intent: Intent,
    /// True if an entry closes all of an opposite position and then opens its full quantity,
    /// whatever the settings say of reversals.
    pub closes_opposite: bool,
    /// The order type.
    pub order_type: OrderType,
    /// The size of the order.
    pub size: Size,
    /// The market price at signal time, where the alert states it.
    pub market_price: Option<Price>,
    /// Limit of a limit or stop-limit order.
    pub limit_price: Option<Price>,
    /// Trigger of a stop or stop-limit order.
    pub stop_price: Option<Price>,
    /// Distance of a trailing stop.
    pub trail: Option<Trail>,
    /// The price the trader wants: limit, else stop, else market price.
    pub intended_price: Price,
    /// Target of a bracket.
    pub profit_target: Option<Price>,
    /// Stop of a bracket.
    pub stop_loss: Option<StopLoss>,
    /// The time of the order at the broker.
    pub time_in_force: Option<TimeInForce>,
    /// True if it may fill outside regular hours.
    pub extended_hours: Option<bool>,
    /// The position as TradingView states it.
    pub stated_position: StatedPosition,
    /// The alert's own `id`: the same id again is the same alert.
    pub idempotency_key: Option<String>,
    /// The fields of the metadata that are understood.
    pub metadata: Metadata,
}
