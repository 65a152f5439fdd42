//! The contract of a list: linear, or inverse and margined in the coin.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::multiplier::{self, Estimate};
use super::sample::Sample;
use super::{Source, StatedTerms, Terms};
use crate::domain::terms::Contract;
use crate::imports::trades::TradeList;

/// Trades that have to bear out an inverse contract: of one trade every number is the quotient.
const FEWEST: usize = 2;

/// The way that a contract's value follows its price, and who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContractTerm {
    /// `linear` or `inverse`.
    pub value: Contract,
    /// Its source.
    pub source: Source,
}

/// The terms of a list under the contract that it is of, or under either where it does not say.
#[derive(Debug, Clone)]
pub struct Readings {
    /// The contract that the rows state or bear out.
    told: Option<Contract>,
    /// Under that contract; under a linear one where they do neither.
    terms: Terms,
    /// Under an inverse contract, where they do neither.
    inverse: Option<Terms>,
}

impl Readings {
    /// Those of a list.
    #[must_use]
    pub fn of(list: &TradeList, stated: &StatedTerms) -> Self {
        let estimated = |contract| {
            let sample = Sample::of(list, contract);
            let estimate = multiplier::estimate(&sample);
            (sample, estimate)
        };
        let terms =
            |(sample, estimate): (Sample, Estimate)| Terms::of(list, stated, &sample, estimate);
        if let Some(each) = list.stated_terms {
            return Self::told(each.contract, terms(estimated(each.contract)));
        }
        let linear = estimated(Contract::Linear);
        let is_linear = linear.1.plain().is_some();
        let linear = terms(linear);
        if is_linear {
            return Self::told(Contract::Linear, linear);
        }
        let inverse = estimated(Contract::Inverse);
        if inverse.1.plain().is_some_and(|rows| rows.of >= FEWEST) {
            return Self::told(Contract::Inverse, terms(inverse));
        }
        Self {
            told: None,
            terms: linear,
            inverse: Some(terms(inverse)),
        }
    }

    fn told(contract: Contract, terms: Terms) -> Self {
        Self {
            told: Some(contract),
            terms,
            inverse: None,
        }
    }

    /// The contract; where the list does not say, that of the webhook's settings.
    #[must_use]
    pub fn contract(&self, of_settings: Contract) -> ContractTerm {
        let source = self.told.map_or(Source::Settings, |_| Source::Rows);
        ContractTerm {
            value: self.told.unwrap_or(of_settings),
            source,
        }
    }

    /// The terms under a contract that [`Self::contract`] gave.
    #[must_use]
    pub fn under(&self, contract: Contract) -> &Terms {
        match (contract, &self.inverse) {
            (Contract::Inverse, Some(inverse)) => inverse,
            _ => &self.terms,
        }
    }
}
