//! An import of alerts, a transaction at a time.
//!
//! The transactions are so short that alerts can be recorded between them. A crash on the way
//! leaves some of the file's alerts; importing it again brings the rest.

use std::collections::HashSet;
use std::vec;

use jiff::SignedDuration;
use rusqlite::Connection;

use super::recognition::{self, ByMessage, Earlier, Search};
use super::{Candidate, ImportedAlerts, Prepared, missing, note, reading, sizes};
use crate::domain::event::EventId;
use crate::domain::order::OrderId;
use crate::domain::webhook::WebhookId;
use crate::journal::arrivals;
use crate::journal::deliveries::{Delivery, record};
use crate::store::error::Result;
use crate::store::webhooks::StoredWebhook;
use crate::store::{WriteContext, events, webhooks};

/// Alerts that one transaction records: few enough not to keep others waiting.
const AT_ONCE: usize = 250;

/// An import under way.
pub struct Steps {
    webhook: WebhookId,
    tolerance: SignedDuration,
    alerts: vec::IntoIter<Candidate>,
    at_once: usize,
    /// None while a step has it.
    progress: Option<Progress>,
}

/// Result of an import until now.
#[derive(Debug)]
pub struct Progress {
    imported: ImportedAlerts,
    /// The newest event when the file's alerts were told apart, or after the last step.
    newest: EventId,
    /// Alerts that others have recorded since the file's alerts were told apart.
    others: Vec<Earlier>,
}

/// One transaction of an import.
pub struct Step {
    webhook: WebhookId,
    tolerance: SignedDuration,
    alerts: Vec<Candidate>,
    progress: Progress,
}

impl Steps {
    /// The steps of importing what was prepared; none where all of it is recorded already.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError::NotFound`] where there is no such webhook any more.
    pub fn of(connection: &Connection, prepared: Prepared) -> Result<Self> {
        let transaction = connection.unchecked_transaction()?;
        let webhook = webhooks::get(&transaction, &prepared.webhook)?;
        let tolerance = prepared.tolerance;
        let (imported, new) = missing(&transaction, &webhook, prepared)?;
        // A percentage is of what its order met, so all that comes before it has to be there.
        let has_percentages = new.iter().any(|alert| alert.is_percentage);
        Ok(Self {
            webhook: webhook.id,
            tolerance,
            at_once: if has_percentages { new.len() } else { AT_ONCE },
            alerts: new.into_iter(),
            progress: Some(Progress {
                imported,
                newest: events::newest(&transaction)?,
                others: Vec::new(),
            }),
        })
    }

    /// The next step, where there is one; [`Steps::took`] has to follow it.
    pub fn next_step(&mut self) -> Option<Step> {
        let alerts: Vec<Candidate> = self.alerts.by_ref().take(self.at_once).collect();
        if alerts.is_empty() {
            return None;
        }
        Some(Step {
            webhook: self.webhook.clone(),
            tolerance: self.tolerance,
            alerts,
            progress: self.progress.take()?,
        })
    }

    /// Takes up what a step came to.
    pub fn took(&mut self, progress: Progress) {
        self.progress = Some(progress);
    }

    /// Result of all of them.
    #[must_use]
    pub fn imported(self) -> ImportedAlerts {
        let progress = self.progress;
        progress
            .map(|progress| progress.imported)
            .unwrap_or_default()
    }
}

impl Progress {
    /// Alerts of the file that were missing and are events now.
    #[must_use]
    pub fn new_alerts(&self) -> usize {
        self.imported.new
    }
}

impl Step {
    /// Alerts that earlier steps recorded.
    #[must_use]
    pub fn recorded_before(&self) -> usize {
        self.progress.new_alerts()
    }

    /// Records the alerts that are still missing, at their own time.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError::NotFound`], or [`crate::store::StoreError::Unavailable`];
    /// then nothing of the step was recorded.
    pub fn run(self, context: &mut WriteContext<'_>) -> Result<Progress> {
        let webhook = webhooks::get(context.connection, &self.webhook)?;
        let mut progress = self.progress;
        let search = Search::of(&webhook.settings, self.tolerance);
        let since = recognition::since(context.connection, webhook.row, progress.newest)?;
        progress.others.extend(since);
        let alerts = ByMessage::of(&self.alerts);
        let others = &mut progress.others;
        let found = recognition::find(context.connection, webhook.row, &alerts, others, search)?;
        let mut unsized_orders = HashSet::new();
        for alert in found.leave_new(self.alerts, &mut progress.imported) {
            let is_percentage = alert.is_percentage;
            let delivery = delivery(alert, &webhook, &mut progress.imported);
            let recorded = record(context, &delivery)?;
            unsized_orders.extend(recorded.order.filter(|_| is_percentage));
        }
        finish(context, &webhook, &unsized_orders, &mut progress)?;
        Ok(progress)
    }
}

/// The delivery that an alert of the file is recorded as.
fn delivery(alert: Candidate, webhook: &StoredWebhook, imported: &mut ImportedAlerts) -> Delivery {
    let read = reading(&alert.payload, webhook.settings.reading_rules());
    note(imported, &alert, &read.0);
    let (id, webhook, payload) = (alert.id, webhook.id.clone(), alert.payload.into_vec());
    Delivery::new(id, webhook, alert.time, alert.source, payload, read)
}

fn finish(
    context: &mut WriteContext<'_>,
    webhook: &StoredWebhook,
    unsized_orders: &HashSet<OrderId>,
    progress: &mut Progress,
) -> Result<()> {
    progress.imported.failed += sizes::write(context.connection, webhook.row, unsized_orders)?;
    arrivals::note_before_imported(context.connection)?;
    progress.newest = events::newest(context.connection)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::{AlertSelection, prepare};
    use super::*;
    use crate::imports;
    use crate::journal::scratch::Scratch;

    /// Alerts a minute apart, each with a price of its own, as JSON lines.
    fn file_of(alerts: usize) -> String {
        let start: jiff::Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
        let mut lines = String::new();
        for number in 0..alerts {
            let time = start + SignedDuration::from_mins(i64::try_from(number).unwrap());
            let action = if number % 2 == 0 { "buy" } else { "sell" };
            writeln!(
                lines,
                r#"{{"time":"{time}","payload":{{"ticker":"AAPL","action":"{action}","qty":1,"marketPrice":{}}}}}"#,
                100 + number
            )
            .unwrap();
        }
        lines
    }

    fn steps(scratch: &Scratch, webhook: &WebhookId, file: &str) -> Steps {
        let file = imports::alerts::read(file.as_bytes()).unwrap();
        let selection = AlertSelection::default();
        let prepared = prepare(
            &scratch.connection,
            webhook,
            file,
            &selection,
            "2027-01-01T00:00:00Z".parse().unwrap(),
        )
        .unwrap();
        Steps::of(&scratch.connection, prepared).unwrap()
    }

    fn run_next(scratch: &mut Scratch, steps: &mut Steps) -> bool {
        let Some(step) = steps.next_step() else {
            return false;
        };
        steps.took(step.run(&mut scratch.context()).unwrap());
        true
    }

    fn events(scratch: &Scratch) -> usize {
        let count = "SELECT count(*) FROM events";
        let read = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        let found = scratch.connection.query_row(count, [], read).unwrap();
        usize::try_from(found).unwrap()
    }

    #[test]
    fn a_long_file_is_recorded_in_more_than_one_transaction() {
        let mut scratch = Scratch::new();
        let webhook = scratch.webhook("one");
        let mut steps = steps(&scratch, &webhook, &file_of(AT_ONCE + 1));
        assert!(run_next(&mut scratch, &mut steps));
        assert_eq!(events(&scratch), AT_ONCE);
        assert!(run_next(&mut scratch, &mut steps));
        assert!(!run_next(&mut scratch, &mut steps));
        let imported = steps.imported();
        assert_eq!((imported.new, imported.known), (AT_ONCE + 1, 0));
        assert_eq!(events(&scratch), AT_ONCE + 1);
    }

    #[test]
    fn two_imports_of_a_file_beside_each_other_record_each_alert_once() {
        let mut scratch = Scratch::new();
        let webhook = scratch.webhook("one");
        let file = file_of(2 * AT_ONCE);
        let mut one = steps(&scratch, &webhook, &file);
        let mut other = steps(&scratch, &webhook, &file);
        while run_next(&mut scratch, &mut one) | run_next(&mut scratch, &mut other) {}
        let (one, other) = (one.imported(), other.imported());
        assert_eq!(events(&scratch), 2 * AT_ONCE);
        assert_eq!(one.new + other.new, 2 * AT_ONCE);
        assert_eq!(one.known + other.known, 2 * AT_ONCE);
    }

    #[test]
    fn what_arrives_between_two_steps_is_one_of_the_file_s_alerts_and_no_other() {
        let mut scratch = Scratch::new();
        let webhook = scratch.webhook("one");
        let message =
            serde_json::json!({ "ticker": "MSFT", "action": "buy", "qty": 1, "marketPrice": 7 });
        // The last alert of the first step and the first of the second are equal, half a minute
        // before and after the one that arrives.
        let mut file = file_of(AT_ONCE - 1).replace("2026-01-05T", "2026-01-04T");
        for time in ["2026-01-05T00:00:30Z", "2026-01-05T00:01:30Z"] {
            writeln!(file, r#"{{"time":"{time}","payload":{message}}}"#).unwrap();
        }
        let mut steps = steps(&scratch, &webhook, &file);
        scratch.message(&webhook, &message);
        while run_next(&mut scratch, &mut steps) {}
        let imported = steps.imported();
        assert_eq!((imported.known, imported.new), (1, AT_ONCE));
        assert_eq!(events(&scratch), AT_ONCE + 1);
    }

    #[test]
    fn an_import_that_was_cut_off_is_completed_by_the_next() {
        let mut scratch = Scratch::new();
        let webhook = scratch.webhook("one");
        let file = file_of(AT_ONCE + 20);
        let mut cut_off = steps(&scratch, &webhook, &file);
        run_next(&mut scratch, &mut cut_off);
        let mut again = steps(&scratch, &webhook, &file);
        while run_next(&mut scratch, &mut again) {}
        let again = again.imported();
        assert_eq!((again.known, again.new), (AT_ONCE, 20));
        assert_eq!(events(&scratch), AT_ONCE + 20);
    }

    #[test]
    fn a_file_with_percentages_is_one_transaction() {
        let mut scratch = Scratch::new();
        let webhook = scratch.webhook("one");
        let percentage = file_of(AT_ONCE + 1).replacen(r#""qty":1"#, r#""qty":"10%""#, 1);
        let mut steps = steps(&scratch, &webhook, &percentage);
        assert!(run_next(&mut scratch, &mut steps));
        assert!(!run_next(&mut scratch, &mut steps));
        assert_eq!(events(&scratch), AT_ONCE + 1);
    }
}
