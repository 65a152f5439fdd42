//! The broker's execution of alerts, in the terminal.

use std::io::Write;

use crate::cli::output;
use crate::compare::Execution;
use crate::compare::execution::{Grade, Latency, LatencyBand, Slippage};
use crate::domain::currency;
use crate::domain::money::Decimal;

/// Writes slippage, latency, retention and grade.
pub fn write(out: &mut dyn Write, execution: &Execution, code: &str) -> anyhow::Result<()> {
    write_slippage(out, &execution.slippage, code)?;
    write_latency(out, &execution.latency)?;
    if let Some(retention) = execution.retention.filter(|retention| retention.trades > 0) {
        let kept = retention.percent.map_or_else(
            || "not defined, for the alerts' profit is not above zero".to_owned(),
            |percent| format!("{percent:.1} %"),
        );
        writeln!(
            out,
            "Profit retention: {kept}; {} of the alerts, {} of the fills, over {} matched trades",
            money(retention.alerts, code),
            money(retention.fills, code),
            retention.trades
        )?;
    }
    write_grade(out, &execution.grade)
}

fn money(amount: Decimal, code: &str) -> String {
    format!("{} {code}", currency::shown(amount, code))
}

fn points(points: Option<f64>) -> String {
    points.map_or_else(|| "-".to_owned(), |points| format!("{points:.2}"))
}

fn write_slippage(out: &mut dyn Write, slippage: &Slippage, code: &str) -> anyhow::Result<()> {
    let mut rows = vec![vec![
        "slippage".to_owned(),
        slippage.fills.to_string(),
        points(slippage.basis_points),
        money(slippage.money, code),
    ]];
    let parts = [
        ("  setup cost", slippage.setup),
        ("  execution", Some(slippage.execution)),
    ];
    for (name, part) in parts {
        let Some(part) = part else { continue };
        rows.push(vec![
            name.to_owned(),
            part.fills.to_string(),
            points(part.basis_points),
            money(part.money, code),
        ]);
    }
    writeln!(out)?;
    output::figures(
        out,
        &["COST OF FILLS", "LEGS", "BASIS POINTS", "MONEY"],
        &rows,
    )?;
    writeln!(
        out,
        "{} of {} fills are worse than their alert; {} for one contract, half within {} basis points, 95 % within {}",
        slippage.worse,
        slippage.fills,
        slippage.per_contract,
        points(slippage.median),
        points(slippage.p95)
    )?;
    Ok(())
}

fn write_latency(out: &mut dyn Write, latency: &Latency) -> anyhow::Result<()> {
    let parts = [
        ("signal to received", latency.signal_to_received),
        ("received to disk", latency.received_to_disk),
        ("received to filled", latency.received_to_filled),
        ("signal to filled", latency.signal_to_filled),
    ];
    let rows = parts.into_iter().filter_map(|(name, spread)| {
        let spread = spread?;
        Some(vec![
            name.to_owned(),
            spread.n.to_string(),
            format!("{:.3} s", spread.median),
            format!("{:.3} s", spread.p95),
        ])
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    output::figures(out, &["LATENCY", "LEGS", "MEDIAN", "95 % WITHIN"], &rows)?;
    let bands = latency.histogram.iter().map(|band| {
        let LatencyBand { from, below, fills } = band;
        match below {
            Some(below) => format!("{from}-{below} ms: {fills}"),
            None => format!("more: {fills}"),
        }
    });
    let bands: Vec<String> = bands.collect();
    writeln!(out, "{}", bands.join(", "))?;
    match latency.precision_seconds {
        0 => {}
        1 => writeln!(
            out,
            "The broker's times have whole seconds; each is taken for the middle of its second."
        )?,
        seconds => writeln!(
            out,
            "The broker's times have whole {seconds} seconds: they tell no latency."
        )?,
    }
    Ok(())
}

fn write_grade(out: &mut dyn Write, grade: &Grade) -> anyhow::Result<()> {
    let rows = grade.parts.iter().map(|part| {
        let value = part.value.map_or_else(
            || "not known".to_owned(),
            |value| format!("{value:.2} {}", part.unit),
        );
        let steps = part
            .steps
            .iter()
            .map(|step| format!("{}={}", step.value, step.points));
        vec![
            part.name.to_owned(),
            format!("{:.0} %", part.weight),
            value,
            points(part.points),
            steps.collect::<Vec<_>>().join(" "),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    writeln!(out)?;
    output::table(
        out,
        &[
            &format!("GRADE {} ({:.1})", grade.letter, grade.points),
            "WEIGHT",
            "VALUE",
            "POINTS",
            "STEPS",
        ],
        &rows,
    )?;
    writeln!(out, "{}", grade.advice)?;
    Ok(())
}
