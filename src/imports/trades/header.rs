//! The header of a list of trades: which column is what, in every generation.

use crate::imports::Unreadable;
use crate::imports::table::is_space;

/// A column that is used, and its names; the first is the newest.
type Names = &'static [&'static str];

const TRADE: Names = &["trade number", "trade #", "trade no", "trade"];
const TYPE: Names = &["type"];
const TIME: Names = &["date and time", "date/time", "date time", "date"];
const SIGNAL: Names = &["signal"];
const PRICE: Names = &["price"];
const QUANTITY: Names = &[
    "size (qty)",
    "position size (qty)",
    "contracts",
    "quantity",
    "qty",
    "size",
];
const PROFIT: Names = &["net pnl", "net p&l", "net profit", "profit", "p&l", "pnl"];
const COMMISSION: Names = &["commission"];

/// Bytes that a title can have; what is longer is none.
const LONGEST_TITLE: usize = 200;

/// Where the columns of a list are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The number of the trade.
    pub trade: usize,
    /// Entry or exit, long or short.
    pub kind: usize,
    /// Date and time.
    pub time: usize,
    /// The signal that filled; short forms may have none.
    pub signal: Option<usize>,
    /// The price of the fill.
    pub price: usize,
    /// Contracts, shares or coins.
    pub quantity: usize,
    /// Net profit of the trade.
    pub profit: usize,
    /// Commission of the trade, since 2026.
    pub commission: Option<usize>,
    /// The currency of the profit, where its column names it.
    pub currency: Option<String>,
}

impl Columns {
    /// Finds the columns in a header.
    ///
    /// # Errors
    ///
    /// [`Unreadable::UnknownHeader`], which names what is missing.
    pub fn find(header: &[String]) -> Result<Self, Unreadable> {
        let mut missing = Vec::new();
        let mut needed = |names: Names| {
            position(header, names).unwrap_or_else(|| {
                missing.push(title(names));
                0
            })
        };
        let columns = Self {
            trade: needed(TRADE),
            kind: needed(TYPE),
            time: needed(TIME),
            price: needed(PRICE),
            quantity: needed(QUANTITY),
            profit: needed(PROFIT),
            signal: position(header, SIGNAL),
            commission: position(header, COMMISSION),
            currency: currency_of_profit(header),
        };
        if missing.is_empty() {
            Ok(columns)
        } else {
            Err(Unreadable::UnknownHeader {
                missing,
                found: header.to_vec(),
            })
        }
    }
}

/// The name of a needed column as an error shows it.
fn title(names: Names) -> &'static str {
    match names[0] {
        "trade number" => "Trade number",
        "type" => "Type",
        "date and time" => "Date and time",
        "price" => "Price",
        "size (qty)" => "Size (qty)",
        _ => "Net PnL",
    }
}

fn position(header: &[String], names: Names) -> Option<usize> {
    let mut candidates = names.iter();
    candidates.find_map(|name| {
        let is_it = |title: &String| after_name(title, name).is_some();
        header.iter().position(is_it)
    })
}

/// The currency that the title of the profit names.
fn currency_of_profit(header: &[String]) -> Option<String> {
    let after = |name: &&str| header.iter().find_map(|title| after_name(title, name));
    let currency = PROFIT.iter().find_map(after)?;
    (!currency.is_empty()).then_some(currency)
}

/// What follows in a title that is `name`, alone or with a currency after it.
/// (`Net P&L %` is neither, nor is `Size (value)`, which is money.)
fn after_name(title: &str, name: &str) -> Option<String> {
    if title.len() > LONGEST_TITLE {
        return None;
    }
    let title = title.trim_matches(is_space).replace(is_space, " ");
    let start = title.get(..name.len())?;
    if !start.eq_ignore_ascii_case(name) {
        return None;
    }
    let rest = &title[name.len()..];
    let currency = rest.trim_matches([' ', ',', '(', ')']);
    let is_currency = currency.len() <= 12
        && currency.bytes().all(|b| b.is_ascii_alphanumeric())
        && !currency.eq_ignore_ascii_case("value");
    let is_apart = rest.is_empty() || rest.starts_with([' ', ',', '(']);
    (is_currency && is_apart).then(|| currency.to_uppercase())
}
