//! Which alerts of a file were recorded already.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::super::arrivals::FILLS_OF_ONE_BAR;
use super::super::repetition::IDEMPOTENCY_WINDOW;
use super::{Candidate, ImportedAlerts};
use crate::domain::event::{EventId, EventStatus};
use crate::domain::webhook::Settings;
use crate::imports::matching;
use crate::payload::{Fingerprint, fingerprint};
use crate::store::error::Result;
use crate::store::sql::{timestamp, to_micros};

/// Distances in time within which two alerts are one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search {
    /// A recorded alert and one of the file.
    pub(super) tolerance: SignedDuration,
    /// An alert and what is sent again of it.
    pub(super) window: SignedDuration,
}

impl Search {
    /// The distances for alerts of a webhook with these settings.
    pub(super) fn of(settings: &Settings, tolerance: SignedDuration) -> Self {
        Self {
            tolerance,
            window: SignedDuration::from_secs(i64::from(settings.duplicate_window)),
        }
    }
}

/// The recorded alerts that those of a file could be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Among<'a> {
    /// All.
    All,
    /// Those that were recorded since the file was looked at, but for its own.
    Since {
        /// The newest event at that time.
        newest: EventId,
        /// The events of the file, in the order of their numbers.
        own: &'a [EventId],
    },
}

impl Among<'_> {
    fn has(self, event: EventId) -> bool {
        match self {
            Self::All => true,
            Self::Since { newest, own } => event > newest && own.binary_search(&event).is_err(),
        }
    }
}

/// What was found of the alerts of a file.
pub(super) struct Found {
    /// For each of them, true if it was recorded already.
    is_known: Vec<bool>,
    /// How many of these made no order.
    without_order: usize,
}

impl Found {
    /// Leaves the alerts that were not recorded; the others are counted.
    pub(super) fn leave_new(
        self,
        mut candidates: Vec<Candidate>,
        imported: &mut ImportedAlerts,
    ) -> Vec<Candidate> {
        let all = candidates.len();
        let mut is_known = self.is_known.into_iter();
        candidates.retain(|_| is_known.next() == Some(false));
        imported.known += all - candidates.len();
        imported.known_without_order += self.without_order;
        candidates
    }
}

/// Finds which candidates were recorded already.
pub(super) fn find(
    connection: &Connection,
    webhook: i64,
    candidates: &[Candidate],
    search: Search,
    among: Among<'_>,
) -> Result<Found> {
    let around = search.tolerance.max(search.window);
    let mut recorded = Recorded::read(connection, webhook, candidates, around, among)?;
    let mut is_known = vec![false; candidates.len()];
    let mut without_order = 0;
    let is_copy =
        |one: &usize, other: &usize| candidates[*one].fingerprint == candidates[*other].fingerprint;
    for places in recorded.copies.chunk_by(is_copy) {
        let fingerprint = &candidates[places[0]].fingerprint;
        let mut copies = Copies {
            candidates,
            places,
            recorded: of_fingerprint(&mut recorded.alerts, fingerprint),
            is_known: &mut is_known,
        };
        without_order += copies.recognise(search.tolerance);
        // Within less, equal alerts are fills of one bar, and none is a resend.
        if search.window >= FILLS_OF_ONE_BAR {
            copies.recognise_resends(search.window);
        }
    }
    drop(recorded);
    repeated_ids(connection, webhook, candidates, &mut is_known)?;
    Ok(Found {
        is_known,
        without_order,
    })
}

/// An alert in the database.
struct Earlier {
    fingerprint: Fingerprint,
    time: Timestamp,
    made_order: bool,
}

/// The alerts in the database that those of a file could be. Both are sorted rather than
/// hashed, for a file of 200,000 different messages would have as many lists.
struct Recorded {
    /// By their fingerprints, and then by their time.
    alerts: Vec<Earlier>,
    /// Places of the candidates by their fingerprints, and then by their time.
    copies: Vec<usize>,
}

/// Those of a fingerprint.
fn of_fingerprint<'a>(alerts: &'a mut [Earlier], fingerprint: &Fingerprint) -> &'a mut [Earlier] {
    let first = alerts.partition_point(|earlier| earlier.fingerprint < *fingerprint);
    let alerts = &mut alerts[first..];
    let last = alerts.partition_point(|earlier| earlier.fingerprint == *fingerprint);
    &mut alerts[..last]
}

impl Recorded {
    fn read(
        connection: &Connection,
        webhook: i64,
        candidates: &[Candidate],
        around: SignedDuration,
        among: Among<'_>,
    ) -> Result<Self> {
        let mut copies: Vec<usize> = (0..candidates.len()).collect();
        // They are in the order of time.
        copies.sort_unstable_by(|one, other| {
            let of = |place: usize| &candidates[place].fingerprint;
            of(*one).cmp(of(*other)).then(one.cmp(other))
        });
        let mut alerts = Vec::new();
        let (Some(first), Some(last)) = (candidates.first(), candidates.last()) else {
            return Ok(Self { alerts, copies });
        };
        // A resend is no second alert; TradingView's log has one line for both.
        let mut select = connection.prepare_cached(
            "SELECT e.received_at, e.payload, EXISTS (SELECT 1 FROM orders o WHERE o.id = e.id),
                 e.fingerprint, e.id
             FROM events e WHERE e.webhook_id = ?1
                 AND (e.received_at BETWEEN ?2 AND ?3 OR e.signal_time BETWEEN ?5 AND ?6)
                 AND e.source IN ('webhook', 'imported', 'reprocessed', 'adjustment') AND e.status <> ?4
             ORDER BY e.received_at, e.id",
        )?;
        let from = first.time.saturating_sub(around).unwrap_or(first.time);
        let to = last.time.saturating_add(around).unwrap_or(last.time);
        let own_times = || candidates.iter().filter_map(|candidate| candidate.own_time);
        let mut rows = select.query(params![
            webhook,
            to_micros(from),
            to_micros(to),
            EventStatus::Duplicate.as_str(),
            own_times().min().map(to_micros),
            own_times().max().map(to_micros),
        ])?;
        while let Some(row) = rows.next()? {
            if !among.has(EventId(row.get(4)?)) {
                continue;
            }
            let of_forgotten: Option<Fingerprint> = row.get(3)?;
            let payload = row.get_ref(1)?.as_bytes().unwrap_or_default();
            let fingerprint = of_forgotten.unwrap_or_else(|| fingerprint(payload));
            let place = |place: &usize| candidates[*place].fingerprint.cmp(&fingerprint);
            if copies.binary_search_by(place).is_ok() {
                alerts.push(Earlier {
                    fingerprint,
                    time: timestamp(row, 0)?,
                    made_order: row.get(2)?,
                });
            }
        }
        alerts.sort_by_key(|earlier| earlier.fingerprint);
        Ok(Self { alerts, copies })
    }
}

/// The copies of one message: in the file, and in the database.
struct Copies<'a> {
    candidates: &'a [Candidate],
    /// Their places among the candidates, in the order of time.
    places: &'a [usize],
    recorded: &'a mut [Earlier],
    /// Which candidates were recorded already.
    is_known: &'a mut [bool],
}

impl Copies<'_> {
    /// Marks those that were recorded already: each recorded alert is one
    /// candidate at most, and has its time from then on, for it arrived later by the
    /// time that its delivery took. Returns how many of them made no order.
    fn recognise(&mut self, tolerance: SignedDuration) -> usize {
        if self.recorded.is_empty() {
            return 0;
        }
        let in_file = || self.places.iter().map(|place| &self.candidates[*place]);
        let times: Vec<Timestamp> = in_file().map(|candidate| candidate.time).collect();
        let recorded: Vec<Timestamp> = self.recorded.iter().map(|earlier| earlier.time).collect();
        // The same message has the same time of its own.
        let tolerance = if in_file().all(|candidate| candidate.own_time.is_some()) {
            SignedDuration::MAX
        } else {
            tolerance
        };
        let mut without_order = 0;
        for (index, place) in matching::pairs(&times, &recorded, tolerance) {
            self.is_known[self.places[index]] = true;
            self.recorded[place].time = times[index];
            without_order += usize::from(!self.recorded[place].made_order);
        }
        without_order
    }

    /// Marks those that are sent again, as they would be if they arrived: the bytes of
    /// one that made or makes an order, at least three seconds from it and within the
    /// webhook's window. A file of what another receiver was sent has them too, and has
    /// the first where the one that was recorded is the second.
    fn recognise_resends(&mut self, window: SignedDuration) {
        if self.places.len() + self.recorded.len() < 2 {
            return;
        }
        let accepted = self.recorded.iter().filter(|earlier| earlier.made_order);
        let mut originals: Vec<Timestamp> = accepted.map(|earlier| earlier.time).collect();
        originals.sort_unstable();
        for place in self.places {
            let candidate = &self.candidates[*place];
            if self.is_known[*place] || !candidate.tells_resends {
                continue;
            }
            let at = |distance: SignedDuration| {
                let time = candidate.time.saturating_add(distance);
                time.unwrap_or(candidate.time)
            };
            let near = FILLS_OF_ONE_BAR;
            let within = |least: Timestamp, most: Timestamp| {
                let first = originals.partition_point(|time| *time < least);
                originals.get(first).is_some_and(|time| *time <= most)
            };
            if within(at(-window), at(-near)) || within(at(near), at(window)) {
                self.is_known[*place] = true;
            } else {
                let next = originals.partition_point(|time| *time <= candidate.time);
                originals.insert(next, candidate.time);
            }
        }
    }
}

/// Marks those whose own `id` made an order already, or is in the file before,
/// within the time that an `id` is remembered.
fn repeated_ids(
    connection: &Connection,
    webhook: i64,
    candidates: &[Candidate],
    is_known: &mut [bool],
) -> Result<()> {
    let mut exists = connection.prepare_cached(
        "SELECT 1 FROM orders WHERE webhook_id = ?1 AND idempotency_key = ?2
             AND received_at >= ?3 AND received_at <= ?4",
    )?;
    let mut seen: HashMap<&str, Timestamp> = HashMap::new();
    for (candidate, is_known) in candidates.iter().zip(is_known) {
        let Some(id) = &candidate.idempotency_key else {
            continue;
        };
        let before = candidate.time.saturating_sub(IDEMPOTENCY_WINDOW);
        let after = candidate.time.saturating_add(IDEMPOTENCY_WINDOW);
        let (from, to) = (
            before.unwrap_or(Timestamp::MIN),
            after.unwrap_or(Timestamp::MAX),
        );
        let was_before = seen.get(&**id).is_some_and(|time| *time >= from);
        *is_known |=
            was_before || exists.exists(params![webhook, id, to_micros(from), to_micros(to)])?;
        seen.insert(id, candidate.time);
    }
    Ok(())
}
