//! The fields that an alert may have, and the names that other senders use for them.
//!
//! People come from other services, and write by hand. A message that states a quantity
//! under another name than ours must never become an order of a default quantity, so every
//! name that can only mean one thing is read as that thing, with a warning that names ours.
//! A name that can mean two things is not read: it is kept, and the warning asks.
//!
//! Names are compared by their letters: small, without `_`, `-`, `.` and spaces.

/// The conditions under which a field counts that has another name than ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It has our own name.
    Ours,
    /// The name can mean nothing else.
    Same,
    /// The name counts where the value is a word that our field knows.
    Word,
    /// The name is that of a bar's figure, and counts where nothing else states the field:
    /// the close of a bar is not the price of its fill.
    Alone,
    /// It may mean our field, or something else: never read, only asked about.
    Asked,
}

/// The names of one field besides our own.
struct Others {
    field: &'static str,
    standing: Standing,
    /// In letters, as [`letters`] leaves them.
    names: &'static [&'static str],
}

/// The fields of one object.
pub struct Table {
    ours: &'static [&'static str],
    others: &'static [Others],
}

const fn others(field: &'static str, standing: Standing, names: &'static [&'static str]) -> Others {
    Others {
        field,
        standing,
        names,
    }
}

/// The kind of a stated quantity: units, money or a percentage.
pub const QUANTITY_KIND: &str = "quantityType";
/// A quantity that is a percentage by its name.
pub const QUANTITY_PERCENT: &str = "quantityPercent";
/// A quantity that is a risk by its name, from which no units follow here.
pub const QUANTITY_RISK: &str = "quantityRisk";
/// True if the order may only make a position smaller.
pub const REDUCE_ONLY: &str = "reduceOnly";
/// True if the order leaves all of a position.
pub const CLOSE_POSITION: &str = "closePosition";
/// The position that the order is about, of an account that can have both.
pub const POSITION_SIDE: &str = "positionSide";
/// The fields that an order is made of: one that is stated under any name and cannot be read
/// fails the message.
const DECISIVE: [&str; 17] = [
    "positionDirection",
    "direction",
    "action",
    "qty",
    "notional",
    QUANTITY_KIND,
    QUANTITY_PERCENT,
    QUANTITY_RISK,
    "orderType",
    REDUCE_ONLY,
    CLOSE_POSITION,
    POSITION_SIDE,
    "marketPosition",
    "marketPositionSize",
    "prevMarketPosition",
    "prevMarketPositionSize",
    "positionSize",
];

/// The fields that an order needs, of which one statement that can be read is enough.
const NEEDED: [&str; 4] = ["ticker", "marketPrice", "limitPrice", "stopPrice"];

/// The fields that an order is the same without.
const OPTIONAL: [&str; 7] = [
    "profitTarget",
    "takeProfit",
    "stopLossTarget",
    "stopLoss",
    "timeInForce",
    "extendedHours",
    "metadata",
];

/// The fields that size an order.
pub const SIZES: [&str; 5] = [
    "qty",
    "notional",
    QUANTITY_KIND,
    QUANTITY_PERCENT,
    QUANTITY_RISK,
];

/// The fields that say the size of a position, which an order's own follows from.
pub const POSITION_SIZES: [&str; 3] = [
    "marketPositionSize",
    "prevMarketPositionSize",
    "positionSize",
];

/// Names of the fields that other services have their secret in.
const SECRETS: [&str; 3] = ["secret", "token", "password"];

/// True of a field that other services have their secret in.
pub fn is_secret(name: &str) -> bool {
    SECRETS.iter().any(|known| is_name(name, known))
}

/// True if a value that cannot be read fails the message. Under another name than ours it
/// may be something else, and was never asked for: it fails only what it can make wrong.
pub fn must_be_read(field: &str, standing: Standing, is_found: bool) -> bool {
    if OPTIONAL.contains(&field) {
        return false;
    }
    standing == Standing::Ours || DECISIVE.contains(&field) || !is_found && NEEDED.contains(&field)
}

/// The time of the signal, which stands inside `metadata`.
pub const TIMESTAMP: &str = "metadata.timestamp";

/// The fields of an alert.
pub const ALERT: Table = Table {
    ours: &[
        "auth_key",
        "ticker",
        "positionDirection",
        "direction",
        "action",
        "orderType",
        "qty",
        QUANTITY_KIND,
        QUANTITY_PERCENT,
        QUANTITY_RISK,
        REDUCE_ONLY,
        CLOSE_POSITION,
        POSITION_SIDE,
        "notional",
        "marketPrice",
        "limitPrice",
        "stopPrice",
        "trailPrice",
        "trailPercent",
        "profitTarget",
        "takeProfit",
        "stopLossTarget",
        "stopLoss",
        "timeInForce",
        "extendedHours",
        "closesOpposite",
        "marketPosition",
        "marketPositionSize",
        "prevMarketPosition",
        "prevMarketPositionSize",
        "positionSize",
        "id",
        "metadata",
    ],
    others: &[
        others("ticker", Standing::Same, &["symbol", "instrument"]),
        others(
            "action",
            Standing::Same,
            &["side", "orderaction", "orderside", "strategyorderaction"],
        ),
        others(
            "action",
            Standing::Word,
            &[
                "order",
                "tradeside",
                "positioneffect",
                "openclose",
                "intent",
                "orderintent",
                "tradeintent",
                "tradetype",
                "tradeaction",
                "signaltype",
                "signalaction",
                "actiontype",
                "effect",
                "entryexit",
            ],
        ),
        others("orderType", Standing::Word, &["type"]),
        others(
            "qty",
            Standing::Same,
            &[
                "quantity",
                "size",
                "contracts",
                "amount",
                "shares",
                "units",
                "coins",
                "lots",
                "orderqty",
                "orderquantity",
                "ordersize",
                "ordercontracts",
                "orderamount",
                "tradesize",
                "tradeqty",
                "basequantity",
                "baseqty",
                "baseamount",
                "strategyordercontracts",
                "lot",
                "lotsize",
                "orderlots",
                "ordershares",
                "totalquantity",
                "totalqty",
                "numcontracts",
                "numberofcontracts",
                "numshares",
                "numberofshares",
            ],
        ),
        others(
            "notional",
            Standing::Same,
            &[
                "notionalvalue",
                "dollaramount",
                "cashamount",
                "quoteamount",
                "quoteqty",
                "quotequantity",
                "quoteorderqty",
                "quotesize",
                "amountusd",
                "usdamount",
                "sizeusd",
                "usdsize",
                "qtyusd",
                "quantityusd",
                "usdvalue",
                "amountusdt",
                "usdtamount",
                "sizeusdt",
                "qtyusdt",
                "dollarvalue",
                "amountindollars",
            ],
        ),
        others(
            QUANTITY_KIND,
            Standing::Same,
            &[
                "quantitymode",
                "qtytype",
                "qtymode",
                "sizetype",
                "sizemode",
                "amounttype",
                "ordersizetype",
                "quantityunit",
                "quantityunits",
                "qtyunit",
                "qtyunits",
                "sizeunit",
                "amountunit",
                "amountmode",
                "sizingmode",
                "sizingtype",
                "sizingmethod",
                "ordersizemode",
                "positionsizetype",
                "positionsizemode",
                "volumetype",
                "lottype",
            ],
        ),
        others(
            QUANTITY_KIND,
            Standing::Word,
            &["unit", "sizing", "positionsizing", "currencytype"],
        ),
        others(
            QUANTITY_PERCENT,
            Standing::Same,
            &[
                "quantitypercentage",
                "quantitypct",
                "qtypercent",
                "qtypercentage",
                "qtypct",
                "sizepercent",
                "sizepercentage",
                "sizepct",
                "amountpercent",
                "amountpercentage",
                "equitypercent",
                "equitypercentage",
                "percentequity",
                "percentofequity",
                "balancepercent",
                "percentofbalance",
                "orderpercent",
                "ordersizepercent",
            ],
        ),
        others(
            QUANTITY_RISK,
            Standing::Same,
            &[
                "riskpercent",
                "riskpercentage",
                "riskpct",
                "risk",
                "riskamount",
            ],
        ),
        others(
            "marketPrice",
            Standing::Same,
            &["price", "orderprice", "strategyorderprice", "lastprice"],
        ),
        others("marketPrice", Standing::Alone, &["close"]),
        others(REDUCE_ONLY, Standing::Same, &["isreduceonly", "closeonly"]),
        others(CLOSE_POSITION, Standing::Same, &["closeall", "exitall"]),
        others(POSITION_SIDE, Standing::Same, &["posside", "holdside"]),
        others("limitPrice", Standing::Same, &["lmtprice"]),
        others("limitPrice", Standing::Asked, &["limit"]),
        others("stopPrice", Standing::Asked, &["stop", "triggerprice"]),
        others(
            "profitTarget",
            Standing::Same,
            &["takeprofitprice", "tp", "tpprice", "targetprice"],
        ),
        others("profitTarget", Standing::Asked, &["target"]),
        others(
            "stopLossTarget",
            Standing::Same,
            &["stoplossprice", "sl", "slprice"],
        ),
        others("timeInForce", Standing::Same, &["tif"]),
        others(
            "marketPosition",
            Standing::Same,
            &["strategymarketposition", "sentiment"],
        ),
        others(
            "marketPositionSize",
            Standing::Same,
            &["strategymarketpositionsize"],
        ),
        others(
            "prevMarketPosition",
            Standing::Same,
            &["previousmarketposition", "strategyprevmarketposition"],
        ),
        others(
            "prevMarketPositionSize",
            Standing::Same,
            &[
                "previousmarketpositionsize",
                "strategyprevmarketpositionsize",
            ],
        ),
        others(
            "positionSize",
            Standing::Same,
            &["strategypositionsize", "possize"],
        ),
        others("id", Standing::Same, &["idempotencykey"]),
        others(TIMESTAMP, Standing::Same, &TIMES),
        others("metadata.strategy", Standing::Asked, &["strategy"]),
        others("metadata.comment", Standing::Asked, &["comment"]),
    ],
};

/// The fields of `takeProfit`.
pub const TAKE_PROFIT: Table = Table {
    ours: &["limitPrice"],
    others: &[others("limitPrice", Standing::Same, &["limit", "price"])],
};

/// The fields of `stopLoss`.
pub const STOP_LOSS: Table = Table {
    ours: &["stopPrice", "limitPrice"],
    others: &[
        others("stopPrice", Standing::Same, &["stop", "price"]),
        others("limitPrice", Standing::Same, &["limit"]),
    ],
};

/// The names of a time at the top of a message and in its `metadata`, in letters, the
/// nearest to the signal first: TradingView's `{{timenow}}` is when the alert fires, its
/// `{{time}}` when the bar began.
pub const TIMES: [&str; 11] = [
    "timestamp",
    "timenow",
    "signaltime",
    "alerttime",
    "triggertime",
    "firedat",
    "sentat",
    "eventtime",
    "timestampms",
    "datetime",
    "time",
];

impl Table {
    /// The field that a name stands for, and how surely.
    pub fn field(&self, name: &str) -> Option<(&'static str, Standing)> {
        if let Some(ours) = self.ours.iter().find(|ours| **ours == name) {
            return Some((ours, Standing::Ours));
        }
        if name.len() > 40 {
            return None;
        }
        let is_same = |ours: &&&str| letters(ours).eq(letters(name));
        if let Some(ours) = self.ours.iter().find(is_same) {
            return Some((ours, Standing::Same));
        }
        let has_name = |other: &&Others| other.names.iter().any(|known| is_name(name, known));
        let other = self.others.iter().find(has_name)?;
        Some((other.field, other.standing))
    }

    /// Every name that is known for a field.
    #[cfg(test)]
    pub fn names_of(&self, field: &'static str) -> impl Iterator<Item = (&'static str, Standing)> {
        let ours = self.ours.iter().filter(move |ours| **ours == field);
        let others = self.others.iter().filter(move |other| other.field == field);
        let others = others.flat_map(|other| {
            let names = other.names.iter();
            names.map(|name| (*name, other.standing))
        });
        ours.map(|ours| (*ours, Standing::Ours)).chain(others)
    }

    /// The field that a name most likely means which stands for none: one letter is wrong,
    /// missing or too many, or it could mean several things.
    pub fn near(&self, name: &str) -> Option<&'static str> {
        /// Letters of a name in which a slip can be told.
        const LEAST: usize = 4;
        if let Some((field, standing)) = self.field(name) {
            return (standing == Standing::Asked).then_some(field);
        }
        let written: Vec<char> = letters(name).take(41).collect();
        if written.len() < LEAST {
            return None;
        }
        let is_near = |known: &str| {
            // Most are told apart by their length, without being spelled out.
            let length = letters(known).count();
            if length < LEAST || length.abs_diff(written.len()) > 1 {
                return false;
            }
            is_one_slip(&letters(known).collect::<Vec<char>>(), &written)
        };
        let ours = self.ours.iter().find(|ours| is_near(ours)).copied();
        ours.or_else(|| {
            let read = |other: &&Others| other.standing != Standing::Asked;
            let mut others = self.others.iter().filter(read);
            let other = others.find(|other| other.names.iter().any(|known| is_near(known)))?;
            Some(other.field)
        })
    }
}

/// True if a name has these letters.
pub fn is_name(name: &str, known: &str) -> bool {
    letters(name).eq(known.chars())
}

/// A name's or a word's letters, small, without what people put between words.
pub fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .filter(|letter| !matches!(letter, '_' | '-' | '.' | ' '))
        .map(|letter| letter.to_ascii_lowercase())
}

/// True if one letter makes the difference, or two that changed places.
pub fn is_one_slip(one: &[char], other: &[char]) -> bool {
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same..], &other[same..]);
    match (one, other) {
        ([a, b, one @ ..], [c, d, other @ ..]) if a == d && b == c && one == other => true,
        ([_, one @ ..], [_, other @ ..]) if one == other => true,
        ([_, one @ ..], other) if one == other => true,
        (one, [_, other @ ..]) if one == other => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_for_two_fields() {
        for table in [&ALERT, &TAKE_PROFIT, &STOP_LOSS] {
            let mut names: Vec<String> = Vec::new();
            names.extend(table.ours.iter().map(|ours| letters(ours).collect()));
            for other in table.others {
                for name in other.names {
                    assert_eq!(letters(name).collect::<String>(), *name, "not in letters");
                    names.push((*name).to_owned());
                }
            }
            let all = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), all);
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_seen() {
        for (name, meant) in [
            ("quanity", Some("qty")),
            ("quantitty", Some("qty")),
            ("marketprise", Some("marketPrice")),
            ("tikcer", Some("ticker")),
            ("stop", Some("stopPrice")),
            ("qty", None),
            ("volume", None),
            ("open", None),
            ("high", None),
        ] {
            assert_eq!(ALERT.near(name), meant, "{name}");
        }
    }
}
