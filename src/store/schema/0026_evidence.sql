-- When the server ran. A run that ended without a stop has none; the next one notes the last
-- commit that came before it.
CREATE TABLE runs (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at    INTEGER NOT NULL,
    last_commit   INTEGER,
    stopped_at    INTEGER
) STRICT;

-- Lists of trades that another one took the place of: two exports of one strategy that disagree
-- about a past fill show that it repaints.
CREATE TABLE past_backtests (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id   INTEGER NOT NULL,
    ticker       TEXT    NOT NULL,
    imported_at  INTEGER NOT NULL,
    digest       BLOB    NOT NULL,
    -- Of each closed trade: entry and exit time, direction, quantity, entry and exit price (JSON).
    trades       TEXT    NOT NULL
) STRICT;

CREATE INDEX past_backtests_of ON past_backtests (webhook_id, ticker, id);
