//! Passing alerts on: a row in the outbox, in the transaction of the alert itself.
//!
//! An alert without a forward costs a look into a map in memory. Only what the network brings
//! live is passed on, or what its owner has processed again: an import or a test must never
//! reach a broker.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::deliveries::{Delivery, Reading, Recorded};
use super::{Remembered, forward_loops, ledgers};
use crate::domain::event::EventSource;
use crate::domain::forward::ForwardWhen;
use crate::domain::ledger::entry_closes_all_first;
use crate::domain::money::{Decimal, Quantity};
use crate::domain::order::{Measure, measure};
use crate::domain::signal::{Direction, Intent, Signal};
use crate::formats::{self, MadeWith, Outgoing, OutgoingOrder};
use crate::store::outbox::{self, NewRow, Put};
use crate::store::{Connection, Result, WriteContext, forwards, history, trades};

pub use crate::store::forwards::StoredForward;

/// The kind of row that a forward's message is.
pub const KIND: &str = "forward";

/// The forwards that are not paused, by their webhook; read when first needed.
#[derive(Debug, Default)]
pub struct Routes(Option<Arc<BTreeMap<i64, Vec<StoredForward>>>>);

impl Routes {
    /// Forgets everything; it is read again from the database when needed.
    pub fn forget(&mut self) {
        self.0 = None;
    }

    fn get(&mut self, connection: &Connection) -> Result<Arc<BTreeMap<i64, Vec<StoredForward>>>> {
        if let Some(routes) = &self.0 {
            return Ok(Arc::clone(routes));
        }
        let mut routes: BTreeMap<i64, Vec<StoredForward>> = BTreeMap::new();
        for forward in forwards::list(connection)? {
            if !forward.terms.is_paused {
                routes.entry(forward.webhook_row).or_default().push(forward);
            }
        }
        let routes = Arc::new(routes);
        self.0 = Some(Arc::clone(&routes));
        Ok(routes)
    }
}

/// Puts what is to be passed on of a delivery into the outbox.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub(super) fn pass_on(
    context: &mut WriteContext<'_>,
    webhook: i64,
    delivery: &Delivery,
    recorded: &Recorded,
) -> Result<()> {
    let connection = context.connection;
    let routes = Remembered::of(context).routes.get(connection)?;
    let Some(forwards) = routes.get(&webhook) else {
        return Ok(());
    };
    let is_wanted = |forward: &&StoredForward| match (forward.terms.sends, delivery.source) {
        (_, EventSource::Webhook) if recorded.order.is_some() => true,
        (ForwardWhen::Event, EventSource::Webhook) => true,
        (ForwardWhen::Order, EventSource::Reprocessed) => recorded.order.is_some(),
        _ => false,
    };
    let wanted: Vec<&StoredForward> = forwards.iter().filter(is_wanted).collect();
    // The receiver has it, and would pass it on to here again.
    if wanted.is_empty() || forward_loops::is_back(connection, delivery)? {
        return Ok(());
    }
    let alert = match &delivery.reading {
        Reading::Signal(parsed) | Reading::Withheld(_, Ok(parsed)) => Some(parsed),
        Reading::Withheld(_, Err(_)) | Reading::Failed(_) => None,
    };
    let resolved = match alert {
        Some(alert) => resolved(context, webhook, &alert.signal, recorded)?,
        None => None,
    };
    let unused_stop = alert.and_then(|alert| alert.unused_stop.as_deref());
    let order = match &resolved {
        Some(resolved) => Some(OutgoingOrder {
            unused_stop,
            ..order_of(context, webhook, resolved)?
        }),
        None => None,
    };
    let passed = Passed {
        outgoing: Outgoing {
            delivery: delivery.id,
            event: recorded.event,
            webhook: delivery.webhook.as_str(),
            received_at: delivery.received_at,
            payload: &delivery.payload,
            order,
        },
        via: forward_loops::via(connection, delivery)?,
    };
    for forward in wanted {
        put(context, forward, delivery, &passed)?;
    }
    Ok(())
}

/// An alert as all forwards pass it on, each in its own format.
struct Passed<'a> {
    outgoing: Outgoing<'a>,
    /// The webhooks that it has come through.
    via: String,
}

fn put(
    context: &mut WriteContext<'_>,
    forward: &StoredForward,
    delivery: &Delivery,
    passed: &Passed<'_>,
) -> Result<()> {
    let terms = &forward.terms;
    let with = MadeWith {
        format: terms.format,
        settings: &terms.settings,
        template: terms.template.as_deref(),
        sends_key: terms.sends_key,
    };
    let message = formats::message(&passed.outgoing, &with);
    let now = delivery.clock_time();
    // Counted from the arrival: what an owner processes again hours later is not passed on unasked.
    let age = terms.max_age.duration();
    let expires_at = age.and_then(|age| arrived_at(delivery).checked_add(age).ok());
    let row = NewRow {
        lane: forward.lane(),
        kind: KIND,
        about: delivery.id.to_string(),
        body: message.as_ref().cloned().unwrap_or_default(),
        repeatable: terms.is_repeatable(),
        vital: false,
        due_at: now,
        expires_at,
        event: Some(passed.outgoing.event),
        via: passed.via.clone(),
    };
    match message {
        Err(why) => outbox::put_dead(context.connection, &row, &why.to_string(), now).map(drop),
        Ok(_) if was_sent_before(context, delivery, &row)? => {
            outbox::put_unknown(context.connection, &row, RESTORED, now).map(drop)
        }
        Ok(_) => match outbox::put(context, &row, now)? {
            Put::Off => outbox::put_dead(context.connection, &row, OFF, now).map(drop),
            Put::Waits(_) | Put::Known(_) | Put::Dropped => Ok(()),
        },
    }
}

/// True if a message may have been sent already, before a restore took away what was known of it:
/// the alert is read from another algohook, and a second time.
fn was_sent_before(context: &WriteContext<'_>, delivery: &Delivery, row: &NewRow) -> Result<bool> {
    let is_fetched = delivery.source == EventSource::Webhook && delivery.clock.is_none();
    Ok(is_fetched
        && !row.repeatable
        && delivery.received_at < history::began_at(context.connection)?)
}

/// Note on a message that is not sent, because it may have been.
const RESTORED: &str =
    "the alert is from before the last restore: whether it was passed on then, nobody knows";

/// Note on a message to a receiver that said that it is gone.
const OFF: &str =
    "the forward is off, for its receiver answered 410 (gone); switch it on to send again";

/// The moment from which the age of a message counts. What comes now is dated by the sequence of
/// arrivals, which is ahead of a clock that was set back.
fn arrived_at(delivery: &Delivery) -> Timestamp {
    match (delivery.source, delivery.clock) {
        (EventSource::Webhook, Some(clock)) => clock.wall,
        _ => delivery.received_at,
    }
}

/// A signal that says its side and size itself: what it left to the position or to the equity
/// was decided when its order was made.
struct Resolved {
    signal: Signal,
    quantity: Option<Quantity>,
    /// Quantity that it closed as an exit.
    closed: Option<Quantity>,
    /// True of an exit that found nothing to close.
    closed_nothing: bool,
}

/// The signal as its order was made; none where it cannot be counted, or leaves a position that
/// nobody knows.
fn resolved(
    context: &mut WriteContext<'_>,
    webhook: i64,
    signal: &Signal,
    recorded: &Recorded,
) -> Result<Option<Resolved>> {
    let mut quantity = match (measure(signal), recorded.order) {
        (Ok(Measure::Quantity(quantity)), _) => quantity,
        (Ok(Measure::Percentage(_)), Some(_)) => recorded.sized,
        (Ok(Measure::Percentage(_)), None) | (Err(_), _) => return Ok(None),
    };
    let mut signal = signal.clone();
    let closed = match recorded.order {
        Some(order) => trades::closed_by(context.connection, order)?,
        None => None,
    };
    let is_entry = matches!(signal.intent, Intent::EntryLong | Intent::EntryShort);
    match (signal.intent, closed) {
        (Intent::Exit, None) if recorded.order.is_none() => return Ok(None),
        (Intent::Exit, Some((Direction::Long, _))) => signal.intent = Intent::ExitLong,
        (Intent::Exit, Some((Direction::Short, _))) => signal.intent = Intent::ExitShort,
        // It closed a part of the position, or all of it, and opened what is there now.
        (Intent::Buy | Intent::Sell, Some((side, closed))) if signal.closes_opposite => {
            let after = ledgers::position_of(context, webhook, &signal.ticker)?.unwrap_or_default();
            let is_new = !after.is_zero() && Direction::of_position(after) != side;
            let opened = if is_new { after.abs() } else { Decimal::ZERO };
            quantity = match closed.checked_add(opened).map(Quantity::new) {
                Some(Ok(all)) => Some(all),
                _ => return Ok(None),
            };
        }
        // One order on the net position closes the old one and opens the new one.
        (_, Some((side, closed)))
            if is_entry && closes_all(context, webhook, &signal, quantity)? =>
        {
            signal.intent = match side {
                Direction::Long => Intent::Sell,
                Direction::Short => Intent::Buy,
            };
            let all = quantity.and_then(|opened| opened.get().checked_add(closed));
            quantity = match all.map(Quantity::new) {
                Some(Ok(all)) => Some(all),
                _ => return Ok(None),
            };
        }
        _ => {}
    }
    signal.closes_opposite = false;
    let is_exit = signal.intent.is_exit();
    Ok(Some(Resolved {
        closed_nothing: is_exit && recorded.order.is_some() && closed.is_none(),
        closed: closed
            .filter(|_| is_exit)
            .and_then(|(_, closed)| Quantity::new(closed).ok()),
        signal,
        quantity,
    }))
}

/// True if an entry closes all of the opposite position beside its own quantity.
fn closes_all(
    context: &mut WriteContext<'_>,
    webhook: i64,
    signal: &Signal,
    quantity: Option<Quantity>,
) -> Result<bool> {
    let reversal = ledgers::settings(context, webhook)?.reversal;
    let (is_said, stated) = (signal.closes_opposite, &signal.stated_position);
    Ok(entry_closes_all_first(is_said, stated, quantity, reversal))
}

/// The order of a signal with the position that it leaves.
fn order_of<'a>(
    context: &mut WriteContext<'_>,
    webhook: i64,
    resolved: &'a Resolved,
) -> Result<OutgoingOrder<'a>> {
    let signal = &resolved.signal;
    let position = match signal.stated_position.new {
        Some(stated) => Some(stated),
        None => ledgers::position_of(context, webhook, &signal.ticker)?,
    };
    Ok(OutgoingOrder {
        signal,
        quantity: resolved.quantity,
        position,
        closed: resolved.closed,
        closed_nothing: resolved.closed_nothing,
        unused_stop: None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::scratch::Scratch;
    use super::*;
    use crate::domain::forward::{ForwardFormat, MaxAge};
    use crate::domain::webhook::Reversal;
    use crate::domain::webhook::WebhookId;
    use crate::store::forwards::ForwardTerms;
    use crate::store::outbox::{RowFilter, RowState, list};

    const FORMATS: [ForwardFormat; 5] = [
        ForwardFormat::TradersPost,
        ForwardFormat::ThreeCommas,
        ForwardFormat::PickMyTrade,
        ForwardFormat::Alertatron,
        ForwardFormat::Algohook,
    ];

    /// A webhook with a forward in each format.
    fn webhook(scratch: &mut Scratch) -> WebhookId {
        let webhook = scratch.webhook("one");
        for format in FORMATS {
            let settings = [("keys", "K"), ("exchange", "BINANCE"), ("botUuid", "b")];
            let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let terms = ForwardTerms {
                origin: "https://example.com".to_owned(),
                max_age: MaxAge::Unlimited,
                settings: settings.into(),
                ..ForwardTerms::plain(format)
            };
            forwards::insert(&scratch.connection, &webhook, &terms, Timestamp::UNIX_EPOCH).unwrap();
        }
        webhook
    }

    /// The last of these alerts in each format: its message, or why there is none.
    fn last(scratch: &mut Scratch, webhook: &WebhookId, alerts: &[Value]) -> Vec<String> {
        for alert in alerts {
            scratch.message(webhook, alert);
        }
        let filter = RowFilter::default();
        let mut rows = list(&scratch.connection, &filter, 5).unwrap();
        rows.reverse();
        let said = rows.into_iter().map(|row| match row.note {
            Some(note) => format!("none: {note}"),
            None => String::from_utf8(row.body).unwrap(),
        });
        said.collect()
    }

    fn alert(intent: &str, quantity: Option<i64>) -> Value {
        json!({"ticker": "A", "positionDirection": intent, "qty": quantity, "marketPrice": 10})
    }

    #[test]
    fn an_exit_of_nothing_opens_or_closes_nothing_elsewhere() {
        for exit in [alert("exitLong", Some(5)), alert("exitLong", None)] {
            let mut scratch = Scratch::new();
            let webhook = webhook(&mut scratch);
            let said = last(
                &mut scratch,
                &webhook,
                &[alert("entryShort", Some(3)), exit],
            );
            let [traderspost, three_commas, pickmytrade, alertatron, algohook] = &said[..] else {
                panic!("{said:?}");
            };
            for none in [traderspost, pickmytrade, alertatron] {
                assert!(
                    none.starts_with("none: the exit found no position"),
                    "{none}"
                );
            }
            // These have a word for the side that it closes.
            assert!(three_commas.contains("exit_long"), "{three_commas}");
            assert!(algohook.contains("exitLong"), "{algohook}");
        }
    }

    #[test]
    fn what_is_fetched_again_after_a_restore_is_sent_only_where_it_is_known_again() {
        let mut scratch = Scratch::new();
        let webhook = webhook(&mut scratch);
        let restored: Timestamp = "2026-01-05T00:01:30Z".parse().unwrap();
        let sql = "UPDATE history SET began_at = ?1";
        scratch
            .connection
            .execute(sql, [restored.as_microsecond()])
            .unwrap();
        // One a minute: the first from before the restore, the second from after it.
        for repeats in [false, true] {
            scratch.message(&webhook, &alert("entryLong", Some(1)));
            let rows = list(&scratch.connection, &RowFilter::default(), 5).unwrap();
            for row in rows {
                let is_sent = row.repeatable || repeats;
                assert_eq!(row.state == RowState::Waiting, is_sent, "{row:?}");
                assert_eq!(row.state == RowState::Unknown, !is_sent, "{row:?}");
            }
        }
    }

    #[test]
    fn a_reversal_leads_to_the_same_position_elsewhere() {
        let short = alert("entryShort", Some(3));
        for (reversal, entry) in [
            (Reversal::Full, alert("entryLong", Some(2))),
            (Reversal::Net, alert("entryLong", Some(5))),
            (
                Reversal::Net,
                json!({"ticker": "A", "direction": "long", "qty": 5, "marketPrice": 10}),
            ),
        ] {
            let mut scratch = Scratch::new();
            let webhook = webhook(&mut scratch);
            scratch.change_settings(&webhook, |settings| settings.reversal = reversal);
            let said = last(&mut scratch, &webhook, &[short.clone(), entry]);
            let [traderspost, three_commas, pickmytrade, alertatron, algohook] = &said[..] else {
                panic!("{said:?}");
            };
            // They exit the short by themselves, and then open.
            assert!(
                traderspost.contains(r#""sentiment":"bullish","quantity":2,"#),
                "{traderspost}"
            );
            assert!(three_commas.contains(r#""enter_long""#), "{three_commas}");
            assert!(three_commas.contains(r#""amount":"2""#), "{three_commas}");
            // On the net position: 5 make long 2 of short 3.
            assert!(
                pickmytrade.contains(r#""data":"buy","quantity":5,"#),
                "{pickmytrade}"
            );
            assert!(
                alertatron.contains("market(side=buy, amount=5)"),
                "{alertatron}"
            );
            assert!(algohook.contains(r#""qty":5,"#), "{algohook}");
        }
    }
}
