//! Watches the needs of each webhook.
//!
//! The rules are [`crate::domain::attention`]'s and the facts the store's. They are run when
//! something happened and on a clock, so that what begins and ends is noticed at once,
//! whether somebody looks at the dashboard or not. The dashboard runs the same rules over the
//! moment that it shows.

use std::collections::BTreeMap;

use crate::store::Connection;
use jiff::Timestamp;

use crate::domain::attention::{self, Attention, Changes, Facts, InstrumentFacts, Unsettled};
use crate::domain::book::Book;
use crate::domain::departure::Departure;
use crate::domain::instrument::Instrument;
use crate::domain::ledger::Ledger;
use crate::domain::webhook::WebhookId;
use crate::store::positions::{self, StoredPosition};
use crate::store::webhooks::{self, StoredWebhook};
use crate::store::{self, Result, events, expectations};

/// Needs of each webhook at the last look.
#[derive(Debug, Default)]
pub struct AttentionWatch {
    /// `None` before the first look: what is found then began at some time before.
    known: Option<BTreeMap<WebhookId, Vec<Attention>>>,
}

/// Needs that began or ended at a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttentionChange {
    /// The webhook.
    pub webhook: WebhookId,
    /// Its name.
    pub name: String,
    /// The needs that began, and those that ended.
    pub changes: Changes,
}

impl AttentionWatch {
    /// Needs of each webhook at the last look.
    pub fn known(&self) -> impl Iterator<Item = (&WebhookId, &[Attention])> {
        let known = self.known.iter().flatten();
        known.map(|(webhook, attention)| (webhook, attention.as_slice()))
    }

    /// Runs the rules for every webhook, and returns what changed since the last look. A
    /// webhook that is gone needs nobody.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError`] where the database cannot be read; what was known stays.
    pub fn look(
        &mut self,
        connection: &Connection,
        now: Timestamp,
    ) -> Result<Vec<AttentionChange>> {
        let transaction = connection.unchecked_transaction()?;
        let unsettled = store::attention::unsettled(&transaction, now - attention::REMEMBERED)?;
        let (mut found, mut news) = (BTreeMap::new(), Vec::new());
        for webhook in webhooks::list(&transaction)? {
            let last_alert_at = events::last_alert(&transaction, webhook.row)?;
            let positions = positions::of_webhook(&transaction, &webhook, Book::Alerts)?;
            let unsettled = unsettled.get(&webhook.row).copied().unwrap_or_default();
            let departures = expectations::departures(&transaction, webhook.row)?;
            let of = WebhookFacts {
                last_alert_at,
                positions: &positions,
                departures: &departures,
                unsettled,
            };
            let decided = decided(&webhook, &of, now);
            if let Some(known) = &self.known {
                let before = known.get(&webhook.id).map_or(&[][..], Vec::as_slice);
                let changes = Changes::between(before, &decided);
                if !changes.is_empty() {
                    news.push(AttentionChange {
                        webhook: webhook.id.clone(),
                        name: webhook.name,
                        changes,
                    });
                }
            }
            found.insert(webhook.id, decided);
        }
        self.known = Some(found);
        Ok(news)
    }
}

/// Facts of a webhook besides its settings.
pub(super) struct WebhookFacts<'known> {
    pub(super) last_alert_at: Option<Timestamp>,
    pub(super) positions: &'known [StoredPosition],
    pub(super) departures: &'known [(Instrument, Departure)],
    pub(super) unsettled: Unsettled,
}

/// The needs of a webhook by the rules. While a ledger is being derived again its position is not
/// known, and nothing is said of it.
pub(super) fn decided(
    webhook: &StoredWebhook,
    known: &WebhookFacts<'_>,
    now: Timestamp,
) -> Vec<Attention> {
    let is_out_of_sync = |position: &StoredPosition| {
        let ledger = position.ledger.as_ref();
        ledger.and_then(Ledger::out_of_sync).is_some()
    };
    let departure = |of: &Instrument| {
        let departures = known.departures.iter();
        departures
            .filter(|(instrument, _)| instrument == of)
            .map(|(_, departure)| *departure)
            .next()
    };
    let of_position = |position: &StoredPosition| InstrumentFacts {
        instrument: position.instrument.clone(),
        is_out_of_sync: is_out_of_sync(position),
        departure: departure(&position.instrument),
    };
    let facts = Facts {
        state: webhook.state,
        settings: &webhook.settings,
        zone: &webhook.settings.zone(),
        created_at: webhook.created_at,
        last_alert_at: known.last_alert_at,
        instruments: known.positions.iter().map(of_position).collect(),
        unsettled: known.unsettled,
    };
    attention::of(&facts, now)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::silence::{Silence, SilenceHours};
    use crate::journal::scratch::Scratch;

    #[test]
    fn what_begins_and_ends_is_told_once() {
        let mut scratch = Scratch::new();
        let webhook = scratch.webhook("one");
        scratch.change_settings(&webhook, |settings| {
            settings.silence = Some(Silence {
                seconds: 3600,
                counted: SilenceHours::Always,
            });
        });
        let mut watch = AttentionWatch::default();
        let start: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
        let mut look = |scratch: &Scratch, minutes: i64| {
            let now = start + SignedDuration::from_mins(minutes);
            watch.look(&scratch.connection, now).unwrap()
        };
        let change = |begun: &[Attention], over: &[Attention]| {
            vec![AttentionChange {
                webhook: webhook.clone(),
                name: "one".to_owned(),
                changes: Changes {
                    begun: begun.to_vec(),
                    over: over.to_vec(),
                },
            }]
        };
        assert_eq!(look(&scratch, 1), []);
        // On the clock, with nothing happening.
        let silent = Attention::Silent(start);
        assert_eq!(
            look(&scratch, 61),
            change(std::slice::from_ref(&silent), &[])
        );
        assert_eq!(look(&scratch, 62), []);
        // By an event: the alert of the first minute, of a future without its point value.
        scratch.alert(&webhook, "CME_MINI:ES1!", "buy");
        let begun = look(&scratch, 2);
        assert_eq!(begun[0].changes.over, [silent]);
        assert!(matches!(
            begun[0].changes.begun[..],
            [Attention::PointValue(..)]
        ));
        assert_eq!(look(&scratch, 3), []);
    }

    #[test]
    fn what_was_there_before_the_first_look_is_no_news() {
        let mut scratch = Scratch::new();
        let webhook = scratch.webhook("one");
        scratch.alert(&webhook, "CME_MINI:ES1!", "buy");
        let mut watch = AttentionWatch::default();
        let now: Timestamp = "2026-01-05T00:05:00Z".parse().unwrap();
        assert_eq!(watch.look(&scratch.connection, now).unwrap(), []);
    }
}
