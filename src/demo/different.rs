//! The messages, lists and files of the strategy whose live trading differs; see
//! [`super::differences`].

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Market;
use super::differences::{Fate, Fates, fills, live};
use super::history::{DemoBacktest, Sent, TRADINGVIEW};
use super::strategy::StrategyOrder;
use crate::domain::webhook::{WebhookId, WebhookState};
use crate::imports::alerts;
use crate::imports::fills::{self as files, FillOptions};
use crate::journal::fills::{Steps, SymbolMap, prepare as prepare_fills};
use crate::journal::imports::{AlertSelection, Steps as AlertSteps, prepare};
use crate::journal::ledgers::parts::Deriving;
use crate::store::{Connection, Result, Store, StoreError, StoreOptions, WriteContext, runs};

/// Time from the server's stop to the first lost alert, and from the last to its start.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

/// The strategy with its orders.
pub(super) struct Different<'a> {
    market: &'a Market,
    orders: &'a [StrategyOrder],
    fates: Fates,
}

impl<'a> Different<'a> {
    pub(super) fn of(market: &'a Market, orders: &'a [StrategyOrder]) -> Self {
        Self {
            market,
            orders,
            fates: Fates::of(orders.len()),
        }
    }

    fn time(&self, number: usize) -> Option<Timestamp> {
        Some(self.orders.get(number)?.time)
    }

    /// The export that the present one took the place of.
    pub(super) fn earlier_export(&self) -> Option<DemoBacktest> {
        let had = self.fates.exported_before(self.orders);
        let at = had.last()?.time + SignedDuration::from_hours(1);
        Some(DemoBacktest::of(self.market, &had, at))
    }

    /// Times at which the webhook is paused, and resumed.
    pub(super) fn pause(&self) -> Vec<(Timestamp, WebhookId, WebhookState)> {
        let paused = self.fates.paused();
        let states = [
            (self.time(paused.start), WebhookState::Paused),
            (self.time(paused.end), WebhookState::Active),
        ];
        let id = &self.market.address.id;
        let known = states.into_iter();
        known
            .filter_map(|(time, state)| Some((time?, id.clone(), state)))
            .collect()
    }

    fn message(&self, order: &StrategyOrder) -> String {
        live(order).message(self.market.profile, &self.market.address.key)
    }

    /// Alerts that are sent.
    pub(super) fn alerts(&self) -> Vec<Sent> {
        let key = self.market.address.key.reveal();
        let mut sent = Vec::with_capacity(self.orders.len());
        for (number, order) in self.orders.iter().enumerate() {
            let message = self.message(order);
            let delay = Duration::from_millis(400 + (number as u64 * 617) % 1_300);
            let (message, delay) = match self.fates.of_order(number) {
                Fate::Arrived | Fate::Paused => (message, delay),
                Fate::Late => (message, Duration::from_mins(41)),
                Fate::Broken => (
                    message.trim_end().trim_end_matches('}').to_owned() + ",}",
                    delay,
                ),
                Fate::WrongKey => (message.replace(key, "the-key-of-last-month"), delay),
                Fate::NotRunning | Fate::Expired | Fate::ImportedLater | Fate::Repainted => {
                    continue;
                }
            };
            sent.push(self.sent(order.time + delay, message, number));
        }
        sent.extend(self.by_hand());
        sent
    }

    fn sent(&self, time: Timestamp, message: String, number: usize) -> Sent {
        Sent {
            time,
            webhook: self.market.address.id.to_string(),
            message,
            address: TRADINGVIEW[number % TRADINGVIEW.len()],
        }
    }

    /// Two alerts that the strategy never gave, in a bar in which it gave none.
    fn by_hand(&self) -> Vec<Sent> {
        let from = self.orders.len() * 3 / 4;
        let quiet = self
            .orders
            .windows(2)
            .enumerate()
            .skip(from)
            .find(|(_, pair)| {
                pair[1].time.duration_since(pair[0].time) > SignedDuration::from_hours(3)
            });
        let Some((number, [order, _])) = quiet.map(|(number, pair)| (number, [&pair[0], &pair[1]]))
        else {
            return Vec::new();
        };
        let profile = self.market.profile;
        let alert = |action: &str, minutes: i64| {
            let time = order.time + SignedDuration::from_mins(minutes);
            let message = serde_json::json!({
                "auth_key": self.market.address.key.reveal(),
                "ticker": profile.ticker,
                "action": action,
                "qty": profile.quantity,
                "marketPrice": format!("{:.*}", profile.places, order.price),
                "metadata": { "timestamp": format!("{time:.0}"), "signal": "By hand" },
            });
            self.sent(
                time + SignedDuration::from_millis(700),
                message.to_string(),
                number,
            )
        };
        vec![alert("buy", 75), alert("sell", 105)]
    }

    /// Files that are imported afterwards, and the time in which the server did not run.
    pub(super) fn files(&self) -> Files {
        let lines = self.fates.imported().filter_map(|number| {
            let order = self.orders.get(number)?;
            let payload: serde_json::Value = serde_json::from_str(&self.message(order)).ok()?;
            Some(serde_json::json!({ "time": order.time, "payload": payload }).to_string() + "\n")
        });
        let down = self.fates.not_running();
        let ends = self.time(down.start).zip(self.time(down.end - 1));
        Files {
            webhook: self.market.address.id.clone(),
            alerts: lines.collect(),
            fills: fills(self.market.profile, self.orders, &self.fates),
            begun: self.time(0),
            down: ends.map(|(from, to)| (from - MARGIN, to + MARGIN)),
        }
    }
}

/// Files that are imported after the alerts.
pub(super) struct Files {
    webhook: WebhookId,
    /// Alerts that never arrived, as JSON lines.
    alerts: String,
    /// A broker's fills.
    fills: String,
    begun: Option<Timestamp>,
    /// Time in which the server did not run.
    down: Option<(Timestamp, Timestamp)>,
}

impl Files {
    /// Brings all of it in, as its owner would.
    pub(super) async fn bring_in(self, directory: &Path, now: Timestamp) -> Result<()> {
        let store = Store::open(directory, &StoreOptions::default())?;
        let (begun, down) = (self.begun, self.down);
        let note_runs = move |context: &mut WriteContext<'_>| {
            if let (Some(begun), Some((from, to))) = (begun, down) {
                runs::note_start(context.connection, begun)?;
                runs::note_stop(context.connection, from)?;
                runs::note_start(context.connection, to)?;
                runs::note_stop(context.connection, now)?;
            }
            Ok(())
        };
        store.writer().run(None, note_runs).await?;
        self.bring_in_alerts(&store, now).await?;
        self.bring_in_fills(&store, now).await?;
        let mut deriving = Some(Deriving::default());
        while let Some(part) = deriving {
            let next = move |context: &mut WriteContext<'_>| part.next(context);
            deriving = store.writer().run(None, next).await?;
        }
        Ok(())
    }

    async fn bring_in_alerts(&self, store: &Store, now: Timestamp) -> Result<()> {
        let file = alerts::read(self.alerts.as_bytes()).map_err(|error| failed(&error))?;
        let webhook = self.webhook.clone();
        let selection = AlertSelection::default();
        let read =
            move |connection: &Connection| prepare(connection, &webhook, file, &selection, now);
        let prepared = store.readers().run(read).await?;
        let begin = move |connection: &Connection| AlertSteps::of(connection, prepared);
        let mut steps = store.readers().run(begin).await?;
        while let Some(step) = steps.next_step() {
            let run = move |context: &mut WriteContext<'_>| step.run(context);
            steps.took(store.writer().run(None, run).await?);
        }
        Ok(())
    }

    async fn bring_in_fills(&self, store: &Store, now: Timestamp) -> Result<()> {
        let options = FillOptions {
            zone: None,
            usual_zone: jiff::tz::TimeZone::UTC,
            symbol: None,
            now,
        };
        let file = files::read(self.fills.as_bytes(), &options).map_err(|error| failed(&error))?;
        let (webhook, name) = (self.webhook.clone(), Some("fills.csv".to_owned()));
        let read = move |connection: &Connection| {
            prepare_fills(connection, &webhook, file, name, &SymbolMap::default())
        };
        let prepared = store.readers().run(read).await?;
        let mut steps = Steps::of(prepared.map_err(|error| failed(&error))?, now);
        while let Some(step) = steps.next_step() {
            let run = move |context: &mut WriteContext<'_>| step.run(context);
            steps.took(store.writer().run(None, run).await?);
        }
        Ok(())
    }
}

fn failed(error: &dyn ToString) -> StoreError {
    StoreError::Unavailable(format!("the demo's files: {}", error.to_string()))
}
