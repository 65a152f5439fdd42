-- What the orders come to. Everything here can be derived from them again.

-- One row for each webhook and ticker that has orders.
CREATE TABLE ledgers (
    webhook_id     INTEGER NOT NULL REFERENCES webhooks (id),
    ticker         TEXT    NOT NULL,
    -- Counts up with every change, so that a report knows whether it is still true.
    version        INTEGER NOT NULL,
    -- 1 where it has to be derived again: after a change of settings, or a rebuild.
    is_stale       INTEGER NOT NULL,
    newest_price   TEXT,
    drift          TEXT    NOT NULL,
    stated_before  TEXT    NOT NULL,
    -- Unix second of the orders applied last, which later ones can still belong before.
    newest_second  INTEGER NOT NULL,
    PRIMARY KEY (webhook_id, ticker)
) STRICT, WITHOUT ROWID;

-- What pairing an order came to.
CREATE TABLE pairings (
    order_id    INTEGER PRIMARY KEY,
    fill_price  TEXT NOT NULL,
    change      TEXT,
    warnings    TEXT
) STRICT;

-- Open lots; of one ledger, an older one has a smaller number.
CREATE TABLE lots (
    webhook_id    INTEGER NOT NULL,
    ticker        TEXT    NOT NULL,
    number        INTEGER NOT NULL,
    entry_order   INTEGER NOT NULL,
    direction     TEXT    NOT NULL,
    quantity      TEXT    NOT NULL,
    entry_time    INTEGER NOT NULL,
    entry_price   TEXT    NOT NULL,
    entry_signal  TEXT,
    commission    TEXT    NOT NULL,
    PRIMARY KEY (webhook_id, ticker, number)
) STRICT, WITHOUT ROWID;

-- Closed trades, those of a ledger together, as reports read them. One exit closes
-- one lot at most once, so the two orders name a trade.
CREATE TABLE trades (
    webhook_id    INTEGER NOT NULL,
    ticker        TEXT    NOT NULL,
    exit_order    INTEGER NOT NULL,
    entry_order   INTEGER NOT NULL,
    direction     TEXT    NOT NULL,
    quantity      TEXT    NOT NULL,
    entry_time    INTEGER NOT NULL,
    entry_price   TEXT    NOT NULL,
    entry_signal  TEXT,
    exit_time     INTEGER NOT NULL,
    exit_price    TEXT    NOT NULL,
    exit_signal   TEXT,
    point_value   TEXT    NOT NULL,
    commission    TEXT    NOT NULL,
    net_profit    TEXT    NOT NULL,
    PRIMARY KEY (webhook_id, ticker, exit_time, exit_order, entry_order)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX trades_by_orders ON trades (exit_order, entry_order);

-- Orders of an earlier version: their ledgers are derived at the next start.
INSERT INTO ledgers (webhook_id, ticker, version, is_stale, drift, stated_before, newest_second)
    SELECT DISTINCT webhook_id, ticker, 1, 1, '0', '0', 0 FROM orders;
