-- Where the owner is told of what happens. Tokens and passwords are among the credentials.
CREATE TABLE channels (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    -- Settings that are no secrets, as JSON.
    settings   TEXT    NOT NULL,
    -- The topics that are told: all, or names with commas between.
    tells      TEXT    NOT NULL,
    -- Public ids of the webhooks that are told of, as JSON; all of them where there is none.
    webhooks   TEXT    NOT NULL,
    -- Hours in which only faults are told, and their time zone.
    quiet      TEXT,
    zone       TEXT    NOT NULL,
    is_paused  INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

-- What was wrong, and for how long. One matter is open once.
CREATE TABLE issues (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    matter     TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    -- Times that it happened while it was open, where they are counted.
    count      INTEGER NOT NULL,
    opened_at  INTEGER NOT NULL,
    -- When the owner was told or reminded last.
    told_at    INTEGER NOT NULL,
    closed_at  INTEGER
) STRICT;

CREATE UNIQUE INDEX issues_open ON issues (matter) WHERE closed_at IS NULL;
CREATE INDEX issues_closed ON issues (closed_at) WHERE closed_at IS NOT NULL;
