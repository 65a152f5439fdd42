//! What the pure parts of an alert's way cost, beside reading the same bytes
//! with `serde_json` alone.

use std::hint::black_box;
use std::time::Duration;

use algohook::domain::format::ReadingRules;
use algohook::domain::webhook::AuthKey;
use algohook::ingest::{RateLimit, SlidingWindow, WINDOW};

use algohook::payload;
use algohook::secrets;
use algohook::templates::Template;
use criterion::{BenchmarkId, Criterion, Throughput};
use jiff::Timestamp;

fn main() {
    let mut criterion = Criterion::default().without_plots().configure_from_args();
    parse(&mut criterion);
    admit(&mut criterion);
    criterion.final_summary();
}

fn parse(criterion: &mut Criterion) {
    let key = AuthKey::generate(secrets::random_bytes).expect("the system has random bytes");
    let standard = Template::Standard.example(&key, Timestamp::now());
    let one_for_all = Template::Strategy.example(&key, Timestamp::now());
    // A comma left over before the last brace: found only at the end.
    let broken = standard.trim_end().trim_end_matches('}').to_owned() + ",}";

    let mut group = criterion.benchmark_group("parse");
    for (name, message) in [
        ("standard", &standard),
        ("one for all", &one_for_all),
        ("broken", &broken),
    ] {
        let bytes = message.as_bytes();
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_with_input(
            BenchmarkId::new("algohook", name),
            bytes,
            |bencher, bytes| {
                bencher.iter(|| payload::parse(black_box(bytes), ReadingRules::AUTO));
            },
        );
        group.bench_with_input(
            BenchmarkId::new("serde_json", name),
            bytes,
            |bencher, bytes| {
                bencher.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(bytes)));
            },
        );
    }
    group.finish();
}

fn admit(criterion: &mut Criterion) {
    let limit = RateLimit::default();
    let mut group = criterion.benchmark_group("limit");
    group.bench_function("admitted", |bencher| {
        let mut window = SlidingWindow::default();
        let mut now = Duration::ZERO;
        bencher.iter(|| {
            now += WINDOW / limit.0.get();
            window.admit(black_box(now), limit)
        });
    });
    group.bench_function("refused", |bencher| {
        let mut window = SlidingWindow::default();
        while window.admit(Duration::ZERO, limit).is_ok() {}
        bencher.iter(|| window.admit(black_box(Duration::ZERO), limit));
    });
    group.finish();
}
