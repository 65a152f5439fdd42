-- Times are microseconds since 1970-01-01 UTC. Prices, quantities and money are
-- decimal texts. Public ids: events evt_<id>, orders ord_<id>.

CREATE TABLE webhooks (
    id          INTEGER PRIMARY KEY,
    public_id   TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    auth_key    TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('active', 'paused')),
    notes       TEXT    NOT NULL,
    settings    TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    deleted_at  INTEGER
) STRICT;

-- One row a delivery, whatever became of it. The payload is what arrived with
-- the value of auth_key replaced; a BLOB only where it was not UTF-8.
CREATE TABLE events (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id         INTEGER NOT NULL REFERENCES webhooks (id),
    received_at        INTEGER NOT NULL,
    source             TEXT    NOT NULL,
    status             TEXT    NOT NULL,
    payload            ANY     NOT NULL,
    source_address     TEXT,
    ticker             TEXT,
    intent             TEXT,
    market_price       TEXT,
    signal_time        INTEGER,
    error              TEXT,
    warnings           TEXT,
    original_id        INTEGER
) STRICT;

CREATE INDEX events_by_webhook ON events (webhook_id);
CREATE INDEX events_without_order ON events (status) WHERE status <> 'processed';

-- The truth that lots, trades and positions are derived from. An order has the
-- number of the event that made it, so no event can make two.
CREATE TABLE orders (
    id                 INTEGER PRIMARY KEY REFERENCES events (id),
    webhook_id         INTEGER NOT NULL REFERENCES webhooks (id),
    ticker             TEXT    NOT NULL,
    intent             TEXT    NOT NULL,
    order_type         TEXT    NOT NULL,
    quantity           TEXT,
    intended_price     TEXT    NOT NULL,
    market_price       TEXT,
    limit_price        TEXT,
    stop_price         TEXT,
    trail_price        TEXT,
    trail_percent      TEXT,
    profit_target      TEXT,
    stop_loss          TEXT,
    stop_loss_limit    TEXT,
    time_in_force      TEXT,
    extended_hours     INTEGER,
    idempotency_key    TEXT,
    paired_at          INTEGER NOT NULL,
    signal_time        INTEGER,
    received_at        INTEGER NOT NULL,
    stated_position    TEXT,
    stated_previous    TEXT,
    strategy           TEXT,
    signal_name        TEXT,
    comment            TEXT
) STRICT;

CREATE INDEX orders_by_pairing ON orders (webhook_id, ticker, paired_at);
CREATE INDEX orders_by_idempotency_key ON orders (webhook_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

-- The last few requests of each webhook that were turned away without an event.
CREATE TABLE rejections (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id      INTEGER NOT NULL REFERENCES webhooks (id),
    rejected_at     INTEGER NOT NULL,
    reason          TEXT    NOT NULL,
    source_address  TEXT    NOT NULL
) STRICT;

CREATE INDEX rejections_by_webhook ON rejections (webhook_id);

-- API tokens and sessions are kept as SHA-256 of the secret, never as the secret.
CREATE TABLE tokens (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT    NOT NULL,
    secret_hash   BLOB    NOT NULL UNIQUE,
    created_at    INTEGER NOT NULL,
    last_used_at  INTEGER
) STRICT;

CREATE TABLE sessions (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    secret_hash   BLOB    NOT NULL UNIQUE,
    created_at    INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL
) STRICT;

-- The owner: one row at most.
CREATE TABLE account (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    password_hash  TEXT    NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;

-- The one-time setup link: one row while no password is set.
CREATE TABLE setup_link (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    secret_hash  BLOB NOT NULL
) STRICT;

-- Counts every change of the webhooks, so that a running server notices what
-- another process changed.
CREATE TABLE catalog (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    revision  INTEGER NOT NULL
) STRICT;

INSERT INTO catalog (id, revision) VALUES (1, 1);

CREATE TRIGGER webhooks_inserted AFTER INSERT ON webhooks
BEGIN UPDATE catalog SET revision = revision + 1; END;
CREATE TRIGGER webhooks_updated AFTER UPDATE ON webhooks
BEGIN UPDATE catalog SET revision = revision + 1; END;
CREATE TRIGGER webhooks_deleted AFTER DELETE ON webhooks
BEGIN UPDATE catalog SET revision = revision + 1; END;
