//! Profit by weekday, hour, ticker, signal and duration.

use serde::Serialize;

use crate::analytics::exact::Scale;
use crate::analytics::local_time::weekday_of;
use crate::analytics::table::TradeTable;
use crate::domain::money::Decimal;

/// Tickers or signals that are told apart; the rest is told as one.
const MOST_GROUPS: usize = 100;

/// Lower bounds of the steps of duration, in seconds: a minute, 5, 15, an hour, 4, a day, 3, a
/// week, 30 days.
const DURATION_STEPS: [u32; 10] = [
    0, 60, 300, 900, 3_600, 14_400, 86_400, 259_200, 604_800, 2_592_000,
];

/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// The profit of some trades.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Profit {
    /// Number of closed trades.
    pub trades: usize,
    /// Number of those with a profit above 0.
    pub winning_trades: usize,
    /// Sum of their profit after commission.
    #[schema(value_type = String)]
    pub net_profit: Decimal,
}

/// The profit of the trades that closed on one weekday.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WeekdayProfit {
    /// 1 for Monday to 7 for Sunday.
    pub weekday: usize,
    /// Their profit.
    #[serde(flatten)]
    pub profit: Profit,
}

/// The profit of the trades that closed in one hour of the day.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HourProfit {
    /// 0 to 23.
    pub hour: usize,
    /// Their profit.
    #[serde(flatten)]
    pub profit: Profit,
}

/// The profit of the trades of one ticker or signal.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamedProfit {
    /// The ticker or signal; `null` for entries without a signal.
    pub name: Option<String>,
    /// Their profit.
    #[serde(flatten)]
    pub profit: Profit,
}

/// Profit by name: those with the most trades first, then by name.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Groups {
    /// At most 100 of them.
    pub groups: Vec<NamedProfit>,
    /// All others together; `null` where there are none.
    pub others: Option<Profit>,
}

/// The profit of trades within one step of duration.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DurationProfit {
    /// Shortest time from entry to exit in seconds.
    pub from_seconds: u32,
    /// Time that is too long for the step; `null` for the last one.
    pub to_seconds: Option<u32>,
    /// Their profit.
    #[serde(flatten)]
    pub profit: Profit,
}

/// Adds up a [`Profit`] in units.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    trades: usize,
    winning: usize,
    profit: i128,
}

impl Tally {
    /// The next trade's profit.
    pub(super) fn add(&mut self, profit: i128) {
        self.trades += 1;
        self.winning += usize::from(profit > 0);
        self.profit += profit;
    }

    fn merge(mut self, other: &Self) -> Self {
        self.trades += other.trades;
        self.winning += other.winning;
        self.profit += other.profit;
        self
    }

    /// The sums as the report gives them.
    pub(super) fn written_out(&self, scale: Scale) -> Profit {
        Profit {
            trades: self.trades,
            winning_trades: self.winning,
            net_profit: scale.money(self.profit),
        }
    }
}

/// The breakdowns that one pass over the trades makes.
pub(super) struct Split {
    pub weekdays: Vec<WeekdayProfit>,
    pub hours: Vec<HourProfit>,
    pub tickers: Groups,
    pub signals: Groups,
    pub durations: Vec<DurationProfit>,
}

/// Splits all trades by weekday, hour, ticker, signal and duration.
pub(super) fn split(table: &TradeTable<'_>) -> Split {
    let mut weekdays = [Tally::default(); 7];
    let mut hours = [Tally::default(); 24];
    let mut durations = [Tally::default(); DURATION_STEPS.len()];
    let mut tickers = vec![Tally::default(); table.tickers.len()];
    let mut signals = vec![Tally::default(); table.signals.len()];
    for row in &table.rows {
        // A remainder by 7 is an index of seven.
        let weekday = usize::try_from(weekday_of(i64::from(row.exit_day))).unwrap_or(0);
        weekdays[weekday].add(row.profit);
        hours[usize::from(row.exit_hour)].add(row.profit);
        durations[duration_step(row.duration())].add(row.profit);
        tickers[row.ticker as usize].add(row.profit);
        signals[row.signal as usize].add(row.profit);
    }
    let scale = table.scale;
    let numbered = |tallies: &[Tally]| -> Vec<(usize, Profit)> {
        let profits = tallies.iter().map(|tally| tally.written_out(scale));
        profits.enumerate().collect()
    };
    let weekdays = numbered(&weekdays).into_iter();
    let hours = numbered(&hours).into_iter();
    let durations = numbered(&durations).into_iter();
    Split {
        weekdays: weekdays
            .map(|(day, profit)| WeekdayProfit {
                weekday: day + 1,
                profit,
            })
            .collect(),
        hours: hours
            .map(|(hour, profit)| HourProfit { hour, profit })
            .collect(),
        tickers: groups(&table.tickers, &tickers, scale),
        signals: groups(&table.signals, &signals, scale),
        durations: durations
            .map(|(step, profit)| DurationProfit {
                from_seconds: DURATION_STEPS[step],
                to_seconds: DURATION_STEPS.get(step + 1).copied(),
                profit,
            })
            .collect(),
    }
}

/// The step that a duration in microseconds, 0 or more, belongs to.
fn duration_step(duration: i64) -> usize {
    let longer = DURATION_STEPS[1..]
        .iter()
        .take_while(|from| duration >= i64::from(**from) * SECOND);
    longer.count()
}

fn groups(names: &[Option<&str>], tallies: &[Tally], scale: Scale) -> Groups {
    let mut ranked: Vec<_> = names.iter().zip(tallies).collect();
    ranked.sort_unstable_by_key(|(name, tally)| (std::cmp::Reverse(tally.trades), **name));
    let (shown, rest) = ranked.split_at(ranked.len().min(MOST_GROUPS));
    let groups = shown.iter().map(|(name, tally)| NamedProfit {
        name: name.map(str::to_owned),
        profit: tally.written_out(scale),
    });
    let others = rest
        .iter()
        .fold(Tally::default(), |sum, (_, tally)| sum.merge(tally));
    Groups {
        groups: groups.collect(),
        others: (!rest.is_empty()).then(|| others.written_out(scale)),
    }
}
