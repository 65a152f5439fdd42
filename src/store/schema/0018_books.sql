-- Every closed trade in one table, whichever book it is of. A book is 0, that of the alerts; 1,
-- TradingView's own list of trades; or below zero, the fills of the route of that number.

DROP INDEX trades_by_exit;
ALTER TABLE trades RENAME TO trades_of_alerts;
CREATE TABLE trades (
    webhook_id        INTEGER NOT NULL,
    book              INTEGER NOT NULL,
    ticker            TEXT    NOT NULL,
    exit_time         INTEGER NOT NULL,
    -- What closed and what opened it. Alerts have orders. A backtest has none: both are the
    -- trade's own number, which no other trade of a backtest has or had.
    exit_order        INTEGER NOT NULL,
    entry_order       INTEGER NOT NULL,
    -- The place of its exit among the orders of its second; in a backtest, its number there.
    place             INTEGER NOT NULL,
    direction         TEXT    NOT NULL,
    quantity          TEXT    NOT NULL,
    entry_time        INTEGER NOT NULL,
    entry_price       TEXT    NOT NULL,
    entry_signal      TEXT,
    exit_price        TEXT    NOT NULL,
    exit_signal       TEXT,
    point_value       TEXT    NOT NULL,
    -- Which way its value follows its price; NULL is as the webhook's settings say.
    contract          TEXT,
    commission        TEXT    NOT NULL,
    -- The entry's part of the commission; NULL where only the whole is known.
    entry_commission  TEXT,
    net_profit        TEXT    NOT NULL,
    -- The largest gain and loss while it was open, and the bars that it was, where a list of
    -- trades has them.
    favorable         TEXT,
    adverse           TEXT,
    bars              INTEGER,
    PRIMARY KEY (webhook_id, book, ticker, exit_time, exit_order, entry_order)
) STRICT, WITHOUT ROWID;

INSERT INTO trades (webhook_id, book, ticker, exit_time, exit_order, entry_order, place, direction, quantity,
        entry_time, entry_price, entry_signal, exit_price, exit_signal, point_value, contract, commission,
        entry_commission, net_profit)
    SELECT webhook_id, 0, ticker, exit_time, exit_order, entry_order, place, direction, quantity,
        entry_time, entry_price, entry_signal, exit_price, exit_signal, point_value, contract, commission,
        entry_commission, net_profit FROM trades_of_alerts;

INSERT INTO trades (webhook_id, book, ticker, exit_time, exit_order, entry_order, place, direction, quantity,
        entry_time, entry_price, entry_signal, exit_price, exit_signal, point_value, commission, net_profit,
        favorable, adverse, bars)
    SELECT b.webhook_id, 1, b.ticker, t.exit_time, t.id, t.id, t.number, t.direction, t.quantity,
        t.entry_time, t.entry_price, t.entry_signal, t.exit_price, t.exit_signal, b.point_value, t.commission,
        t.net_profit, t.favorable, t.adverse, t.bars
    FROM backtest_trades t JOIN backtests b ON b.id = t.backtest_id;

-- The largest number that a trade of a backtest ever had.
ALTER TABLE catalog ADD COLUMN listed_trades INTEGER NOT NULL DEFAULT 0;
UPDATE catalog SET listed_trades =
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'backtest_trades'), 0);

DROP TABLE trades_of_alerts;
DROP TABLE backtest_trades;

-- Trades of a book are listed by the time of their exit, newest first.
CREATE UNIQUE INDEX trades_by_exit ON trades (book, exit_time, exit_order, entry_order);

-- Open lots and ledgers are of a book, too. A backtest has neither: its trades come closed.
ALTER TABLE lots RENAME TO lots_of_alerts;
CREATE TABLE lots (
    webhook_id    INTEGER NOT NULL,
    book          INTEGER NOT NULL,
    ticker        TEXT    NOT NULL,
    number        INTEGER NOT NULL,
    entry_order   INTEGER NOT NULL,
    direction     TEXT    NOT NULL,
    quantity      TEXT    NOT NULL,
    entry_time    INTEGER NOT NULL,
    entry_price   TEXT    NOT NULL,
    entry_signal  TEXT,
    commission    TEXT    NOT NULL,
    PRIMARY KEY (webhook_id, book, ticker, number)
) STRICT, WITHOUT ROWID;

INSERT INTO lots (webhook_id, book, ticker, number, entry_order, direction, quantity, entry_time, entry_price,
        entry_signal, commission)
    SELECT webhook_id, 0, ticker, number, entry_order, direction, quantity, entry_time, entry_price,
        entry_signal, commission FROM lots_of_alerts;
DROP TABLE lots_of_alerts;

ALTER TABLE ledgers RENAME TO ledgers_of_alerts;
CREATE TABLE ledgers (
    webhook_id       INTEGER NOT NULL REFERENCES webhooks (id),
    book             INTEGER NOT NULL,
    ticker           TEXT    NOT NULL,
    -- Counts up with every change, so that a report knows whether it is still true.
    version          INTEGER NOT NULL,
    -- 1 where it has to be derived again: after a change of settings, or a rebuild.
    is_stale         INTEGER NOT NULL,
    newest_price     TEXT,
    drift            TEXT    NOT NULL,
    -- TradingView's own time of the position that it stated last.
    last_word        INTEGER,
    -- The position stated last, and the ledger's own, before the orders applied last.
    stated_before    TEXT    NOT NULL,
    position_before  TEXT    NOT NULL,
    -- Unix second of the orders applied last, which later ones can still belong before.
    newest_second    INTEGER NOT NULL,
    PRIMARY KEY (webhook_id, book, ticker)
) STRICT, WITHOUT ROWID;

INSERT INTO ledgers (webhook_id, book, ticker, version, is_stale, newest_price, drift, last_word, stated_before,
        position_before, newest_second)
    SELECT webhook_id, 0, ticker, version, is_stale, newest_price, drift, last_word, stated_before,
        position_before, newest_second FROM ledgers_of_alerts;
DROP TABLE ledgers_of_alerts;
