//! Fills brought in from a file, undone again, and their ledgers.
//!
//! An account has fills of many strategies. Those of a webhook are the ones of instruments
//! that its alerts or its backtest trade, under whatever name the broker has for them; the rest
//! is left out and counted, so that nobody's other trades get into a strategy's profit.
//!
//! Fills are paired by the ledger that pairs alerts, each with its own fee for a commission
//! and without assumed slippage: what a broker says was paid needs no assumption.

mod ledger;
mod steps;
mod symbols;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::domain::fill::{Fill, FillId, FillImportId, FillVenue, is_same_money};
use crate::domain::money::Decimal;
use crate::domain::signal::Ticker;
use crate::domain::webhook::{Settings, WebhookId};
use crate::imports::ZONES_APART;
use crate::imports::fills::{FillFile, ListedFill};
use crate::store::error::Result;
use crate::store::fills;
use crate::store::webhooks::{self, StoredWebhook};
use crate::store::{backtests, tickers};

pub(super) use ledger::fold;
pub use steps::{Step, Steps, undo};
use symbols::Names;
pub use symbols::{NotASymbolMap, NotTraded, SymbolMap};

/// Fills of a file that are looked at before their room is given back.
const BETWEEN_ROOM_GIVEN_BACK: usize = 8192;

/// The result of importing fills, or of its preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportedFills {
    /// The import, by which it can be undone; none where nothing changes.
    #[schema(value_type = Option<String>)]
    pub import: Option<FillImportId>,
    /// The broker.
    pub venue: FillVenue,
    /// Fills in the file.
    pub rows: usize,
    /// Fills that were not there before.
    pub new: usize,
    /// Fills that were there already.
    pub known: usize,
    /// Rows of the file that are no fills.
    pub others: usize,
    /// Time of the first of its fills.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first: Option<Timestamp>,
    /// Time of the last of its fills.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last: Option<Timestamp>,
    /// The instruments of the fills that were taken.
    pub taken: Vec<FillSymbol>,
    /// Instruments that the webhook does not trade: their fills were left out.
    pub left_out: Vec<FillSymbol>,
    /// True if a symbol was taken for a ticker that it is only like.
    pub is_symbol_guessed: bool,
    /// True if neither the file nor its owner says the time zone of the file.
    pub is_zone_assumed: bool,
    /// Assumptions for the owner to check.
    pub notes: Vec<String>,
}

/// A broker's symbol and how many fills it has in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FillSymbol {
    /// As the broker has it.
    #[schema(value_type = String)]
    pub symbol: Ticker,
    /// The instrument of the webhook; null where it trades none of that name.
    #[schema(value_type = Option<String>)]
    pub ticker: Option<Ticker>,
    /// Fills in the file.
    pub fills: usize,
}

/// The fills of a file that belong to a webhook.
pub struct PreparedFills {
    webhook: i64,
    venue: FillVenue,
    file_name: Option<String>,
    fills: Vec<Candidate>,
    summary: ImportedFills,
}

/// A fill of the file that belongs to the webhook.
struct Candidate {
    listed: ListedFill,
    ticker: Ticker,
    /// The stored fill that it is, under another identity: of another kind of export.
    twin: Option<FillId>,
}

impl Candidate {
    /// The name that no other fill has.
    fn identity(&self, venue: FillVenue) -> String {
        self.listed.fill.identity(venue, self.listed.nth)
    }
}

/// Reads which fills of a file belong to a webhook, and which are there already.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is no such webhook; inside, that it
/// trades none of the file's instruments.
pub fn prepare(
    connection: &Connection,
    webhook: &WebhookId,
    file: FillFile,
    file_name: Option<String>,
    symbols: &SymbolMap,
) -> Result<std::result::Result<PreparedFills, NotTraded>> {
    let transaction = connection.unchecked_transaction()?;
    let webhook = webhooks::get(&transaction, webhook)?;
    let traded = traded(&transaction, &webhook)?;
    let names = Names::of(&file, &traded, symbols);
    if names.taken.is_empty() && !file.fills.is_empty() {
        return Ok(Err(names.not_traded(&traded)));
    }
    let mut summary = names.summary(&file);
    let mut fills = file.fills;
    let mut candidates = Vec::with_capacity(fills.len());
    // From the end, so that what was looked at gives its room to what is kept of it.
    while let Some(listed) = fills.pop() {
        if fills.len().is_multiple_of(BETWEEN_ROOM_GIVEN_BACK) {
            fills.shrink_to_fit();
        }
        if let Some(ticker) = names.taken.get(&listed.fill.symbol) {
            candidates.push(Candidate {
                ticker: ticker.clone(),
                twin: None,
                listed,
            });
        }
    }
    candidates.reverse();
    summary.rows = candidates.len();
    let Recognised { known, moved } =
        recognise(&transaction, webhook.row, file.venue, &mut candidates)?;
    (summary.known, summary.new) = (known, candidates.len() - known);
    summary.notes.extend(note_of_moved(moved));
    note_fees(&candidates, &webhook.settings, &mut summary.notes);
    Ok(Ok(PreparedFills {
        webhook: webhook.row,
        venue: file.venue,
        file_name,
        fills: candidates,
        summary,
    }))
}

impl PreparedFills {
    /// The result of importing them.
    #[must_use]
    pub fn summary(&self) -> &ImportedFills {
        &self.summary
    }
}

/// Instruments that the alerts and the backtests of a webhook trade.
fn traded(connection: &Connection, webhook: &StoredWebhook) -> Result<Vec<Ticker>> {
    let mut traded: Vec<Ticker> = Vec::new();
    let of_alerts = tickers::all(connection, webhook.row)?;
    traded.extend(of_alerts.iter().filter_map(|name| name.parse().ok()));
    for backtest in backtests::of_webhook(connection, webhook)? {
        let ticker = backtest.ticker;
        if ticker != Ticker::unknown() && !traded.iter().any(|known| known.may_be(&ticker)) {
            traded.push(ticker);
        }
    }
    Ok(traded)
}

/// A digest of a text, for the texts of 200,000 fills are too many to be held.
type TextDigest = [u8; 16];

fn digest(text: &str) -> TextDigest {
    let whole: [u8; 32] = Sha256::digest(text).into();
    let mut short = TextDigest::default();
    short.copy_from_slice(&whole[..16]);
    short
}

/// Seconds that two zones lie apart at least.
const A_QUARTER: i64 = 15 * 60;

/// Fills of a file that are there already.
#[derive(Default)]
struct Recognised {
    /// All of them.
    known: usize,
    /// Those that are there at another time.
    moved: usize,
}

/// Says that fills stay at their other times.
fn note_of_moved(moved: usize) -> Option<String> {
    (moved > 0).then(|| {
        format!(
            "{moved} of these fills are there at other times, as an import in another zone read them, and stay so: undo \
             every import that has them, then import this file again"
        )
    })
}

/// Tells which fills are there already. One that is there under the identity of another kind of
/// export (a statement has no numbers, a Flex query has) is the same.
fn recognise(
    connection: &Connection,
    webhook: i64,
    venue: FillVenue,
    candidates: &mut [Candidate],
) -> Result<Recognised> {
    let times = candidates
        .iter()
        .map(|candidate| candidate.listed.fill.time);
    let Some((first, last)) = times.clone().min().zip(times.max()) else {
        return Ok(Recognised::default());
    };
    let range = (
        first.saturating_sub(ZONES_APART).unwrap_or(first),
        last.saturating_add(ZONES_APART).unwrap_or(last),
    );
    let identity = |candidate: &Candidate| digest(&candidate.identity(venue));
    let numbered = candidates.iter().map(identity).zip(0..);
    // Of an identity that a file has twice, the last place.
    let places: HashMap<TextDigest, u32> = numbered.collect();
    let mut twins: HashMap<TextDigest, VecDeque<FillId>> = HashMap::new();
    let mut moved = 0;
    fills::between(connection, webhook, range, |identity, stored| {
        let place = places.get(&digest(identity));
        if let Some(candidate) = place.and_then(|place| candidates.get_mut(*place as usize)) {
            candidate.twin = Some(stored.id);
            let apart = candidate.listed.fill.time.as_second() - stored.fill.time.as_second();
            moved += usize::from(apart.abs() >= A_QUARTER);
        } else {
            let said = digest(&said_of(&stored.fill, &stored.ticker));
            twins.entry(said).or_default().push_back(stored.id);
        }
    })?;
    let mut known = 0;
    for index in 0..candidates.len() {
        if candidates[index].twin.is_none() {
            let place = places.get(&identity(&candidates[index]));
            let same = place.and_then(|place| candidates.get(*place as usize)?.twin);
            let candidate = &mut candidates[index];
            candidate.twin = same.or_else(|| {
                if twins.is_empty() {
                    return None;
                }
                let said = digest(&said_of(&candidate.listed.fill, &candidate.ticker));
                twins.get_mut(&said).and_then(VecDeque::pop_front)
            });
        }
        known += usize::from(candidates[index].twin.is_some());
    }
    Ok(Recognised { known, moved })
}

/// A fill in words that every kind of export has.
fn said_of(fill: &Fill, ticker: &Ticker) -> String {
    let (quantity, price) = (
        fill.quantity.get().normalize(),
        fill.price.get().normalize(),
    );
    format!(
        "{ticker}|{}|{}|{quantity}|{price}",
        fill.time.as_second(),
        fill.side
    )
}

/// Says which fees are in no profit, for no price turns them into the webhook's currency.
fn note_fees(candidates: &[Candidate], settings: &Settings, notes: &mut Vec<String>) {
    let mut left: BTreeMap<&str, (usize, Decimal)> = BTreeMap::new();
    for candidate in candidates {
        let fill = &candidate.listed.fill;
        if let (None, Some(fee)) = (fill.counted(&settings.currency).commission, &fill.fee) {
            let sum = left
                .entry(fee.currency.as_deref().unwrap_or("?"))
                .or_default();
            sum.0 += 1;
            sum.1 = sum.1.saturating_add(fee.amount);
        }
    }
    notes.extend(left.into_iter().map(|(currency, (count, sum))| {
        format!(
            "{count} fills paid their fee in {currency} ({sum} together): it is kept with them and not in their profit, which is in {}",
            settings.currency
        )
    }));
    let foreign = candidates
        .iter()
        .filter_map(|candidate| candidate.listed.fill.currency.as_deref());
    let foreign: BTreeSet<&str> = foreign
        .filter(|code| !is_same_money(code, &settings.currency))
        .collect();
    if !foreign.is_empty() {
        notes.push(format!(
            "prices are in {}, the webhook's currency is {}: their profits cannot be compared until the webhook's currency is set to that of its instrument",
            foreign.into_iter().collect::<Vec<_>>().join(", "),
            settings.currency
        ));
    }
}
