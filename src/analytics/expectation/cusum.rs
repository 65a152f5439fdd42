//! The cumulative sum of what trades fall short by (Page 1954): it is drawn, for it shows
//! when a change began, and raises nothing.

use super::Reference;

/// The sum on its way.
#[derive(Debug, Clone)]
pub(super) struct Cusum {
    /// Half way between the expected mean and one without an edge.
    halfway: f64,
    deviation: f64,
    now: f64,
    highest: f64,
}

impl Cusum {
    pub(super) fn against(reference: &Reference) -> Self {
        Self {
            halfway: reference.mean - reference.shift / 2.0,
            deviation: reference.deviation,
            now: 0.0,
            highest: 0.0,
        }
    }

    pub(super) fn add(&mut self, outcome: f64) {
        self.now = (self.now + (self.halfway - outcome) / self.deviation).max(0.0);
        self.highest = self.highest.max(self.now);
    }

    /// In standard deviations of a trade.
    pub(super) fn now(&self) -> f64 {
        self.now
    }

    pub(super) fn highest(&self) -> f64 {
        self.highest
    }
}
