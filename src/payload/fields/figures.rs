//! Numbers that are no size, by their names.
//!
//! An order that states no quantity gets a default one. So a number under a name that nobody
//! knows may be the size that its sender means, and fails the message: a wrong size costs money,
//! and a refused alert is kept, with a hint, to be processed again. But traders send what their
//! scripts plot, and such alerts made orders before. The names below, which `docs/messages.md`
//! lists, are those of figures that no sender sizes an order by.

use serde_json::value::RawValue;

use super::given::blank;
use super::likeness::{is_of_something_else, words};
use super::string;
use crate::domain::money::parse_decimal;

/// Words of prices and levels, stops and targets, times, identities, settings and performance:
/// a name with one of them is no size's, whatever stands beside it.
pub const ANYWHERE: [&[&str]; 6] = [
    &[
        "price",
        "prices",
        "px",
        "level",
        "levels",
        "pivot",
        "support",
        "resistance",
        "fib",
        "r1",
        "r2",
        "r3",
        "s1",
        "s2",
        "s3",
        "poc",
        "stop",
        "stops",
        "stoploss",
        "sl",
        "target",
        "targets",
        "tp",
        "takeprofit",
        "limit",
        "trigger",
        "trail",
        "trailing",
        "breakeven",
        "be",
        "offset",
        "distance",
        "deviation",
    ],
    &[
        "time",
        "date",
        "timeframe",
        "tf",
        "interval",
        "resolution",
        "period",
        "length",
        "lookback",
        "window",
        "bar",
        "bars",
        "candle",
        "candles",
        "index",
        "session",
        "year",
        "month",
        "week",
        "day",
        "days",
        "hour",
        "hours",
        "minute",
        "minutes",
        "second",
        "seconds",
        "ms",
        "delay",
        "lag",
        "wait",
        "timeout",
        "cooldown",
        "expiry",
        "expire",
        "expires",
        "expiration",
        "ttl",
        "age",
        "duration",
        "until",
    ],
    &[
        "id",
        "ids",
        "uid",
        "uuid",
        "guid",
        "ticket",
        "magic",
        "nonce",
        "seq",
        "sequence",
        "version",
        "ver",
        "build",
        "code",
        "pin",
        "key",
        "token",
        "secret",
        "password",
        "passphrase",
        "user",
        "chat",
        "channel",
        "bot",
        "server",
        "port",
        "group",
        "license",
        "hash",
        "exchange",
        "broker",
        "isin",
        "cusip",
        "phone",
        "name",
        "title",
        "label",
        "tag",
        "comment",
        "note",
        "notes",
        "message",
        "msg",
        "text",
        "description",
        "reason",
        "mode",
        "type",
        "status",
        "state",
        "flag",
        "priority",
        "retry",
        "retries",
    ],
    &[
        "leverage",
        "lev",
        "slippage",
        "spread",
        "fee",
        "fees",
        "commission",
        "swap",
        "funding",
        "rate",
        "tick",
        "ticks",
        "pip",
        "pips",
        "point",
        "points",
        "mintick",
        "precision",
        "decimals",
        "digits",
        "pyramiding",
        "min",
        "minimum",
        "max",
        "maximum",
        "step",
        "font",
        "strike",
        "outstanding",
        "interest",
        "dividend",
        "yield",
    ],
    &[
        "profit",
        "loss",
        "pnl",
        "drawdown",
        "dd",
        "mae",
        "mfe",
        "win",
        "wins",
        "winrate",
        "losses",
        "rr",
        "reward",
        "sharpe",
        "sortino",
        "expectancy",
        "return",
        "returns",
        "gain",
        "streak",
        "change",
        "confidence",
        "score",
        "probability",
        "prob",
        "strength",
        "rating",
        "rank",
        "grade",
        "quality",
        "conviction",
        "prediction",
        "forecast",
    ],
    &[
        "volume",
        "vol",
        "volatility",
        "relative",
        "rel",
        "avg",
        "average",
        "mean",
        "median",
        "percentile",
        "band",
        "bb",
        "kc",
        "dc",
        "plus",
        "minus",
        "di",
        "ma",
        "ao",
        "ac",
        "uo",
        "oi",
        "wt",
        "tr",
        "osc",
        "ind",
        "filter",
        "threshold",
        "zone",
        "phase",
        "cycle",
        "cross",
        "condition",
        "delta",
        "gap",
        "range",
        "body",
        "wick",
        "shadow",
        "slope",
        "angle",
        "trend",
        "regime",
        "chop",
        "squeeze",
        "divergence",
        "correlation",
        "corr",
        "beta",
        "alpha",
        "dominance",
        "cloud",
        "wave",
        "mom",
    ],
];

/// Indicators: names that begin or end with one of them are theirs, as `emafast` is.
pub const INDICATORS: [&str; 50] = [
    "plot",
    "rsi",
    "stoch",
    "macd",
    "hist",
    "ema",
    "sma",
    "wma",
    "hma",
    "rma",
    "vwma",
    "dema",
    "tema",
    "alma",
    "kama",
    "lsma",
    "vwap",
    "twap",
    "atr",
    "adx",
    "dmi",
    "cci",
    "mfi",
    "obv",
    "cmf",
    "cvd",
    "roc",
    "momentum",
    "trix",
    "tsi",
    "wpr",
    "willr",
    "cmo",
    "kst",
    "rvi",
    "vix",
    "bollinger",
    "keltner",
    "donchian",
    "ichimoku",
    "tenkan",
    "kijun",
    "senkou",
    "chikou",
    "supertrend",
    "psar",
    "aroon",
    "zscore",
    "stdev",
    "oscillator",
];

/// Words that are no size's alone or together: `signal`, `prev_close`, `upper`.
pub const ALONE: [&str; 41] = [
    "open", "high", "low", "close", "last", "bid", "ask", "mid", "o", "h", "l", "c", "t", "k", "d",
    "j", "z", "hl2", "hlc3", "ohlc4", "hlcc4", "prev", "previous", "current", "daily", "weekly",
    "fast", "slow", "upper", "lower", "middle", "basis", "line", "signal", "alert", "strategy",
    "account", "entry", "exit", "is", "sar",
];

/// Words behind or before a number that are units of a quantity.
const UNITS: [&str; 26] = [
    "usd",
    "usdt",
    "usdc",
    "eur",
    "gbp",
    "jpy",
    "dollars",
    "dollar",
    "euro",
    "euros",
    "contract",
    "contracts",
    "share",
    "shares",
    "unit",
    "units",
    "coin",
    "coins",
    "lot",
    "lots",
    "token",
    "tokens",
    "percent",
    "pct",
    "x",
    "k",
];

/// Words for a part.
const PARTS: [&str; 5] = ["half", "quarter", "third", "partial", "part"];

/// Words of shares, of which 1 is the whole.
const SHARES: [&str; 8] = [
    "weight", "ratio", "fraction", "portion", "equity", "balance", "capital", "wallet",
];

/// Every word of the lists.
#[cfg(test)]
pub fn all() -> impl Iterator<Item = &'static str> {
    let anywhere = ANYWHERE.iter().flat_map(|words| words.iter());
    anywhere.chain(&INDICATORS).chain(&ALONE).copied()
}

/// True if a name is that of a figure which sizes no order.
pub fn is_other(name: &str) -> bool {
    let words = words(name);
    let bare = |word: &str| -> String {
        let is_digit = |c: char| c.is_ascii_digit();
        word.trim_matches(is_digit).to_owned()
    };
    let is_anywhere = |word: &String| {
        let bare = bare(word);
        let is_indicator = |known: &&str| bare.starts_with(known) || bare.ends_with(known);
        let mut all = ANYWHERE.iter().flat_map(|words| words.iter());
        all.any(|known| known == word || *known == bare)
            || INDICATORS.iter().any(is_indicator)
            // Written together: entryprice, bartime, orderid.
            || bare.ends_with("price")
            || bare.ends_with("time")
            || bare.len() > 4 && bare.ends_with("id")
    };
    let is_alone = |word: &String| {
        let bare = bare(word);
        bare.is_empty() || ALONE.iter().any(|known| known == word || *known == bare)
    };
    is_of_something_else(&words)
        || words.iter().any(is_anywhere)
        || !words.is_empty() && words.iter().all(is_alone)
}

/// True if a number under this name may be the size of an order that states none.
pub fn may_size(name: &str, value: &RawValue, is_entry: bool) -> bool {
    if is_other(name) {
        return false;
    }
    // 1 is what an entry has by itself, and what a plot has that is on.
    let is_share = || words(name).iter().any(|word| SHARES.contains(&&**word));
    let is_default = is_entry && matches!(value.get(), "1" | "\"1\"") && !is_share();
    is_quantity(value) && !is_default || is_part(name, value)
}

/// True of a number with a sign or a word behind it.
pub fn is_share(value: &RawValue) -> bool {
    string(value).is_some_and(|text| parse_decimal(&text).is_err()) && is_quantity(value)
}

/// True if a value can be a quantity, a share or money: a number, alone or with a sign or a
/// unit. A date, a version, a time span or a text that begins with a number is none.
fn is_quantity(value: &RawValue) -> bool {
    let is_figure = |c: char| c.is_numeric() && c != '0';
    if blank(value).is_some() {
        return false;
    }
    let Some(text) = string(value) else {
        let json = value.get();
        return json.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            && json.contains(is_figure);
    };
    let text = text.trim();
    if text.starts_with("{{") {
        let sizes = ["plot", "contracts", "position_size"];
        return sizes.iter().any(|name| text.contains(name));
    }
    if let Ok(number) = parse_decimal(text) {
        return !number.is_zero();
    }
    let text = text.trim_start_matches(['-', '+', '$', '\u{20ac}', '\u{a3}', ' ']);
    let text = match text.split_once(' ') {
        Some((unit, number)) if is_unit(unit) => number,
        _ => text,
    };
    let is_part = |c: char| c.is_numeric() || matches!(c, '.' | ',' | '\'' | ' ');
    let ends = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (number, unit) = text.split_at(ends);
    // Three points are those of an address.
    let is_number = number.starts_with(|c: char| c.is_numeric() || c == '.')
        && number.matches('.').count() < 3
        && number.contains(is_figure);
    is_number && (unit.is_empty() || is_unit(unit.trim()))
}

/// True of a sign or a word for the unit of a quantity, or of a currency's code.
fn is_unit(text: &str) -> bool {
    let is_code = (3..=5).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_uppercase());
    matches!(text, "%" | "$" | "\u{20ac}" | "\u{a3}")
        || is_code
        || UNITS.contains(&&*text.to_lowercase())
}

/// True of a part in words: `"portion": "half"`, `"partial": true`.
fn is_part(name: &str, value: &RawValue) -> bool {
    let text = string(value);
    let text = text.as_deref().unwrap_or(value.get()).trim().to_lowercase();
    let has_part = || words(name).iter().any(|word| PARTS.contains(&&**word));
    PARTS.contains(&&*text) || matches!(&*text, "true" | "yes") && has_part()
}
