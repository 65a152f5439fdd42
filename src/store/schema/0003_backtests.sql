-- Lists of trades that TradingView's strategy tester made, as they were exported.

-- One for each webhook and ticker; importing another one replaces it.
CREATE TABLE backtests (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id       INTEGER NOT NULL REFERENCES webhooks (id),
    ticker           TEXT    NOT NULL,
    currency         TEXT    NOT NULL,
    -- NULL where the export does not say: then it is the webhook's.
    initial_capital  TEXT,
    point_value      TEXT    NOT NULL,
    -- Of the trades still open at the end of the list.
    open_long        TEXT    NOT NULL,
    open_short       TEXT    NOT NULL,
    imported_at      INTEGER NOT NULL,
    -- SHA-256 of the file and how it was read.
    digest           BLOB    NOT NULL,
    UNIQUE (webhook_id, ticker)
) STRICT;

-- The closed trades of a backtest.
CREATE TABLE backtest_trades (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    backtest_id    INTEGER NOT NULL REFERENCES backtests (id) ON DELETE CASCADE,
    -- As TradingView numbers them.
    number         INTEGER NOT NULL,
    direction      TEXT    NOT NULL,
    quantity       TEXT    NOT NULL,
    entry_time     INTEGER NOT NULL,
    entry_price    TEXT    NOT NULL,
    entry_signal   TEXT,
    exit_time      INTEGER NOT NULL,
    exit_price     TEXT    NOT NULL,
    exit_signal    TEXT,
    commission     TEXT    NOT NULL,
    net_profit     TEXT    NOT NULL
) STRICT;

CREATE INDEX backtest_trades_by_exit ON backtest_trades (backtest_id, exit_time);

-- Reports of backtests are kept until one changes.
CREATE TRIGGER backtests_inserted AFTER INSERT ON backtests
BEGIN UPDATE catalog SET revision = revision + 1; END;
CREATE TRIGGER backtests_deleted AFTER DELETE ON backtests
BEGIN UPDATE catalog SET revision = revision + 1; END;
