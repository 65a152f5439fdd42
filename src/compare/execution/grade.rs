//! The grade of an execution: 40 % match rate, 30 % latency, 30 % slippage, each from 0 to
//! 100 by steps that are said, and what would raise it most.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::event::text_enum;

text_enum! {
    /// The grade of an execution.
    Letter, "grade" {
        /// At least 90 points.
        A = "A",
        /// At least 80.
        B = "B",
        /// At least 70.
        C = "C",
        /// At least 60.
        D = "D",
        /// Less.
        F = "F",
    }
}

impl Letter {
    /// Points from which on, the best first.
    const FROM: [(Self, f64); 5] = [
        (Self::A, 90.0),
        (Self::B, 80.0),
        (Self::C, 70.0),
        (Self::D, 60.0),
        (Self::F, 0.0),
    ];

    fn of(points: f64) -> Self {
        let found = Self::FROM.iter().find(|(_, from)| points >= *from);
        found.map_or(Self::F, |(letter, _)| *letter)
    }

    /// The next better grade and its points.
    fn better(self) -> Option<(Self, f64)> {
        let place = Self::FROM.iter().position(|(letter, _)| *letter == self)?;
        Self::FROM.get(place.checked_sub(1)?).copied()
    }
}

/// The whole in a letter.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grade {
    /// The letter.
    pub letter: Letter,
    /// Points out of 100; parts that are not known do not count.
    pub points: f64,
    /// Its parts.
    pub parts: Vec<GradePart>,
    /// The step that would raise it most.
    pub advice: String,
}

/// A part of the grade.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GradePart {
    /// `match rate`, `latency` or `slippage`.
    pub name: &'static str,
    /// Its share of the grade in percent.
    pub weight: f64,
    /// The figure that it goes by; null where that is not known.
    pub value: Option<f64>,
    /// `%`, `s` or `bp`.
    pub unit: &'static str,
    /// Points out of 100; null where the figure is not known.
    pub points: Option<f64>,
    /// Figures and their points; between two the points are in proportion.
    pub steps: Vec<GradeStep>,
}

/// A figure and its points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GradeStep {
    /// The figure.
    pub value: f64,
    /// Its points.
    pub points: f64,
}

/// Figures and their points, from the best to the worst.
type Steps = &'static [(f64, f64)];

const MATCH_RATE: Steps = &[
    (100.0, 100.0),
    (99.0, 95.0),
    (95.0, 80.0),
    (80.0, 40.0),
    (60.0, 0.0),
];
const LATENCY: Steps = &[
    (0.2, 100.0),
    (0.5, 95.0),
    (1.0, 90.0),
    (2.0, 75.0),
    (5.0, 50.0),
    (15.0, 20.0),
    (60.0, 0.0),
];
const SLIPPAGE: Steps = &[
    (0.0, 100.0),
    (1.0, 95.0),
    (5.0, 80.0),
    (10.0, 60.0),
    (25.0, 30.0),
    (50.0, 0.0),
];

impl Grade {
    /// The grade of a match rate in percent, a latency in seconds and an execution slippage in
    /// basis points.
    #[must_use]
    pub fn of(match_rate: f64, latency: Option<f64>, slippage: Option<f64>) -> Self {
        let parts = vec![
            GradePart::of("match rate", 40.0, "%", Some(match_rate), MATCH_RATE),
            GradePart::of("latency", 30.0, "s", latency, LATENCY),
            GradePart::of("slippage", 30.0, "bp", slippage, SLIPPAGE),
        ];
        let known = || {
            parts
                .iter()
                .filter_map(|part| Some((part.weight, part.points?)))
        };
        let weights: f64 = known().map(|(weight, _)| weight).sum();
        let points = known().map(|(weight, points)| weight * points).sum::<f64>() / weights;
        let letter = Letter::of(points);
        let advice = advice(&parts, points, letter, weights);
        Self {
            letter,
            points,
            parts,
            advice,
        }
    }
}

impl GradePart {
    fn of(
        name: &'static str,
        weight: f64,
        unit: &'static str,
        value: Option<f64>,
        steps: Steps,
    ) -> Self {
        let step = |(value, points): &(f64, f64)| GradeStep {
            value: *value,
            points: *points,
        };
        Self {
            name,
            weight,
            value,
            unit,
            points: value.map(|value| points_of(value, steps)),
            steps: steps.iter().map(step).collect(),
        }
    }

    /// The figure with so many points.
    fn value_of(&self, points: f64) -> Option<f64> {
        let pair = self.steps.windows(2).find(|pair| {
            let [better, worse] = pair else { return false };
            points <= better.points && points >= worse.points
        })?;
        let (better, worse) = (pair[0], pair[1]);
        let share = (points - worse.points) / (better.points - worse.points);
        Some(worse.value + share * (better.value - worse.value))
    }
}

/// The points of a figure: those of the steps around it, in proportion.
fn points_of(value: f64, steps: Steps) -> f64 {
    let is_rising = steps[0].0 > steps[steps.len() - 1].0;
    let is_beyond = |end: f64| {
        if is_rising {
            value >= end
        } else {
            value <= end
        }
    };
    if is_beyond(steps[0].0) {
        return steps[0].1;
    }
    let pair = steps.windows(2).find(|pair| is_beyond(pair[1].0));
    let Some([(better, most), (worse, least)]) = pair else {
        return 0.0;
    };
    least + (value - worse) / (better - worse) * (most - least)
}

/// The part that costs most points, and what it would have to be for a better grade.
fn advice(parts: &[GradePart], points: f64, letter: Letter, weights: f64) -> String {
    let lost = |part: &GradePart| {
        part.points
            .map(|points| part.weight * (100.0 - points) / weights)
    };
    let costliest = parts
        .iter()
        .filter_map(|part| Some((part, lost(part)?)))
        .max_by(|(_, one), (_, other)| one.total_cmp(other));
    let Some((part, cost)) = costliest.filter(|(_, cost)| *cost >= 1.0) else {
        return "Nothing would raise it much.".to_owned();
    };
    let (name, unit) = (part.name, part.unit);
    let costs = format!("The {name} costs {cost:.0} of 100 points");
    let Some((better, from)) = letter.better() else {
        return costs + ".";
    };
    let needed = part
        .points
        .map(|own| own + (from - points) * weights / part.weight);
    let needed = needed.filter(|needed| *needed <= 100.0);
    match needed.and_then(|needed| part.value_of(needed)) {
        Some(value) => {
            let now = part.value.unwrap_or_default();
            format!(
                "{costs}: at {value:.2} {unit} instead of {now:.2} {unit} the grade would be {better}."
            )
        }
        None => costs + "; it alone does not make a better grade.",
    }
}
