//! The common part of both comparisons: the matching, the causes, the bridge, the figures and the
//! rows. How books are read, and what is said of them first, differs.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::applied::{self, Attempt};
use super::position::OtherPosition;
use super::rows::{Rows, ShownBook, is_imported};
use super::{
    CauseCount, Compared, Comparison, ComparisonFilter, ComparisonVerdict, LegCounts,
    SuggestedPrice, SuggestedShift, With, causes, counts, verdict,
};
use crate::compare::scale::Until;
use crate::compare::tolerance::{Cost, Point, micros};
use crate::compare::{
    Bridge, Causes, Drift, Evidence, Execution, Leg, Matching, Rate, Scale, Shift, Tolerance,
    TradeLegs, matched, matching,
};
use crate::domain::order::OrderId;
use crate::domain::signal::Ticker;
use crate::store::Result;

/// Two books, read and ready to be laid over each other.
pub(super) struct Pair<'a> {
    pub(super) ticker: &'a Ticker,
    /// Currency of the second book's profit.
    pub(super) currency: &'a str,
    /// Currency of the first book's.
    pub(super) first_currency: &'a str,
    /// The position that TradingView states in place of the alerts' own.
    pub(super) position: Option<&'a OtherPosition>,
    pub(super) books: [ShownBook; 2],
    pub(super) tolerance: Tolerance,
    pub(super) evidence: &'a Evidence,
    /// The range that was asked for.
    pub(super) range: (Option<Timestamp>, Option<Timestamp>),
    /// The trades of both books with their legs; `None` where their currencies differ.
    pub(super) trades: Option<[Vec<TradeLegs>; 2]>,
    /// Orders of the second book whose alert was brought in later.
    pub(super) imported: HashSet<OrderId>,
    pub(super) notes: Vec<String>,
}

/// Findings on a pair, before anything is said of it.
pub(super) struct PairFindings<'a> {
    pub(super) books: &'a [ShownBook; 2],
    pub(super) matching: &'a Matching,
    pub(super) rate: &'a Rate,
    pub(super) legs: &'a LegCounts,
    pub(super) drift: &'a Drift,
    /// Pairs whose second leg is late.
    pub(super) late: usize,
    pub(super) bridge: Option<&'a Bridge>,
    pub(super) currency: &'a str,
    pub(super) first_currency: &'a str,
    pub(super) position: Option<&'a OtherPosition>,
    pub(super) bar: SignedDuration,
    pub(super) shift: Option<Shift>,
    pub(super) causes: &'a [CauseCount],
}

impl Pair<'_> {
    /// Match rate; `None` where they cover no time together.
    pub(super) fn rate(&self, filter: &ComparisonFilter) -> Option<Rate> {
        let (legs, shift) = (self.legs(), filter.shift.constant());
        let mut found = matched(legs[0], legs[1], &self.tolerance, shift);
        found.restrict(legs, shift, self.range);
        Rate::of(&found)
    }

    /// Lays one over the other; `None` where they cover no time together. `attempt` makes the
    /// comparison another way, and `verdict` says what was found, and what a broker made of the
    /// alerts.
    pub(super) fn compared(
        mut self,
        filter: &ComparisonFilter,
        attempt: Attempt<'_>,
        verdict: impl FnOnce(&PairFindings<'_>) -> (ComparisonVerdict, Option<Execution>),
    ) -> Result<Option<Compared>> {
        let (legs, shift) = (self.legs(), filter.shift.constant());
        let mut found = matching(legs[0], legs[1], &self.tolerance, shift);
        found.restrict(legs, shift, self.range);
        let Some((rate, (from, to))) = Rate::of(&found).zip(found.range) else {
            return Ok(None);
        };
        found.suggested_scale = found.suggested_scale.filter(|scale| self.has_both(scale));
        applied::proved(&mut found, &rate, filter, attempt)?;
        let named = Causes::of(legs, &found, &self.tolerance, shift, self.evidence);
        let bridge = self
            .trades
            .take()
            .map(|both| Bridge::between(both.each_ref().map(Vec::as_slice), &found, shift));
        let legs = self.legs();
        let counted = counts(&found);
        let imported = found.pairs.iter();
        let imported = imported.filter(|pair| is_imported(&legs[1][pair.second], &self.imported));
        let drift = Drift::of(legs[0], legs[1], &found, shift);
        let of_causes = causes::counted(&found, &named, imported.count());
        let (verdict, execution) = verdict(&PairFindings {
            books: &self.books,
            matching: &found,
            rate: &rate,
            legs: &counted,
            drift: &drift,
            late: self.late(&found, shift),
            bridge: bridge.as_ref(),
            currency: self.currency,
            first_currency: self.first_currency,
            position: self.position,
            bar: self.tolerance.bar,
            shift: found.suggested,
            causes: &of_causes,
        });
        let comparison = Comparison {
            webhook: filter.webhook.clone(),
            with: filter.with,
            ticker: self.ticker.clone(),
            verdict,
            from,
            to,
            bar_seconds: self.tolerance.bar.as_secs(),
            shift_seconds: shift.as_secs(),
            suggested_shift: found.suggested.map(|shift| self.suggested(&shift)),
            suggested_price: found.suggested_scale.as_ref().and_then(SuggestedPrice::of),
            suggested_from: since(filter, &found),
            match_rate: rate,
            legs: counted,
            drift,
            bridge,
            execution,
            currency: self.currency.to_owned(),
            causes: of_causes,
            notes: self.notes,
        };
        let cost = Cost::of(&self.tolerance);
        let rows = Rows::of(self.books, found, named, self.imported, (cost, shift));
        Ok(Some(Compared { comparison, rows }))
    }

    /// A shift as it is proposed; fills are dated by whichever zone their export has.
    fn suggested(&self, shift: &Shift) -> SuggestedShift {
        let is_of_fills = matches!(self.books[1], ShownBook::Fills(_));
        let fits_zones = is_of_fills || verdict::fits_zones(shift, self.tolerance.bar);
        SuggestedShift::of(shift, fits_zones)
    }

    /// False of a factor that ended before the range that is asked for.
    fn has_both(&self, scale: &Scale) -> bool {
        let is_before = |until: Until| self.range.0.is_some_and(|from| until.at <= from);
        !scale.until.is_some_and(is_before)
    }

    fn legs(&self) -> [&[Leg]; 2] {
        self.books.each_ref().map(ShownBook::legs)
    }

    /// The pairs whose second leg is late.
    fn late(&self, found: &Matching, shift: SignedDuration) -> usize {
        let (cost, legs) = (Cost::of(&self.tolerance), self.legs());
        let is_late = |pair: &&crate::compare::Pair| {
            let first = Point::of(&legs[0][pair.first]).later(micros(shift));
            cost.is_late(first, Point::of(&legs[1][pair.second]))
        };
        found.pairs.iter().filter(is_late).count()
    }
}

/// When the prices of a backtest began to differ by another factor, where its times are right.
fn since(filter: &ComparisonFilter, found: &Matching) -> Option<Timestamp> {
    let is_dated_right = filter.with == With::Backtest && found.suggested.is_none();
    let scale = found.suggested_scale.filter(|_| is_dated_right)?;
    Some(scale.until?.at)
}
