-- Where a webhook's alerts are passed on to. The address is a secret of many receivers: it is
-- sealed among the credentials, and here is only its origin.
CREATE TABLE forwards (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id INTEGER NOT NULL REFERENCES webhooks (id),
    origin     TEXT    NOT NULL,
    format     TEXT    NOT NULL,
    -- What is passed on: order or event.
    sends      TEXT    NOT NULL,
    -- Seconds after which it is of no use any more.
    max_age    INTEGER,
    is_signed  INTEGER NOT NULL,
    -- Whether the owner says that the receiver takes a repetition for a second order.
    is_once    INTEGER NOT NULL,
    -- Whether the webhook's key goes with the bytes as received.
    sends_key  INTEGER NOT NULL,
    template   TEXT,
    -- The format's own settings that are no secrets, as JSON.
    settings   TEXT    NOT NULL,
    is_paused  INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX forwards_of_webhook ON forwards (webhook_id);

-- The event that a row passes on.
ALTER TABLE outbox ADD COLUMN event_id INTEGER;
-- Why a row is dead that was never sent.
ALTER TABLE outbox ADD COLUMN note TEXT;

CREATE INDEX outbox_of_event ON outbox (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX outbox_of_lane ON outbox (lane, state, id);

-- SQLite does not see that these would be found in an index of waiting and sending rows.
DROP INDEX outbox_open;
CREATE INDEX outbox_waiting ON outbox (lane, id) WHERE state = 'waiting';
CREATE INDEX outbox_due ON outbox (lane, due_at) WHERE state = 'waiting';
CREATE INDEX outbox_expiring ON outbox (lane, expires_at) WHERE state = 'waiting' AND expires_at IS NOT NULL;
CREATE INDEX outbox_sending ON outbox (id) WHERE state = 'sending';
