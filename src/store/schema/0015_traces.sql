-- The size of a body that was too large, in bytes, where it is known.
ALTER TABLE rejections ADD COLUMN size INTEGER;

-- Alerts over the limit that were counted and not kept, by the hour since 1970.
CREATE TABLE alerts_not_kept (
    webhook_id  INTEGER NOT NULL REFERENCES webhooks (id),
    hour        INTEGER NOT NULL,
    count       INTEGER NOT NULL,
    last_at     INTEGER NOT NULL,
    PRIMARY KEY (webhook_id, hour)
) STRICT, WITHOUT ROWID;

-- Requests to addresses that are no webhook's, or not quite: the last few of them.
CREATE TABLE misdirected (
    kind            TEXT    NOT NULL,
    -- Without the secret part; empty for those that there was no room for.
    address         TEXT    NOT NULL,
    -- The webhook that it was meant for, as far as can be told.
    webhook_id      INTEGER REFERENCES webhooks (id),
    count           INTEGER NOT NULL,
    last_at         INTEGER NOT NULL,
    source_address  TEXT    NOT NULL,
    PRIMARY KEY (kind, address)
) STRICT, WITHOUT ROWID;
