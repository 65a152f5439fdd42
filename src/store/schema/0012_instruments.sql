-- The tickers that orders state, and the instrument that each names: the first ticker that
-- named it. `ledgers`, `lots` and `trades` have the instrument as their ticker.
CREATE TABLE tickers (
    -- In the order in which they were stated first.
    id          INTEGER PRIMARY KEY,
    webhook_id  INTEGER NOT NULL REFERENCES webhooks (id),
    ticker      TEXT    NOT NULL,
    instrument  TEXT    NOT NULL,
    -- Without exchanges and in capital letters; empty until the next start, which takes
    -- tickers of one instrument together.
    symbol      TEXT    NOT NULL,
    -- NULL where the ticker states none.
    exchange    TEXT,
    UNIQUE (webhook_id, ticker)
) STRICT;

CREATE INDEX tickers_by_symbol ON tickers (symbol, webhook_id);

INSERT INTO tickers (webhook_id, ticker, instrument, symbol)
    SELECT webhook_id, ticker, ticker, '' FROM orders GROUP BY webhook_id, ticker ORDER BY min(id);

-- Which way a trade's value follows its price.
ALTER TABLE trades ADD COLUMN contract TEXT NOT NULL DEFAULT 'linear';

-- TradingView's own time of the position that it stated last.
ALTER TABLE ledgers ADD COLUMN last_word INTEGER;

-- Limit orders fill at their limit now: everything is derived again.
UPDATE ledgers SET is_stale = 1, version = version + 1;
