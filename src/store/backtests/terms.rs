//! The terms of a kept list, and the places where the webhook's settings say otherwise.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::NewBacktest;
use crate::domain::money::Decimal;
use crate::domain::signal::Ticker;
use crate::domain::terms::{Contract, Terms};
use crate::domain::webhook::{Commission, Settings};
use crate::imports::trades::terms::{CommissionTerm, ContractTerm, Source, Term, words};

/// The terms of a backtest, each with its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeptTerms {
    /// Currency of profit.
    pub currency: String,
    /// The source of the currency.
    pub currency_source: Source,
    /// Money at the start.
    pub initial_capital: Term,
    /// Money that one contract gains when the price rises by 1.
    pub point_value: Term,
    /// The commission of every fill.
    pub commission: CommissionTerm,
    /// The way that the contract's value follows its price; null of lists that an earlier
    /// version brought in, which are linear or as the webhook's setting was.
    #[serde(default)]
    pub contract: Option<ContractTerm>,
}

/// The currencies that a sign of several can stand for.
const OF_SIGNS: [(&str, &str); 3] = [
    (
        "$",
        "USD AUD CAD NZD HKD SGD TWD MXN CLP COP ARS USDT USDC FDUSD BUSD TUSD",
    ),
    ("¥", "JPY CNY CNH"),
    ("kr", "SEK NOK DKK ISK"),
];

impl KeptTerms {
    /// Those of a list that is kept under a ticker of a webhook with these settings.
    pub(super) fn of(settings: &Settings, ticker: &Ticker, new: &NewBacktest) -> Self {
        let of_settings = |value: Decimal| Term {
            value: value.normalize(),
            source: Source::Settings,
            rows: None,
        };
        let said = [
            (&new.stated.currency, Source::Owner),
            (&new.list.currency, Source::Rows),
        ];
        let said = said
            .into_iter()
            .find_map(|(currency, source)| Some((currency.clone()?, source)));
        let (currency, currency_source) =
            said.unwrap_or_else(|| (settings.currency.clone(), Source::Settings));
        let contract = new
            .terms
            .contract(settings.terms_of(ticker.as_str()).contract);
        let terms = new.terms.under(contract.value);
        let point_value = terms.point_value.clone();
        Self {
            currency,
            currency_source,
            initial_capital: initial_capital(settings, terms.initial_capital.as_ref()),
            point_value: point_value
                .unwrap_or_else(|| of_settings(settings.point_value_of(ticker.as_str()))),
            commission: terms.commission.clone().preferring(&settings.commission),
            contract: Some(contract),
        }
    }

    /// The contract.
    #[must_use]
    pub fn contract(&self) -> Contract {
        self.contract
            .map_or(Contract::Linear, |contract| contract.value)
    }

    /// The terms that its profit is counted by.
    pub(super) fn counted(&self) -> Terms {
        Terms {
            contract: self.contract(),
            point_value: self.point_value.value,
        }
    }

    /// The initial capital, where it is the list's own and not the webhook's.
    #[must_use]
    pub fn own_capital(&self) -> Option<Decimal> {
        let capital = &self.initial_capital;
        (capital.source != Source::Settings).then_some(capital.value)
    }

    /// Differences from the webhook's settings, because of which reports of alerts and of the list
    /// cannot be compared.
    #[must_use]
    pub fn differences(&self, settings: &Settings, ticker: &Ticker) -> Option<String> {
        let mut differences = Vec::new();
        let point_value = settings.point_value_of(ticker.as_str()).normalize();
        if self.point_value.value != point_value {
            differences.push(format!(
                "a contract of the list gains {} a point, the settings' point value for {ticker} is {point_value}",
                self.point_value.value
            ));
        }
        let of_settings = settings.terms_of(ticker.as_str()).contract;
        if let Some(contract) = self.contract
            && contract.value != of_settings
        {
            let own = contract.value;
            differences.push(format!(
                "its contract is {own}, the settings' contract for {ticker} is {of_settings}"
            ));
        }
        if self.currency != settings.currency {
            let (own, theirs) = (&self.currency, &settings.currency);
            differences.push(format!(
                "its profits are in {own}, the settings' currency is {theirs}"
            ));
        }
        let is_same = |commission: &Commission| {
            let of_settings = &settings.commission;
            let are_none = commission.value.is_zero() && of_settings.value.is_zero();
            are_none
                || (commission.kind == of_settings.kind && commission.value == of_settings.value)
        };
        let commissions = self
            .commission
            .value
            .iter()
            .chain(&self.commission.alternatives);
        if let Some(commission) = &self.commission.value
            && !commissions.into_iter().any(is_same)
        {
            let (own, theirs) = (words(commission), words(&settings.commission));
            differences.push(format!(
                "its commission is {own}, the settings' is {theirs}"
            ));
        }
        let theirs = settings.initial_capital.normalize();
        match (self.own_capital(), &self.initial_capital.rows) {
            (Some(capital), _) if capital != theirs => differences.push(format!(
                "it starts with {capital}, the settings' initial capital is {theirs}"
            )),
            (None, Some(rows)) if rows.value != theirs => differences.push(format!(
                "by its rows it starts with {own}, its percentages are of the settings' initial capital, {theirs} \
                 (an initial capital of {own}, given with the import, is taken instead)",
                own = rows.value
            )),
            _ => {}
        }
        (!differences.is_empty()).then(|| {
            let differences = differences.join("; ");
            format!(
                "the list of {ticker} and this webhook's settings differ, so that reports of the two cannot be compared: {differences}"
            )
        })
    }
}

/// The capital of a list. A figure that is only inferred from its rows gives way to one that
/// the owner chose for the webhook; one that the owner or the file states does not.
fn initial_capital(settings: &Settings, said: Option<&Term>) -> Term {
    let chosen = settings.initial_capital != Settings::default().initial_capital;
    match said {
        Some(term) if term.source != Source::Rows || !chosen => term.clone(),
        said => Term {
            value: settings.initial_capital.normalize(),
            source: Source::Settings,
            rows: said.and_then(|term| term.rows.clone()),
        },
    }
}

/// Note on a sign of several currencies, of which the webhook's is none.
pub(super) fn sign_note(new: &NewBacktest, terms: &KeptTerms) -> Option<String> {
    let sign = new.list.currency_sign?;
    let (_, codes) = OF_SIGNS.iter().find(|(known, _)| *known == sign)?;
    let is_one = codes.split(' ').any(|code| code == terms.currency);
    let is_open = terms.currency_source == Source::Settings && !is_one;
    let currency = &terms.currency;
    is_open.then(|| {
        format!("its profits are in {sign}; they were taken as {currency}, the webhook's currency")
    })
}
