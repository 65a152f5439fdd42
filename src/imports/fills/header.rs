//! Columns of an export, by any of the names that brokers have for them.

use crate::domain::fill::FillVenue;
use crate::imports::{Unreadable, titles};

/// A fact of a fill that has a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    Time,
    /// The day, where the time of day has a column of its own.
    Day,
    Clock,
    Symbol,
    Side,
    Quantity,
    Price,
    Fee,
    FeeCurrency,
    Currency,
    OrderId,
    FillId,
    /// The kind of row, where not all are fills.
    Kind,
    /// Level of detail of a row about an order, where there are rows for the whole of it besides.
    Level,
}

/// The names of each fact, the best first, without case and signs.
const NAMES: &[(Fact, &[&str])] = &[
    (
        Fact::Time,
        &[
            "datetime",
            "transactiontime",
            "filltime",
            "filledat",
            "executiontime",
            "executedat",
            "exectime",
            "time",
            "timestamp",
            "tradetime",
            "date",
        ],
    ),
    (Fact::Day, &["tradedate", "filldate", "date"]),
    (Fact::Clock, &["tradetime", "filltime", "time"]),
    (
        Fact::Symbol,
        &[
            "symbol",
            "ticker",
            "pair",
            "market",
            "contract",
            "contracts",
            "spotpairs",
            "instrument",
        ],
    ),
    (
        Fact::Side,
        &["side", "buysell", "direction", "action", "type"],
    ),
    (
        Fact::Quantity,
        &[
            "qty",
            "quantity",
            "executed",
            "filledquantity",
            "filledqty",
            "execqty",
            "size",
            "shares",
            "amount",
        ],
    ),
    (
        Fact::Price,
        &[
            "price",
            "tradeprice",
            "tprice",
            "filledprice",
            "fillprice",
            "execprice",
            "executionprice",
            "avgprice",
            "averageprice",
        ],
    ),
    (
        Fact::Fee,
        &[
            "execfeev2",
            "ibcommission",
            "commfee",
            "fee",
            "fees",
            "tradingfee",
            "execfee",
            "commission",
        ],
    ),
    (
        Fact::FeeCurrency,
        &[
            "feecurrency",
            "feecoin",
            "feeasset",
            "ibcommissioncurrency",
            "commissioncurrency",
            "commissionasset",
        ],
    ),
    (
        Fact::Currency,
        &["currencyprimary", "currency", "quoteasset"],
    ),
    (
        Fact::OrderId,
        &["orderid", "orderno", "iborderid", "ordernumber"],
    ),
    (
        Fact::FillId,
        &[
            "fillid",
            "ibexecid",
            "execid",
            "executionid",
            "tradeid",
            "transactionid",
            "trasactionid",
            "id",
        ],
    ),
    (Fact::Kind, &["activitytype", "filledtype", "exectype"]),
    (Fact::Level, &["levelofdetail", "datadiscriminator"]),
];

/// Columns of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    places: Vec<(Fact, usize)>,
    /// The broker.
    pub venue: FillVenue,
    /// The hours that the title of the time names: `Time (UTC+8)`.
    pub offset: Option<jiff::tz::Offset>,
    titles: Vec<String>,
}

/// A title without case, signs, and what stands in parentheses.
fn bare(title: &str) -> String {
    let before = title.split('(').next().unwrap_or_default();
    let letters = before.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Number of titles that are known.
pub fn known(header: &[String]) -> usize {
    let is_known = |title: &&String| {
        let title = bare(title);
        NAMES
            .iter()
            .any(|(_, names)| names.contains(&title.as_str()))
    };
    header.iter().filter(is_known).count()
}

impl Columns {
    /// The columns of a header.
    ///
    /// # Errors
    ///
    /// [`Unreadable::UnknownFills`], which names what is missing and what is not known.
    pub fn of(header: &[String], is_symbol_said: bool) -> Result<Self, Unreadable> {
        let bare_titles: Vec<String> = header.iter().map(|title| bare(title)).collect();
        let has = |name: &str| bare_titles.iter().any(|title| title == name);
        let mut places: Vec<(Fact, usize)> = Vec::new();
        for (fact, names) in NAMES {
            let is_free = |name: &str| match (fact, name) {
                // Binance's Amount is of money where there is a column of units.
                (Fact::Quantity, "amount") => has("total"),
                // Where a date and a time stand apart, neither is the whole.
                (Fact::Time, "date") => !has("time"),
                (Fact::Time, "time") => !has("date"),
                (Fact::Time, "tradetime") => !has("tradedate"),
                (Fact::Day, "date") => has("time"),
                (Fact::Clock, "time") => has("date"),
                // Alpaca's type is that of the fill, Interactive Brokers' that of the order.
                (Fact::Side, "type") => has("market") || has("pair"),
                _ => true,
            };
            let place = names
                .iter()
                .filter(|name| is_free(name))
                .find_map(|name| bare_titles.iter().position(|title| title == name));
            places.extend(place.map(|place| (*fact, place)));
        }
        let columns = Self {
            venue: venue(&has),
            offset: None,
            places,
            titles: header.to_vec(),
        };
        columns.whole(header, is_symbol_said)
    }

    fn whole(mut self, header: &[String], is_symbol_said: bool) -> Result<Self, Unreadable> {
        let mut missing = Vec::new();
        if self.place(Fact::Time).is_none() && self.place(Fact::Day).is_none() {
            missing.push("time");
        }
        for (fact, name) in [
            (Fact::Symbol, "symbol"),
            (Fact::Quantity, "qty"),
            (Fact::Price, "price"),
        ] {
            let is_said = fact == Fact::Symbol && is_symbol_said;
            if self.place(fact).is_none() && !is_said {
                missing.push(name);
            }
        }
        // Interactive Brokers tells a sale by the sign of its quantity.
        if self.place(Fact::Side).is_none() && self.venue != FillVenue::InteractiveBrokers {
            missing.push("side");
        }
        if !missing.is_empty() {
            let is_used = |index: &usize| self.places.iter().any(|(_, place)| place == index);
            let unknown = (0..header.len()).filter(|index| !is_used(index));
            let unknown: Vec<String> = unknown.map(|index| header[index].clone()).collect();
            return Err(Unreadable::UnknownFills {
                missing,
                unknown: if unknown.is_empty() {
                    "none".to_owned()
                } else {
                    titles(&unknown)
                },
            });
        }
        let title = self.place(Fact::Time).and_then(|place| header.get(place));
        self.offset = title.and_then(|title| offset(title));
        Ok(self)
    }

    /// True for a history of spot trades alone.
    pub fn is_spot(&self) -> bool {
        self.titles.iter().any(|title| bare(title) == "spotpairs")
    }

    /// The column of a fact.
    pub fn place(&self, fact: Fact) -> Option<usize> {
        let mut places = self.places.iter();
        places
            .find(|(known, _)| *known == fact)
            .map(|(_, place)| *place)
    }

    /// The title of a column.
    pub fn titled(&self, place: usize) -> &str {
        self.titles.get(place).map_or("?", String::as_str)
    }
}

/// The broker, by the columns that only it has.
fn venue(has: &impl Fn(&str) -> bool) -> FillVenue {
    if has("ibcommission") || has("tprice") || has("ibexecid") || has("commfee") {
        FillVenue::InteractiveBrokers
    } else if has("activitytype") || has("cumqty") || has("leavesqty") {
        FillVenue::Alpaca
    } else if has("filledprice") || has("spotpairs") {
        FillVenue::Bybit
    } else if has("date") && (has("executed") || has("total") || has("realizedprofit")) {
        FillVenue::Binance
    } else {
        FillVenue::Plain
    }
}

/// The offset that a title names, as `Date(UTC)` or `Time (UTC+8)`.
fn offset(title: &str) -> Option<jiff::tz::Offset> {
    let (_, inside) = title.split_once('(')?;
    let inside = inside.trim_end_matches(')').trim().to_ascii_uppercase();
    let hours = inside
        .strip_prefix("UTC")
        .or_else(|| inside.strip_prefix("GMT"))?;
    if hours.trim().is_empty() {
        return Some(jiff::tz::Offset::UTC);
    }
    let (hours, minutes) = hours.trim().split_once(':').unwrap_or((hours.trim(), "0"));
    let hours: i32 = hours.parse().ok()?;
    let minutes: i32 = minutes.parse().ok()?;
    let seconds = hours * 3600 + hours.signum() * minutes * 60;
    jiff::tz::Offset::from_seconds(seconds).ok()
}
