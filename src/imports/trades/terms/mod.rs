//! The terms of a list: its initial capital, point value and commission.
//!
//! A list does not say them, but its rows were made with them: the cumulative profit over
//! its percentage is the capital, profit before commission over the move of the price is
//! the point value, and what is missing between the two is the commission. What the owner
//! says goes first, then the sheet of properties, then the rows, then the webhook.
//!
//! The move of an inverse contract's price is another one, `1/entry - 1/exit`, so the rows also
//! tell which contract it is: the one whose point value is a plain number in every trade.

mod capital;
mod contract;
mod fees;
mod interval;
mod multiplier;
mod sample;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Properties, TradeList};
use crate::domain::money::{Decimal, parse_decimal};
use crate::domain::webhook::{Commission, CommissionKind};
use interval::{Interval, decimal};
use multiplier::Estimate;
use sample::Sample;

pub use contract::{ContractTerm, Readings};
pub use fees::Fees;

/// Trades that are named where they do not fit.
const MOST_OUTLIERS: usize = 10;

/// The source of a term of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// The owner, at the import.
    Owner,
    /// The sheet of properties.
    Properties,
    /// The list's own rows.
    Rows,
    /// Nobody: it is the webhook's setting.
    Settings,
}

/// The owner's terms of a list; they go before all else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatedTerms {
    /// Money at the start.
    pub initial_capital: Option<Decimal>,
    /// Money that one contract gains when the price rises by 1.
    pub point_value: Option<Decimal>,
    /// The commission of every fill.
    pub commission: Option<Commission>,
    /// Currency of profit.
    pub currency: Option<String>,
}

/// A number that its owner cannot have meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} \"{text:.40}\" {rule}")]
pub struct NotATerm {
    name: &'static str,
    text: String,
    rule: &'static str,
}

impl StatedTerms {
    /// Reads initial capital, point value, commission and currency as their owner writes
    /// them; an empty text says nothing.
    ///
    /// # Errors
    ///
    /// [`NotATerm`] for the first that cannot be.
    pub fn read(texts: [Option<&str>; 4]) -> Result<Self, NotATerm> {
        let [capital, point_value, commission, currency] =
            texts.map(|text| text.map(str::trim).filter(|text| !text.is_empty()));
        let wrong = |name, text: &str, rule| NotATerm {
            name,
            text: text.to_owned(),
            rule,
        };
        let number = |name, text: Option<&str>, rule| {
            text.map(|text| {
                let number = parse_decimal(text)
                    .ok()
                    .filter(|number| *number > Decimal::ZERO);
                number.ok_or_else(|| wrong(name, text, rule))
            })
            .transpose()
        };
        let rule = "must be a number above 0, such as 10000";
        let is_code = |text: &&str| {
            (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        Ok(Self {
            initial_capital: number("initial capital", capital, rule)?,
            point_value: number("point value", point_value, rule)?,
            commission: commission
                .map(|text| {
                    let rule = "must be such as 0.1%, 1.5 per order, 2 per contract or 0";
                    read_commission(text).ok_or_else(|| wrong("commission", text, rule))
                })
                .transpose()?,
            currency: currency
                .map(|text| {
                    let rule = "must be 1 to 10 letters or digits, such as USD or USDT";
                    let code = Some(text).filter(is_code).map(str::to_uppercase);
                    code.ok_or_else(|| wrong("currency", text, rule))
                })
                .transpose()?,
        })
    }
}

/// A commission with its unit; nothing needs none.
fn read_commission(text: &str) -> Option<Commission> {
    let (value, kind) = super::properties::commission(text)?;
    let none = value.is_zero().then_some(CommissionKind::Percent);
    let kind = kind.or(none)?;
    let is_possible = kind != CommissionKind::Percent || value <= Decimal::ONE_HUNDRED;
    is_possible.then_some(Commission { kind, value })
}

/// A number, who says it, and how well the rows bear it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Term {
    /// The number that is taken.
    #[schema(value_type = String)]
    pub value: Decimal,
    /// Its source.
    pub source: Source,
    /// The evidence of the rows, where there is any.
    pub rows: Option<FromRows>,
}

/// The evidence of a list's rows for a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FromRows {
    /// The number.
    #[schema(value_type = String)]
    pub value: Decimal,
    /// The least that it can be by the rows that agree.
    #[schema(value_type = String)]
    pub least: Decimal,
    /// The most that it can be; null where they do not bound it.
    #[schema(value_type = Option<String>)]
    pub most: Option<Decimal>,
    /// Trades that fit it.
    pub agreeing: usize,
    /// Trades that tell something.
    pub of: usize,
    /// The numbers of the first trades that do not fit.
    pub outliers: Vec<u64>,
}

impl FromRows {
    /// A number that was found in intervals, each of a trade.
    fn new(value: Decimal, common: Interval, intervals: &[(u64, Interval)]) -> Option<Self> {
        let number = f64::try_from(value).ok()?;
        let outliers = intervals
            .iter()
            .filter(|(_, one)| !interval::has(one, number));
        let outliers: Vec<u64> = outliers.map(|(trade, _)| *trade).collect();
        Some(Self {
            value,
            least: decimal(common.0.max(0.0)).unwrap_or_default(),
            most: decimal(common.1).filter(|_| common.1.is_finite()),
            agreeing: intervals.len() - outliers.len(),
            of: intervals.len(),
            outliers: outliers.into_iter().take(MOST_OUTLIERS).collect(),
        })
    }

    /// A number that every row states.
    fn stated(value: Decimal, sample: &Sample) -> Self {
        let of = sample.rows.len();
        Self {
            value,
            least: value,
            most: Some(value),
            agreeing: of,
            of,
            outliers: Vec::new(),
        }
    }

    /// True of a number that it can be.
    fn allows(&self, number: Decimal) -> bool {
        number >= self.least && self.most.is_none_or(|most| number <= most)
    }

    /// The trades that do not fit, as a note names them.
    fn outliers_note(&self, of: &str) -> Option<String> {
        let count = self.of - self.agreeing;
        let first = *self.outliers.first()?;
        let (trades, do_not) = match count {
            1 => (format!("trade {first}"), "does not"),
            2..=MOST_OUTLIERS => {
                let named: Vec<String> = self.outliers.iter().map(u64::to_string).collect();
                (format!("trades {}", named.join(", ")), "do not")
            }
            _ => (
                format!("{count} of {} trades, the first of them {first},", self.of),
                "do not",
            ),
        };
        Some(format!("{trades} {do_not} fit the {of} {}", self.value))
    }
}

/// A commission, who says it, and how well the rows bear it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommissionTerm {
    /// The commission that is taken; null where nothing is known of it.
    pub value: Option<Commission>,
    /// Its source.
    pub source: Source,
    /// True if the list has the commission of each trade, which is then taken.
    pub is_listed: bool,
    /// The evidence of the rows, where there is any.
    pub rows: Option<FromRows>,
    /// Commissions that fit the rows as well.
    pub alternatives: Vec<Commission>,
    /// The evidence for each of these, while the list is read.
    #[serde(skip)]
    other_rows: Vec<FromRows>,
}

/// The terms of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    /// Money at the start; null where only the webhook's setting is left.
    pub initial_capital: Option<Term>,
    /// Money that one contract gains when the price rises by 1; null likewise.
    pub point_value: Option<Term>,
    /// The commission of every fill.
    pub commission: CommissionTerm,
    /// The doubts about them.
    #[serde(skip)]
    pub notes: Vec<String>,
}

impl Terms {
    /// The terms of a list of whose trades `sample` is, with the point value that they bear out.
    fn of(list: &TradeList, stated: &StatedTerms, sample: &Sample, multiplier: Estimate) -> Self {
        let mut notes = Vec::new();
        let properties = &list.properties;
        let capital = capital::estimate(sample);
        let of_properties = properties.capital_by(capital.as_ref());
        let initial_capital = term(stated.initial_capital, of_properties, capital);
        notes.extend(multiplier.note);
        let of_properties = properties.point_value_by(multiplier.rows.as_ref());
        let mut point_value = term(stated.point_value, of_properties, multiplier.rows);
        if let (None, Some(each)) = (stated.point_value, list.stated_terms) {
            point_value = term(None, None, Some(FromRows::stated(each.point_value, sample)));
        }
        let factor = point_value.as_ref().map(|term| term.value);
        let fees = Fees::of(sample, factor, properties.commission_value);
        let commission = commission_term(list, stated, fees, &mut notes);
        for (term, name) in [
            (&initial_capital, "initial capital"),
            (&point_value, "point value"),
        ] {
            let Some(term) = term else { continue };
            notes.extend(contradiction(term, name));
            let rows = term.rows.as_ref().filter(|_| term.source == Source::Rows);
            notes.extend(rows.and_then(|rows| rows.outliers_note(name)));
        }
        Self {
            initial_capital,
            point_value,
            commission,
            notes,
        }
    }
}

impl Properties {
    /// The initial capital; of a text that can be two numbers the one that the rows bear out.
    fn capital_by(&self, rows: Option<&FromRows>) -> Option<Decimal> {
        borne_out(self.initial_capital?, self.other_capital, rows)
    }

    /// The point value, likewise.
    fn point_value_by(&self, rows: Option<&FromRows>) -> Option<Decimal> {
        borne_out(self.point_value?, self.other_point_value, rows)
    }
}

fn borne_out(said: Decimal, other: Option<Decimal>, rows: Option<&FromRows>) -> Option<Decimal> {
    let is_other =
        |rows: &FromRows| other.filter(|other| rows.allows(*other) && !rows.allows(said));
    rows.and_then(is_other).or(Some(said))
}

/// The first of those that say something.
fn term(
    owner: Option<Decimal>,
    properties: Option<Decimal>,
    rows: Option<FromRows>,
) -> Option<Term> {
    let of_rows = rows.as_ref().map(|rows| rows.value);
    let said = [
        (owner, Source::Owner),
        (properties, Source::Properties),
        (of_rows, Source::Rows),
    ];
    let (value, source) = said
        .into_iter()
        .find_map(|(value, source)| Some((value?, source)))?;
    Some(Term {
        value: value.normalize(),
        source,
        rows,
    })
}

/// The contradiction between the rows and the owner or the properties.
fn contradiction(term: &Term, name: &str) -> Option<String> {
    let rows = term.rows.as_ref()?;
    let who = match term.source {
        Source::Owner => "you say",
        Source::Properties => "the sheet Properties says",
        Source::Rows | Source::Settings => return None,
    };
    let is_within = rows.allows(term.value);
    let (value, said) = (term.value, rows.value);
    let near = (value - said).abs() <= said.abs() / Decimal::from(200);
    (!is_within && !near).then(|| format!("{who} that the {name} is {value}, its rows say {said}"))
}

fn commission_term(
    list: &TradeList,
    stated: &StatedTerms,
    fees: Fees,
    notes: &mut Vec<String>,
) -> CommissionTerm {
    let is_listed = list.trades.iter().any(|trade| trade.commission.is_some());
    let mut of_properties = list.properties.commission.clone();
    if let (None, Some(value)) = (&of_properties, list.properties.commission_value) {
        let kind = fees.kind_of_stated;
        notes.push(match kind {
            Some(kind) => format!(
                "the commission {value} has no unit; by the rows it is {}",
                unit(kind)
            ),
            None => format!("the commission {value} has no unit; it was read as percent"),
        });
        let kind = kind.unwrap_or(CommissionKind::Percent);
        of_properties = Some(Commission { kind, value });
    }
    let said = [
        (stated.commission.clone(), Source::Owner),
        (of_properties, Source::Properties),
        (fees.commission.clone(), Source::Rows),
    ];
    let said = said
        .into_iter()
        .find_map(|(value, source)| Some((value?, source)));
    let source = said
        .as_ref()
        .map_or(Source::Settings, |(_, source)| *source);
    let (alternatives, other_rows) = fees.alternatives.into_iter().unzip();
    CommissionTerm {
        value: said.map(|(value, _)| value),
        source,
        is_listed,
        rows: fees.rows,
        alternatives,
        other_rows,
    }
}

impl CommissionTerm {
    /// The same, where the rows leave a choice, with what the webhook's settings say: its owner
    /// knows more than round numbers do.
    #[must_use]
    pub fn preferring(mut self, of_settings: &Commission) -> Self {
        let mut alternatives = self.alternatives.iter();
        let place = alternatives.position(|alternative| {
            alternative.kind == of_settings.kind && alternative.value == of_settings.value
        });
        if self.source == Source::Rows
            && let Some(place) = place
            && let Some(value) = &mut self.value
            && let (Some(rows), Some(other)) = (&mut self.rows, self.other_rows.get_mut(place))
        {
            std::mem::swap(value, &mut self.alternatives[place]);
            std::mem::swap(rows, other);
        }
        self
    }

    /// The doubt about it, where the rows leave a choice.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let taken = self
            .value
            .as_ref()
            .filter(|_| self.source == Source::Rows)?;
        let others: Vec<String> = self.alternatives.iter().map(words).collect();
        (!others.is_empty()).then(|| {
            format!(
                "the commission was read as {}; by the rows it can be {} as well",
                words(taken),
                others.join(" or ")
            )
        })
    }
}

/// A commission in words.
#[must_use]
pub fn words(commission: &Commission) -> String {
    let value = commission.value.normalize();
    match commission.kind {
        _ if value.is_zero() => "none".to_owned(),
        CommissionKind::Percent => format!("{value} %"),
        kind => format!("{value} {}", unit(kind)),
    }
}

fn unit(kind: CommissionKind) -> &'static str {
    match kind {
        CommissionKind::Percent => "percent",
        CommissionKind::PerOrder => "per order",
        CommissionKind::PerContract => "per contract",
    }
}
