//! Lets half a year of alerts arrive: each at its own time, through the same
//! ingestion as any other, in one transaction.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::store::Connection;
use jiff::{SignedDuration, Timestamp};

use super::different::{Different, Files};
use super::strategy::StrategyOrder;
use super::{Address, Market, backtest, mistakes};
use crate::desk::imports::{Reading, new_backtest};
use crate::domain::webhook::{WebhookId, WebhookState};
use crate::imports::trades::terms::StatedTerms;
use crate::ingest::{Clock, Ingest, RateLimit, Recorder, Registry};
use crate::journal;
use crate::journal::deliveries::{Delivery, Recorded, record};
use crate::store::backtests;
use crate::store::rejections::{self, Rejection};
use crate::store::webhooks::{self, WebhookChange};
use crate::store::{DATABASE_FILE, Memory, Result, StoreError, WriteContext, open_for_writing};

/// Length of the demo's history.
const LENGTH: SignedDuration = SignedDuration::from_hours(182 * 24);

/// Time before now at which the newcomer's evening began.
const EVENING: SignedDuration = SignedDuration::from_hours(52);

/// Every so many orders of a strategy TradingView does not see our answer, and sends again.
const RESENT: usize = 41;

/// Of the strategy that loses an alert: which one, counted from the last.
const LOST: usize = 5;

/// Addresses that TradingView sends from.
pub(super) const TRADINGVIEW: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(52, 89, 214, 238)),
    IpAddr::V4(Ipv4Addr::new(34, 212, 75, 30)),
    IpAddr::V4(Ipv4Addr::new(54, 218, 53, 128)),
    IpAddr::V4(Ipv4Addr::new(52, 32, 178, 7)),
];

/// Opening of the demo's first bar: on a full hour.
pub(super) fn begin(now: Timestamp) -> Timestamp {
    let hour = (now - LENGTH).as_second().div_euclid(3600) * 3600;
    // An hour within the range of a time that is in it.
    Timestamp::from_second(hour).unwrap_or(now)
}

/// A message on its way.
pub(super) struct Sent {
    pub(super) time: Timestamp,
    pub(super) webhook: String,
    pub(super) message: String,
    pub(super) address: IpAddr,
}

/// Lets everything arrive that was sent until `now`.
///
/// # Errors
///
/// What keeps the database from being written.
pub(super) async fn write(
    directory: &Path,
    markets: &mut [Market],
    newcomer: &Address,
    now: Timestamp,
) -> Result<()> {
    let evening = now - EVENING;
    let mut sent: Vec<Sent> = Vec::new();
    let mut states: Vec<(Timestamp, WebhookId, WebhookState)> = Vec::new();
    let mut tested: Vec<DemoBacktest> = Vec::new();
    let mut files: Option<Files> = None;
    for market in markets.iter_mut() {
        let orders = market
            .strategy
            .orders_until(now - SignedDuration::from_secs(10));
        if market.profile.differs {
            let different = Different::of(market, &orders);
            tested.extend(different.earlier_export());
            states.extend(different.pause());
            sent.extend(different.alerts());
            files = Some(different.files());
        } else {
            sent.extend(alerts(market, &orders));
        }
        if market.profile.is_tested {
            tested.push(DemoBacktest::of(market, &orders, now));
        }
    }
    let stock = markets
        .iter()
        .find(|market| market.profile.ticker.ends_with(":AAPL"));
    let price = stock.map_or_else(|| "212.40".to_owned(), |market| market.strategy.price());
    let by_newcomer = |(time, message)| Sent {
        time,
        webhook: newcomer.id.to_string(),
        message,
        address: mistakes::HOME,
    };
    sent.extend(
        mistakes::evening(evening, &newcomer.key, &price)
            .into_iter()
            .map(by_newcomer),
    );
    let late = mistakes::after_the_pause(evening, &newcomer.key, &price);
    let pause = late.first().map_or(now, |(time, _)| *time);
    states.push((pause, newcomer.id.clone(), WebhookState::Paused));
    states.sort_by_key(|(time, ..)| *time);
    sent.extend(late.into_iter().map(by_newcomer));
    sent.sort_by_key(|sent| sent.time);

    let playback = Playback::open(directory, begin(now))?;
    let mut delivered = 0;
    for (time, webhook, state) in &states {
        let until = sent.partition_point(|sent| sent.time < *time);
        playback.deliver(&sent[delivered..until]).await?;
        playback.set_state(webhook, *state)?;
        delivered = until;
    }
    playback.deliver(&sent[delivered..]).await?;
    for tested in &tested {
        playback.keep_backtest(tested)?;
    }
    playback.commit()?;
    match files {
        Some(files) => files.bring_in(directory, now).await,
        None => Ok(()),
    }
}

/// A list of trades, and when it was brought in.
pub(super) struct DemoBacktest {
    address: Address,
    name: String,
    list: String,
    at: Timestamp,
}

impl DemoBacktest {
    /// The list of a strategy's orders.
    pub(super) fn of(market: &Market, orders: &[StrategyOrder], at: Timestamp) -> Self {
        Self {
            address: market.address.clone(),
            name: backtest::file_name(market.profile),
            list: backtest::list_of_trades(market.profile, orders),
            at,
        }
    }
}

/// The alerts of a strategy, with the resends and the loss that the demo shows.
fn alerts(market: &Market, orders: &[StrategyOrder]) -> Vec<Sent> {
    let is_pyramid = market.profile.name.ends_with("pyramid");
    let lost = orders.len().checked_sub(LOST).filter(|_| is_pyramid);
    let mut sent = Vec::with_capacity(orders.len() + orders.len() / RESENT);
    let numbered = orders.iter().enumerate();
    for (number, order) in numbered.filter(|(number, _)| Some(*number) != lost) {
        let message = order.message(market.profile, &market.address.key);
        let delay = Duration::from_millis(300 + (number as u64 * 617) % 1_400);
        let times = if number % RESENT == RESENT - 1 { 2 } else { 1 };
        for time in 0..times {
            sent.push(Sent {
                time: order.time + delay + SignedDuration::from_secs(5 * time),
                webhook: market.address.id.to_string(),
                message: message.clone(),
                address: TRADINGVIEW[number % TRADINGVIEW.len()],
            });
        }
    }
    sent
}

/// The past, as if it happened now.
struct Playback {
    diary: Diary,
    clock: PlaybackClock,
    registry: Arc<Registry>,
    ingest: Ingest<Diary, PlaybackClock>,
}

impl Playback {
    fn open(directory: &Path, begin: Timestamp) -> Result<Self> {
        let connection = open_for_writing(&directory.join(DATABASE_FILE))?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let registry = Arc::new(Registry::default());
        let clock = PlaybackClock::at(begin);
        let diary = Diary(Arc::new(Mutex::new(Pages {
            connection,
            memory: Memory::default(),
        })));
        let ingest = Ingest::new(
            Arc::clone(&registry),
            diary.clone(),
            clock.clone(),
            RateLimit::default(),
        );
        let playback = Self {
            diary,
            clock,
            registry,
            ingest,
        };
        playback.take_up_webhooks()?;
        Ok(playback)
    }

    fn take_up_webhooks(&self) -> Result<()> {
        let pages = self.diary.pages();
        let revision = webhooks::revision(&pages.connection)?;
        self.registry
            .replace(revision, webhooks::list(&pages.connection)?);
        Ok(())
    }

    async fn deliver(&self, sent: &[Sent]) -> Result<()> {
        for Sent {
            time,
            webhook,
            message,
            address,
        } in sent
        {
            self.clock.set(*time);
            let (answer, _) = self
                .ingest
                .receive(webhook, message.as_bytes(), *address)
                .await;
            if answer.status.is_server_error() {
                return Err(StoreError::Unavailable(
                    "the demo's alerts could not be stored, see the log".to_owned(),
                ));
            }
        }
        Ok(())
    }

    fn set_state(&self, webhook: &WebhookId, state: WebhookState) -> Result<()> {
        let change = WebhookChange {
            state: Some(state),
            ..WebhookChange::default()
        };
        self.diary
            .write(|context| journal::webhooks::change(context, webhook, change))?;
        self.take_up_webhooks()
    }

    fn keep_backtest(&self, tested: &DemoBacktest) -> Result<()> {
        let DemoBacktest {
            address,
            name,
            list,
            at,
        } = tested;
        let reading = Reading {
            zone: Some(jiff::tz::TimeZone::UTC),
            file_name: Some(name.clone()),
            stated: StatedTerms::read([None, None, Some(backtest::COMMISSION_TEXT), None])
                .map_err(|error| StoreError::Unavailable(error.to_string()))?,
            ..Reading::default()
        };
        self.diary.write(|context| {
            let settings = webhooks::get(context.connection, &address.id)?.settings;
            let new = new_backtest(list.as_bytes(), &settings, reading, *at).map_err(|error| {
                StoreError::Unavailable(format!("the demo's backtest: {error}"))
            })?;
            backtests::replace(context.connection, &address.id, &new, *at).map(drop)
        })
    }

    fn commit(self) -> Result<()> {
        Ok(self.diary.pages().connection.execute_batch("COMMIT")?)
    }
}

/// Records everything in the one transaction that is open.
#[derive(Clone)]
struct Diary(Arc<Mutex<Pages>>);

struct Pages {
    connection: Connection,
    memory: Memory,
}

impl Diary {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write<T>(&self, work: impl FnOnce(&mut WriteContext<'_>) -> Result<T>) -> Result<T> {
        let Pages { connection, memory } = &mut *self.pages();
        work(&mut WriteContext { connection, memory })
    }
}

impl Recorder for Diary {
    async fn record(&self, delivery: Arc<Delivery>) -> Result<Recorded> {
        self.write(|context| record(context, &delivery))
    }

    async fn reject(&self, webhook: WebhookId, rejection: Rejection) -> Result<()> {
        self.write(|context| rejections::insert(context.connection, &webhook, &rejection))
    }
}

/// A clock that shows what it is set to.
#[derive(Clone)]
struct PlaybackClock {
    begin: Timestamp,
    microsecond: Arc<AtomicI64>,
}

impl PlaybackClock {
    fn at(begin: Timestamp) -> Self {
        let microsecond = Arc::new(AtomicI64::new(begin.as_microsecond()));
        Self { begin, microsecond }
    }

    fn set(&self, time: Timestamp) {
        self.microsecond
            .store(time.as_microsecond(), Ordering::Relaxed);
    }
}

impl Clock for PlaybackClock {
    fn now(&self) -> Timestamp {
        let microsecond = self.microsecond.load(Ordering::Relaxed);
        // It came out of a timestamp.
        Timestamp::from_microsecond(microsecond).unwrap_or(self.begin)
    }

    fn elapsed(&self) -> Duration {
        self.now().duration_since(self.begin).unsigned_abs()
    }
}
