-- Work for the outside. A row waits in the lane of its destination, in the order in which it
-- was put there.
CREATE TABLE outbox (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    lane         TEXT    NOT NULL,
    -- Who sends it.
    kind         TEXT    NOT NULL,
    -- What it is about: a lane has it once.
    about        TEXT    NOT NULL,
    body         BLOB    NOT NULL,
    -- Whether the other side takes it once however often it is sent.
    repeatable   INTEGER NOT NULL,
    -- Whether it is kept in a lane that is full.
    vital        INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    put_at       INTEGER NOT NULL,
    -- When it is sent, or sent again.
    due_at       INTEGER NOT NULL,
    -- When it is of no use any more.
    expires_at   INTEGER,
    -- Tries that failed since it was put here, or put here again.
    failures     INTEGER NOT NULL DEFAULT 0,
    -- When it was done with.
    settled_at   INTEGER,
    UNIQUE (lane, about)
) STRICT;

CREATE INDEX outbox_open ON outbox (lane, id) WHERE state IN ('waiting', 'sending');
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE settled_at IS NOT NULL;

-- Every try to send a row, with what came of it; without that, one that is under way or was
-- cut off.
CREATE TABLE outbox_tries (
    row_id       INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL,
    began_at     INTEGER NOT NULL,
    ended_at     INTEGER,
    outcome      TEXT,
    answer       TEXT,
    PRIMARY KEY (row_id, number)
) STRICT, WITHOUT ROWID;

-- The lanes that ever had a row.
CREATE TABLE outbox_lanes (
    lane         TEXT    PRIMARY KEY,
    -- Rows that are not settled.
    open         INTEGER NOT NULL DEFAULT 0,
    -- Rows that there was no room for.
    dropped      INTEGER NOT NULL DEFAULT 0,
    -- Whether the destination said that it is gone: nothing is sent until it is switched on.
    is_off       INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TRIGGER outbox_put AFTER INSERT ON outbox BEGIN
    INSERT INTO outbox_lanes (lane, open) VALUES (new.lane, new.state IN ('waiting', 'sending'))
    ON CONFLICT (lane) DO UPDATE SET open = open + (new.state IN ('waiting', 'sending'));
END;

CREATE TRIGGER outbox_changed AFTER UPDATE OF state ON outbox BEGIN
    UPDATE outbox_lanes SET open = open + (new.state IN ('waiting', 'sending'))
        - (old.state IN ('waiting', 'sending'))
    WHERE lane = new.lane;
END;

CREATE TRIGGER outbox_removed AFTER DELETE ON outbox BEGIN
    UPDATE outbox_lanes SET open = open - (old.state IN ('waiting', 'sending'))
    WHERE lane = old.lane;
END;
