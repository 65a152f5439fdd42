//! Reports that were made of late, each kept until something changes that it is made of.
//!
//! A report reads every trade of its webhooks, and a page asks for the same one again and
//! again. It is kept as the bytes that are answered, under the query that asked for it, with
//! the version of its webhooks' ledgers: an alert of one webhook renews the reports of that
//! webhook and no other.

use super::json_cache::{Json, JsonCache};
use super::{ReportFilter, Reports, notes, reports};
use crate::store::ledgers::{self, Versions};
use crate::store::sql::as_json;
use crate::store::{self, Connection};

/// Reports under what was asked for, with the versions of what they were made of.
#[derive(Default)]
pub struct ReportCache {
    kept: JsonCache<Versions>,
}

impl ReportCache {
    /// The report that was asked for as `asked`, as JSON: as it was made before, unless
    /// something changed that it is made of.
    ///
    /// # Errors
    ///
    /// As [`reports`].
    pub fn of(
        &self,
        connection: &Connection,
        asked: &str,
        filter: &ReportFilter,
    ) -> store::Result<Json> {
        // What was committed in between is at worst made again for nothing.
        let versions = ledgers::versions(connection, &filter.webhooks)?;
        if let Some(kept) = self.kept.get(asked, &versions) {
            return Ok(kept);
        }
        let made = reports(connection, filter)?.into_iter();
        let reports = made.map(|made| made.report).collect();
        let notes = notes(connection, filter)?;
        let json = Json::from(as_json(&Reports { reports, notes })?.into_bytes());
        self.kept
            .keep(asked.to_owned(), versions, Json::clone(&json));
        Ok(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::webhook::WebhookId;
    use crate::journal::scratch::Scratch;
    use crate::reports::json_cache::MOST;

    /// Reports of some webhooks, under names of their own.
    struct AskedReports {
        kept: ReportCache,
        of: Vec<(&'static str, Vec<WebhookId>)>,
    }

    impl AskedReports {
        /// Address of each report in memory: another one where it was made again.
        fn places(&self, scratch: &Scratch) -> Vec<*const u8> {
            let place = |(asked, webhooks): &(&str, Vec<WebhookId>)| {
                let filter = ReportFilter {
                    webhooks: webhooks.clone(),
                    ..ReportFilter::default()
                };
                let report = self.kept.of(&scratch.connection, asked, &filter);
                report.unwrap().as_ptr()
            };
            self.of.iter().map(place).collect()
        }

        /// The names of the reports that are made again because of a change.
        fn renewed_by(&self, scratch: &mut Scratch, change: impl FnOnce(&mut Scratch)) -> String {
            let before = self.places(scratch);
            change(scratch);
            let after = self.places(scratch).into_iter();
            let renewed = after.zip(before).zip(&self.of);
            let renewed = renewed.filter(|((after, before), _)| after != before);
            let names: Vec<&str> = renewed.map(|(_, (name, _))| *name).collect();
            names.join(" ")
        }
    }

    #[test]
    fn an_alert_renews_the_reports_of_its_webhook_and_no_other() {
        let mut scratch = Scratch::new();
        let (one, two) = (scratch.webhook("one"), scratch.webhook("two"));
        let asked = AskedReports {
            kept: ReportCache::default(),
            of: vec![
                ("one", vec![one.clone()]),
                ("two", vec![two.clone()]),
                ("both", vec![one.clone(), two.clone()]),
                ("all", vec![]),
            ],
        };
        assert_eq!(asked.renewed_by(&mut scratch, |_| {}), "");
        let alert = |of: &WebhookId, ticker: &'static str| {
            let of = of.clone();
            move |scratch: &mut Scratch| {
                scratch.alert(&of, ticker, "buy");
            }
        };
        for ticker in ["BTCUSD", "BTCUSD", "ETHUSD"] {
            let renewed = asked.renewed_by(&mut scratch, alert(&one, ticker));
            assert_eq!(renewed, "one both all");
            let renewed = asked.renewed_by(&mut scratch, alert(&two, ticker));
            assert_eq!(renewed, "two both all");
        }
        let every = "one two both all";
        let stale = |scratch: &mut Scratch| {
            scratch.memory.forget();
            ledgers::mark_stale(&scratch.connection, None).unwrap();
        };
        assert_eq!(asked.renewed_by(&mut scratch, stale), every);
        let derived = asked.renewed_by(&mut scratch, |scratch| {
            scratch.derive_stale();
        });
        assert_eq!(derived, every);
        let settings = asked.renewed_by(&mut scratch, |scratch| {
            scratch.change_settings(&one, |settings| settings.trading_days = 252);
        });
        assert!(settings.starts_with("one"), "{settings}");
        assert!(settings.ends_with("both all"), "{settings}");
    }

    #[test]
    fn a_renewed_report_takes_the_place_of_its_own_only() {
        let mut scratch = Scratch::new();
        let (one, two) = (scratch.webhook("one"), scratch.webhook("two"));
        let kept = ReportCache::default();
        let of = |scratch: &Scratch, webhook: &WebhookId, asked: &str| {
            let webhooks = vec![webhook.clone()];
            let filter = ReportFilter {
                webhooks,
                ..ReportFilter::default()
            };
            let report = kept.of(&scratch.connection, asked, &filter);
            report.unwrap().as_ptr()
        };
        let of_one: Vec<String> = (1..MOST).map(|number| format!("one {number}")).collect();
        let places = |scratch: &Scratch| -> Vec<*const u8> {
            of_one
                .iter()
                .map(|asked| of(scratch, &one, asked))
                .collect()
        };
        of(&scratch, &two, "two");
        let before = places(&scratch);
        scratch.alert(&two, "BTCUSD", "buy");
        of(&scratch, &two, "two");
        assert_eq!(places(&scratch), before);
    }
}
