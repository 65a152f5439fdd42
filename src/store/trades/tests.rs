//! Lists of trades: their results, and the rows they read for them.

use super::filter::page;
use rusqlite::types::ToSql;

use super::*;
use crate::domain::book::RouteId;
use crate::domain::event::EventSource;
use crate::journal::scratch::Scratch;
use crate::store::trade_notes::{self, NotesChange};
use jiff::SignedDuration;

/// Three webhooks whose trades in two tickers mix; some came in later, some have tags.
fn traded() -> (Scratch, Vec<WebhookId>) {
    let mut scratch = Scratch::new();
    let webhooks: Vec<WebhookId> = ["one", "two", "three"]
        .map(|name| scratch.webhook(name))
        .into();
    for number in 0..30_u32 {
        let webhook = &webhooks[(number % 3) as usize];
        let ticker = ["A", "A", "A", "B"][(number % 4) as usize];
        let source = if number % 5 == 0 {
            EventSource::Imported
        } else {
            EventSource::Webhook
        };
        for action in ["buy", "buy", "sell"] {
            scratch.event(webhook, ticker, action, source, SignedDuration::ZERO);
        }
        scratch.derive_stale();
    }
    for (number, trade) in all(&scratch).iter().enumerate() {
        let tags = [(2, "even"), (7, "few")];
        let tags = tags.iter().filter(|(of, _)| number % of == 0);
        let tags = Some(tags.map(|(_, tag)| tag.parse().unwrap()).collect());
        let change = NotesChange { notes: None, tags };
        trade_notes::change(&scratch.connection, trade.id(), &change).unwrap();
    }
    (scratch, webhooks)
}

fn all(scratch: &Scratch) -> Vec<StoredTrade> {
    list(&scratch.connection, &TradeFilter::default(), 1000).unwrap()
}

fn is_wanted(filter: &TradeFilter, trade: &StoredTrade) -> bool {
    let time = trade.trade.exit.time;
    let orders = [trade.id().entry, trade.id().exit];
    (filter.webhooks.is_empty() || filter.webhooks.contains(&trade.webhook))
        && filter
            .ticker
            .as_ref()
            .is_none_or(|ticker| trade.trade.ticker.as_str() == ticker)
        && filter
            .is_imported
            .is_none_or(|is_imported| trade.is_imported == is_imported)
        && filter.order.is_none_or(|order| orders.contains(&order))
        && filter
            .tag
            .as_ref()
            .is_none_or(|tag| trade.tags.contains(&tag.as_str().to_owned()))
        && filter.from.is_none_or(|from| time >= from)
        && filter.to.is_none_or(|to| time < to)
}

#[test]
fn every_filter_finds_what_it_asks_for_page_by_page() {
    let (scratch, webhooks) = traded();
    let all = all(&scratch);
    assert_eq!(all.len(), 30);
    let middle = Some(all[15].trade.exit.time);
    for mut number in 0..648_usize {
        let mut pick = |options: usize| {
            let picked = number % options;
            number /= options;
            picked
        };
        let some = [vec![], vec![webhooks[1].clone()], webhooks[..2].to_vec()];
        let tag = [None, Some("even"), Some("few"), Some("none")][pick(4)];
        let (from, to) = [(None, None), (middle, None), (None, middle)][pick(3)];
        let mut filter = TradeFilter {
            book: Book::Alerts,
            webhooks: some[pick(3)].clone(),
            ticker: [None, Some("B"), Some("C")][pick(3)].map(str::to_owned),
            is_imported: [None, Some(true), Some(false)][pick(3)],
            order: [None, Some(all[3].id().entry)][pick(2)],
            tag: tag.map(|tag| tag.parse().unwrap()),
            from,
            to,
            before: None,
        };
        let wanted = all.iter().filter(|trade| is_wanted(&filter, trade));
        let wanted: Vec<TradeId> = wanted.map(StoredTrade::id).collect();
        for wanted in wanted.chunks(4).chain([&[][..]]) {
            let page = list(&scratch.connection, &filter, 4).unwrap();
            let found: Vec<TradeId> = page.iter().map(StoredTrade::id).collect();
            assert_eq!(found, wanted, "{filter:?}");
            filter.before = page.last().map(|last| TradePlace {
                id: last.id(),
                exit_time: last.trade.exit.time,
            });
        }
    }
}

#[test]
fn no_list_of_few_trades_reads_all_of_them() {
    let (scratch, webhooks) = traded();
    let filters = [
        TradeFilter {
            webhooks: vec![webhooks[0].clone()],
            ..TradeFilter::default()
        },
        TradeFilter {
            ticker: Some("B".to_owned()),
            ..TradeFilter::default()
        },
        TradeFilter {
            order: Some(OrderId(3)),
            ..TradeFilter::default()
        },
        TradeFilter {
            tag: Some("few".parse().unwrap()),
            ..TradeFilter::default()
        },
        TradeFilter {
            book: Book::Backtest,
            webhooks: vec![webhooks[0].clone()],
            ticker: Some("B".to_owned()),
            ..TradeFilter::default()
        },
    ];
    for filter in filters {
        let (sql, values) = page(&scratch.connection, &filter, 10).unwrap();
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
        let mut explain = scratch.connection.prepare(&sql).unwrap();
        let steps = explain
            .query_map(values.as_slice(), |row| row.get(3))
            .unwrap();
        let steps: Vec<String> = steps.collect::<rusqlite::Result<_>>().unwrap();
        let is_scan = |step: &String| {
            ["SCAN t", "SCAN g", "SCAN o", "SCAN l"]
                .iter()
                .any(|scan| step.starts_with(scan))
        };
        assert!(!steps.iter().any(is_scan), "{steps:?}");
    }
}

/// A trade of a book whose orders have any numbers, those of another one's, too.
fn put(scratch: &Scratch, key: &LedgerKey, like: &StoredTrade, orders: [i64; 2]) {
    let Trade { entry, exit, .. } = &like.trade;
    let leg = |leg, order| NewLeg {
        order: OrderId(order),
        ..NewLeg::of(leg)
    };
    let new = NewTrade {
        place: 1,
        direction: like.trade.direction,
        quantity: like.trade.quantity,
        entry: leg(entry, orders[0]),
        exit: leg(exit, orders[1]),
        point_value: like.trade.point_value,
        contract: None,
        commission: like.trade.commission,
        entry_commission: None,
        net_profit: Decimal::from(1000),
        excursions: Excursions::default(),
    };
    insert(&scratch.connection, key, &new).unwrap();
}

#[test]
fn the_books_of_a_webhook_do_not_know_of_each_other() {
    let (mut scratch, webhooks) = traded();
    let alerts = all(&scratch);
    let totals = |scratch: &Scratch| {
        trade_notes::totals(&scratch.connection, &TradeFilter::default()).unwrap()
    };
    let made = |scratch: &Scratch, book| {
        let filter = TradeFilter {
            book,
            ..TradeFilter::default()
        };
        net_profit(&scratch.connection, &filter).unwrap()
    };
    let (tagged, profit) = (totals(&scratch), made(&scratch, Book::Alerts));
    // Trades of other books, with the very orders of trades of alerts.
    let fills = Book::Route(RouteId(1));
    let key = |book| LedgerKey {
        webhook: 1,
        book,
        instrument: "A".parse().unwrap(),
    };
    let id = alerts[0].id();
    for book in [Book::Backtest, fills] {
        put(&scratch, &key(book), &alerts[0], [id.entry.0, id.exit.0]);
        assert_eq!(made(&scratch, book), Decimal::from(1000));
    }
    put(&scratch, &key(Book::Backtest), &alerts[0], [3, 3]);

    assert_eq!(made(&scratch, Book::Alerts), profit);
    assert_eq!(totals(&scratch), tagged);
    let ids = |trades: &[StoredTrade]| trades.iter().map(StoredTrade::id).collect::<Vec<_>>();
    assert_eq!(ids(&all(&scratch)), ids(&alerts));
    let by_order = TradeFilter {
        order: Some(OrderId(3)),
        ..TradeFilter::default()
    };
    let found = list(&scratch.connection, &by_order, 10).unwrap();
    assert!(found.iter().all(|trade| trade.book == Book::Alerts));
    // None of another book has what the owner said of a trade of alerts.
    let twin = get(&scratch.connection, TradeId { book: fills, ..id }).unwrap();
    assert!(twin.tags.is_empty() && !twin.is_imported);

    // Deriving the ledgers of alerts again leaves the other books alone.
    scratch.memory.forget();
    crate::store::ledgers::mark_stale(&scratch.connection, None).unwrap();
    scratch.derive_stale();
    assert_eq!(ids(&all(&scratch)), ids(&alerts));
    assert_eq!(made(&scratch, fills), Decimal::from(1000));
    assert_eq!(made(&scratch, Book::Backtest), Decimal::from(2000));

    // A deleted webhook leaves nothing in any book.
    let now = Timestamp::UNIX_EPOCH;
    for webhook in &webhooks {
        crate::store::webhooks::delete(&scratch.connection, webhook, now).unwrap();
    }
    while crate::store::webhooks::purge(&scratch.connection, 1000).unwrap() {}
    let count = "SELECT count(*) FROM trades";
    let left: i64 = scratch
        .connection
        .query_row(count, [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}
