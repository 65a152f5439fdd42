-- Fills that were brought in from brokers' exports. They are of book 2, whose trades, lots and
-- ledgers are where those of all books are.
CREATE TABLE fills (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id    INTEGER NOT NULL,
    -- The instrument of the webhook that the symbol was taken for, and its ledger's name.
    ticker        TEXT    NOT NULL,
    instrument    TEXT    NOT NULL,
    -- As the broker has it.
    symbol        TEXT    NOT NULL,
    venue         TEXT    NOT NULL,
    -- By which the same fill of another file is known.
    identity      TEXT    NOT NULL,
    filled_at     INTEGER NOT NULL,
    -- Seconds that the file tells times to.
    precision     INTEGER NOT NULL,
    side          TEXT    NOT NULL,
    quantity      TEXT    NOT NULL,
    price         TEXT    NOT NULL,
    fee           TEXT,
    fee_currency  TEXT,
    currency      TEXT,
    order_number  TEXT,
    fill_number   TEXT,
    UNIQUE (webhook_id, identity)
) STRICT;

-- The fills of a ledger in their order.
CREATE INDEX fills_in_order ON fills (webhook_id, instrument, filled_at, id);

-- The files, and which fills each has: undoing one leaves what another has, too.
CREATE TABLE fill_imports (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id   INTEGER NOT NULL,
    venue        TEXT    NOT NULL,
    file_name    TEXT,
    imported_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE fill_sources (
    import_id  INTEGER NOT NULL,
    fill_id    INTEGER NOT NULL,
    PRIMARY KEY (import_id, fill_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX fill_sources_by_fill ON fill_sources (fill_id);
