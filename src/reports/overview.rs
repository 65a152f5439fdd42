//! The dashboard's view of every webhook: its earnings, and the questions that wait for
//! its owner.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::store::Connection;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::attention_watch::{WebhookFacts, decided};
use super::{ReportFilter, trade_filter};
use crate::domain::attention::{self, REMEMBERED};
use crate::domain::book::Book;
use crate::domain::departure::DepartureSide;
use crate::domain::event::EventId;
use crate::domain::ledger::Ledger;
use crate::domain::money::Decimal;
use crate::domain::profit_currency::ProfitCurrency;
use crate::domain::trade::ClosedTrade;
use crate::domain::webhook::{WebhookId, WebhookState};
use crate::store::positions::{self, StoredPosition};
use crate::store::trades;
use crate::store::webhooks::{self, StoredWebhook};
use crate::store::{self, Result, events, expectations, ledgers};

/// Points of the small curve of a webhook, at most.
pub const CURVE_POINTS: usize = 60;

/// The earnings of a webhook's closed trades; they change with its trades only.
#[derive(Debug, Clone, Default)]
pub struct Earnings {
    net_profit: Decimal,
    /// The newest day that a trade was closed on, and what that day made.
    last_day: Option<(Date, Decimal)>,
    curve: Vec<Decimal>,
}

/// One webhook on the dashboard.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookOverview {
    /// The webhook.
    #[schema(value_type = String)]
    pub id: WebhookId,
    /// Its name.
    pub name: String,
    /// Active, paused or archived.
    pub state: WebhookState,
    /// Time of the last alert over the network.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_alert_at: Option<Timestamp>,
    /// Currency of the amounts.
    pub currency: String,
    /// Net profit of the trades closed today, in the zone asked for or the webhook's.
    pub profit_today: String,
    /// Net profit of all closed trades, less the entry commission of the open lots.
    pub net_profit: String,
    /// Gain of the open lots at the newest price before commission; null where that is not
    /// known.
    pub open_profit: Option<String>,
    /// Net profit added up over the closed trades, at 60 of them at most, the last one too.
    pub curve: Vec<String>,
    /// Alerts over the limit that were counted and not kept, among those that wait.
    pub alerts_not_kept: i64,
    /// The questions that wait for the owner, the gravest first.
    pub attention: Vec<Attention>,
}

/// Something that waits for the owner. Alerts count for seven days, unless they
/// were processed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Attention {
    /// TradingView states another position: an alert is missing.
    OutOfSync {
        /// The instrument.
        ticker: String,
    },
    /// A future is traded with another point value than its contract has, and the settings
    /// do not say that it is meant so.
    PointValue {
        /// The instrument.
        ticker: String,
        /// The terms that its profit is counted by.
        used: String,
        /// The gain of its contract a point.
        #[serde(rename = "pointValue")]
        point_value: String,
    },
    /// The profit of an instrument is in another currency than its webhook's, and is added to it.
    OtherCurrency {
        /// The instrument.
        ticker: String,
        /// Its profit's currency; null where only the settings know it.
        currency: Option<String>,
    },
    /// Live trades are not those that the backtest leaves room for.
    Departed {
        /// The instrument.
        ticker: String,
        /// Less or more than expected.
        side: DepartureSide,
        /// The number of the live trade that showed it.
        trade: usize,
    },
    /// Alerts that could not be read and made no order.
    Failed {
        /// The count.
        count: i64,
    },
    /// Alerts over the limit that made no order.
    Limited {
        /// The count, those that are not kept among them.
        count: i64,
    },
    /// Requests turned away, for a wrong key for instance; the last 20 are known.
    Rejected {
        /// The count.
        count: i64,
    },
    /// Alerts that arrived while this machine's clock ran backwards; they were dated by the
    /// sequence of their arrival.
    ClockSetBack {
        /// The count.
        count: i64,
        /// The newest of them.
        #[schema(value_type = String)]
        newest: EventId,
    },
    /// No alert for longer than the settings allow.
    Silent {
        /// The last alert, or when the webhook was made.
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
    },
}

impl From<attention::Attention> for Attention {
    fn from(decided: attention::Attention) -> Self {
        use attention::Attention as Decided;
        match decided {
            Decided::OutOfSync(instrument) => Self::OutOfSync {
                ticker: instrument.to_string(),
            },
            Decided::PointValue(instrument, missing) => Self::PointValue {
                ticker: instrument.to_string(),
                used: missing.used.normalize().to_string(),
                point_value: missing.known.normalize().to_string(),
            },
            Decided::OtherCurrency(instrument, currency) => Self::OtherCurrency {
                ticker: instrument.to_string(),
                currency: match currency {
                    ProfitCurrency::Coin(coin) => coin,
                    ProfitCurrency::Price => None,
                },
            },
            Decided::Departed(instrument, departure) => Self::Departed {
                ticker: instrument.to_string(),
                side: departure.side,
                trade: departure.trade,
            },
            Decided::Failed(count) => Self::Failed { count },
            Decided::Limited(count) => Self::Limited { count },
            Decided::Rejected(count) => Self::Rejected { count },
            Decided::ClockSetBack(count, newest) => Self::ClockSetBack { count, newest },
            Decided::Silent(since) => Self::Silent { since },
        }
    }
}

/// Earnings of every webhook, each kept until there is another trade.
#[derive(Default)]
pub struct EarningsCache {
    kept: Mutex<EarningsByWebhook>,
}

impl EarningsCache {
    /// The earnings of every webhook as they are now, in days of `zone` or of its own.
    ///
    /// # Errors
    ///
    /// As [`earnings`].
    pub fn of(
        &self,
        connection: &Connection,
        zone: Option<&TimeZone>,
    ) -> Result<EarningsByWebhook> {
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let before = lock().clone();
        let earnings = earnings(connection, &before, zone)?;
        lock().clone_from(&earnings);
        Ok(earnings)
    }
}

/// Cached earnings of a webhook, and the inputs that they were computed from.
#[derive(Debug, Clone)]
pub struct KeptEarnings {
    /// Version of its ledgers.
    version: i64,
    /// The zone of its days.
    zone: TimeZone,
    earnings: Arc<Earnings>,
}

/// Earnings by the public id of the webhook: the number of a deleted one is given again.
pub type EarningsByWebhook = HashMap<WebhookId, KeptEarnings>;

/// The earnings of every webhook, in days of `zone` or of its own; `kept` spares reading those
/// again that are the same as before.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn earnings(
    connection: &Connection,
    kept: &EarningsByWebhook,
    zone: Option<&TimeZone>,
) -> Result<EarningsByWebhook> {
    let transaction = connection.unchecked_transaction()?;
    let mut earnings = HashMap::new();
    for webhook in webhooks::list(&transaction)? {
        let version = ledgers::version(&transaction, webhook.row)?;
        let zone = days_of(&webhook, zone);
        let is_same = |kept: &&KeptEarnings| kept.version == version && kept.zone == zone;
        let of_webhook = match kept.get(&webhook.id).filter(is_same) {
            Some(kept) => kept.clone(),
            None => KeptEarnings {
                version,
                earnings: Arc::new(of_webhook(&transaction, &webhook, &zone)?),
                zone,
            },
        };
        earnings.insert(webhook.id, of_webhook);
    }
    Ok(earnings)
}

/// The zone that the days of a webhook are of.
fn days_of(webhook: &StoredWebhook, zone: Option<&TimeZone>) -> TimeZone {
    zone.map_or_else(|| webhook.settings.zone(), TimeZone::clone)
}

fn of_webhook(
    connection: &Connection,
    webhook: &StoredWebhook,
    zone: &TimeZone,
) -> Result<Earnings> {
    let filter = trade_filter(&ReportFilter::default(), zone, [webhook]);
    let trades = trades::for_report(connection, &filter)?;
    Ok(earned(&trades, zone))
}

fn earned(trades: &[ClosedTrade], zone: &TimeZone) -> Earnings {
    let mut earnings = Earnings::default();
    // As many steps as there are points, the last of them at the last trade.
    let step = trades.len().div_ceil(CURVE_POINTS).max(1);
    for (index, trade) in trades.iter().enumerate() {
        let day = zone.to_datetime(trade.exit_time).date();
        let before = earnings.last_day.filter(|(last, _)| *last == day);
        let before = before.map_or(Decimal::ZERO, |(_, profit)| profit);
        earnings.last_day = Some((day, before.saturating_add(trade.net_profit)));
        earnings.net_profit = earnings.net_profit.saturating_add(trade.net_profit);
        if (trades.len() - 1 - index).is_multiple_of(step) {
            earnings.curve.push(earnings.net_profit);
        }
    }
    earnings
}

/// Every webhook as it is now, oldest first; its day is that of `zone`, or of its own.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn webhooks(
    connection: &Connection,
    earnings: &EarningsByWebhook,
    zone: Option<&TimeZone>,
    now: Timestamp,
) -> Result<Vec<WebhookOverview>> {
    let transaction = connection.unchecked_transaction()?;
    let unsettled = store::attention::unsettled(&transaction, now - REMEMBERED)?;
    let mut shown = Vec::new();
    for webhook in webhooks::list(&transaction)? {
        let earned = earnings.get(&webhook.id);
        let earned = earned.map_or_else(Earnings::default, |kept| (*kept.earnings).clone());
        let positions = positions::of_webhook(&transaction, &webhook, Book::Alerts)?;
        let last_alert_at = events::last_alert(&transaction, webhook.row)?;
        let unsettled = unsettled.get(&webhook.row).copied().unwrap_or_default();
        let attention = if webhook.state == WebhookState::Archived {
            Vec::new()
        } else {
            let departures = expectations::departures(&transaction, webhook.row)?;
            let known = WebhookFacts {
                last_alert_at,
                positions: &positions,
                departures: &departures,
                unsettled,
            };
            decided(&webhook, &known, now)
        };
        let attention = attention.into_iter().map(Attention::from).collect();
        let today = days_of(&webhook, zone).to_datetime(now).date();
        let profit_today = earned.last_day.filter(|(day, _)| *day == today);
        let text = |amount: Decimal| amount.normalize().to_string();
        shown.push(WebhookOverview {
            profit_today: text(profit_today.map_or(Decimal::ZERO, |(_, profit)| profit)),
            net_profit: text(
                earned
                    .net_profit
                    .saturating_sub(open_commission(&positions)),
            ),
            open_profit: open_profit(&positions).map(text),
            curve: earned.curve.into_iter().map(text).collect(),
            id: webhook.id,
            name: webhook.name,
            state: webhook.state,
            last_alert_at,
            currency: webhook.settings.currency,
            alerts_not_kept: unsettled.not_kept,
            attention,
        });
    }
    Ok(shown)
}

fn open_profit(positions: &[StoredPosition]) -> Option<Decimal> {
    let mut profit = Decimal::ZERO;
    for position in positions {
        profit = profit.checked_add(position.open_profit()?)?;
    }
    Some(profit)
}

fn open_commission(positions: &[StoredPosition]) -> Decimal {
    let ledgers = positions
        .iter()
        .filter_map(|position| position.ledger.as_ref());
    let commissions = ledgers.map(Ledger::open_commission);
    commissions.fold(Decimal::ZERO, Decimal::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::Direction;
    use crate::domain::terms::Contract;
    use crate::domain::webhook::Settings;
    use crate::journal::scratch::Scratch;

    fn trade(exit: &str, net_profit: i64) -> ClosedTrade {
        ClosedTrade {
            ticker: "BTCUSD".parse().unwrap(),
            direction: Direction::Long,
            quantity: "1".parse().unwrap(),
            entry_time: "2026-01-01T00:00:00Z".parse().unwrap(),
            entry_price: "100".parse().unwrap(),
            entry_signal: None,
            exit_time: exit.parse().unwrap(),
            point_value: Decimal::ONE,
            contract: Contract::Linear,
            exit_price: "100".parse().unwrap(),
            commission: Decimal::ZERO,
            entry_commission: Decimal::ZERO,
            net_profit: Decimal::from(net_profit),
        }
    }

    #[test]
    fn the_last_day_is_that_of_the_webhooks_zone() {
        let trades = [
            trade("2026-01-05T04:59:59Z", 1),
            trade("2026-01-05T05:00:00Z", 10),
            trade("2026-01-06T04:59:59Z", 100),
        ];
        let earned = earned(&trades, &TimeZone::get("America/New_York").unwrap());
        let day = jiff::civil::date(2026, 1, 5);
        assert_eq!(earned.last_day, Some((day, Decimal::from(110))));
        assert_eq!(earned.net_profit, Decimal::from(111));
    }

    #[test]
    fn an_alert_has_the_trades_of_its_own_webhook_read_again() {
        let mut scratch = Scratch::new();
        let (one, two) = (scratch.webhook("one"), scratch.webhook("two"));
        for webhook in [&one, &two] {
            scratch.alert(webhook, "BTCUSD", "buy");
        }
        let before = earnings(&scratch.connection, &EarningsByWebhook::new(), None).unwrap();
        scratch.alert(&one, "BTCUSD", "sell");
        let after = earnings(&scratch.connection, &before, None).unwrap();
        let is_kept = |of| Arc::ptr_eq(&before[of].earnings, &after[of].earnings);
        assert!(!is_kept(&one));
        assert!(is_kept(&two));
        assert_eq!(after[&one].earnings.curve.len(), 1);

        let in_new_york = |settings: &mut Settings| settings.time_zone = "America/New_York".into();
        scratch.change_settings(&one, in_new_york);
        let moved = earnings(&scratch.connection, &after, None).unwrap();
        let is_kept = |of| Arc::ptr_eq(&moved[of].earnings, &after[of].earnings);
        assert!(!is_kept(&one));
        assert!(is_kept(&two));
    }

    #[test]
    fn the_number_of_a_deleted_webhook_brings_nothing_of_it_back() {
        let mut scratch = Scratch::new();
        let trade = |scratch: &mut Scratch, webhook: &WebhookId| {
            scratch.alert(webhook, "BTCUSD", "buy");
            scratch.alert(webhook, "BTCUSD", "sell");
        };
        let old = scratch.webhook("old");
        trade(&mut scratch, &old);
        let before = earnings(&scratch.connection, &EarningsByWebhook::new(), None).unwrap();
        let row = |scratch: &Scratch, id| webhooks::get(&scratch.connection, id).unwrap().row;
        let number = row(&scratch, &old);
        webhooks::delete(&scratch.connection, &old, Timestamp::UNIX_EPOCH).unwrap();
        while webhooks::purge(&scratch.connection, 1000).unwrap() {}
        let new = scratch.webhook("new");
        trade(&mut scratch, &new);
        assert_eq!(row(&scratch, &new), number);
        let after = earnings(&scratch.connection, &before, None).unwrap();
        assert!(!after.contains_key(&old));
        assert!(!Arc::ptr_eq(&after[&new].earnings, &before[&old].earnings));
    }

    #[test]
    fn a_curve_has_few_points_and_ends_with_the_last_trade() {
        for count in [0, 1, 59, 60, 61, 119, 121, 1000] {
            let trades = vec![trade("2026-01-05T00:00:00Z", 1); count];
            let curve = earned(&trades, &TimeZone::UTC).curve;
            assert!(curve.len() <= CURVE_POINTS);
            assert!(curve.len() >= count.min(CURVE_POINTS / 2));
            let last = (count > 0).then(|| Decimal::from(count));
            assert_eq!(curve.last().copied(), last);
        }
    }
}
