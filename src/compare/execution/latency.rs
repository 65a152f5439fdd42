//! Latency: how long the way from a signal to its fill took, by its parts.
//!
//! TradingView's clock has whole seconds, so that a signal can be up to a second later than it
//! says; a broker's export can have whole seconds or minutes. A time that is told to a second
//! or a minute is taken for the middle of it, and never for one before the alert came.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::Executed;
use crate::analytics::statistics::Sorted;

/// Times between signal, alert and fill.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// From the signal until the alert came.
    pub signal_to_received: Option<Spread>,
    /// From there until it was on disk.
    pub received_to_disk: Option<Spread>,
    /// From when the alert came until the first fill.
    pub received_to_filled: Option<Spread>,
    /// From the signal until the first fill.
    pub signal_to_filled: Option<Spread>,
    /// Fills by the time from when their alert came.
    pub histogram: Vec<LatencyBand>,
    /// Seconds that the coarsest of the fills' times are told to; 0 of finer ones.
    pub precision_seconds: u32,
}

/// The spread of a time, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Spread {
    /// Pairs of which it is known.
    pub n: usize,
    /// The median.
    pub median: f64,
    /// The 95th percentile.
    pub p95: f64,
}

/// A band of the histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LatencyBand {
    /// Milliseconds from which on.
    pub from: u32,
    /// Milliseconds below which; null of the last band.
    pub below: Option<u32>,
    /// Fills in it.
    pub fills: usize,
}

/// Ends of the bands, in milliseconds.
const BANDS: [u32; 4] = [200, 500, 1_000, 2_000];

/// Times that are told to a minute say nothing of how long a fill took.
const A_MINUTE: u32 = 60;

impl Latency {
    /// The latency of pairs.
    #[must_use]
    pub fn of(executed: &[Executed]) -> Self {
        let spread = |between: &dyn Fn(&Executed) -> Option<SignedDuration>| {
            Spread::of(executed.iter().filter_map(between))
        };
        let timely = executed.iter().filter(|one| one.precision < A_MINUTE);
        let timely: Vec<Executed> = timely.copied().collect();
        let filled = |one: &Executed, from: Timestamp| {
            (middle(one).duration_since(from)).max(SignedDuration::ZERO)
        };
        let to_filled = |one: &Executed| Some(filled(one, one.received?));
        Self {
            signal_to_received: spread(&|one| Some(one.received?.duration_since(one.signal?))),
            received_to_disk: spread(&|one| Some(one.on_disk?.duration_since(one.received?))),
            received_to_filled: Spread::of(timely.iter().filter_map(to_filled)),
            signal_to_filled: Spread::of(
                timely
                    .iter()
                    .filter_map(|one| Some(filled(one, fired(one)?))),
            ),
            histogram: histogram(timely.iter().filter_map(to_filled)),
            precision_seconds: executed.iter().map(|one| one.precision).max().unwrap_or(0),
        }
    }

    /// The time to the fill: from when the alert came, else from its signal.
    #[must_use]
    pub fn to_filled(&self) -> Option<Spread> {
        self.received_to_filled.or(self.signal_to_filled)
    }
}

/// Time of a signal: of one in whole seconds the middle of what it can be, which ends where the
/// alert came.
fn fired(one: &Executed) -> Option<Timestamp> {
    let signal = one.signal?;
    if signal.subsec_nanosecond() != 0 {
        return Some(signal);
    }
    let second = SignedDuration::from_secs(1);
    let came = one.received.map(|received| received.duration_since(signal));
    let longest = came.map_or(second, |came| came.clamp(SignedDuration::ZERO, second));
    Some(signal + longest / 2)
}

/// Time of a fill: the middle of what it can be.
fn middle(one: &Executed) -> Timestamp {
    one.filled_at + SignedDuration::from_millis(i64::from(one.precision) * 500)
}

impl Spread {
    fn of(times: impl Iterator<Item = SignedDuration>) -> Option<Self> {
        let seconds = Sorted::of(times.map(|time| time.as_secs_f64()).collect());
        Some(Self {
            n: seconds.len(),
            median: seconds.at(0.5)?,
            p95: seconds.at(0.95)?,
        })
    }
}

fn histogram(times: impl Iterator<Item = SignedDuration>) -> Vec<LatencyBand> {
    let begins = std::iter::once(0).chain(BANDS);
    let ends = BANDS.into_iter().map(Some).chain([None]);
    let mut bands: Vec<LatencyBand> = begins
        .zip(ends)
        .map(|(from, below)| LatencyBand {
            from,
            below,
            fills: 0,
        })
        .collect();
    for time in times {
        let place = BANDS
            .iter()
            .filter(|end| time.as_millis() >= i128::from(**end));
        bands[place.count()].fills += 1;
    }
    bands
}
