-- Commands by chat: a row for each channel whose owner wants to command by it.
CREATE TABLE chats (
    channel_id   INTEGER PRIMARY KEY REFERENCES channels (id) ON DELETE CASCADE,
    -- SHA-256 of the code that the chat has to send, and until when; none once it has.
    code         BLOB,
    code_until   INTEGER,
    -- The chat and the user whose commands are taken, and the name that the user goes by.
    chat         INTEGER,
    user         INTEGER,
    user_name    TEXT,
    confirmed_at INTEGER,
    -- The command that waits for its second step, SHA-256 of the code of that, until when, and
    -- the wrong codes so far.
    asked        TEXT,
    asked_code   BLOB,
    asked_until  INTEGER,
    asked_wrong  INTEGER NOT NULL DEFAULT 0,
    -- The webhooks and forwards that /halt paused, as JSON, for /resume.
    halted       TEXT    NOT NULL
) STRICT;

-- The bots whose updates are read. A bot can serve several channels.
CREATE TABLE chat_bots (
    -- The number that begins its token.
    bot          TEXT    PRIMARY KEY,
    -- The next update to act on, and when the last one was acted on.
    next_update  INTEGER,
    acted_at     INTEGER,
    -- Why its updates cannot be read, where the service said so.
    problem      TEXT
) STRICT, WITHOUT ROWID;
