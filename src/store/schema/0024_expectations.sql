-- What live trades are held against: the trades of a backtest as they were when the comparison
-- was switched on, so that a later import does not move the goalposts.
CREATE TABLE expectations (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id     INTEGER NOT NULL REFERENCES webhooks (id),
    ticker         TEXT    NOT NULL,
    currency       TEXT    NOT NULL,
    -- SHA-256 of the file.
    digest         BLOB    NOT NULL,
    frozen_at      INTEGER NOT NULL,
    -- Live trades count that closed then or later; NULL counts all.
    counted_from   INTEGER,
    -- The unit of outcomes.
    unit           TEXT    NOT NULL,
    -- The first entry, the exits and the outcomes of the trades (JSON).
    trades         TEXT    NOT NULL,
    -- The version of the webhook's ledgers that it was looked at with; NULL before that.
    looked_at      INTEGER,
    -- The first departure; NULL where there is none.
    departed_trade INTEGER,
    departed_at    INTEGER,
    side           TEXT,
    ground         TEXT,
    UNIQUE (webhook_id, ticker)
) STRICT;

-- A comparison of each day, so that its drift over time can be seen.
CREATE TABLE compared_days (
    webhook_id     INTEGER NOT NULL REFERENCES webhooks (id),
    ticker         TEXT    NOT NULL,
    -- In the webhook's zone.
    day            TEXT    NOT NULL,
    compared_at    INTEGER NOT NULL,
    -- The figures (JSON).
    figures        TEXT    NOT NULL,
    PRIMARY KEY (webhook_id, ticker, day)
) STRICT, WITHOUT ROWID;
