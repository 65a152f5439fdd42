-- The reading of this machine's clock at an arrival, where it ran backwards and the arrival
-- was dated otherwise: what arrives later never gets an earlier time.
ALTER TABLE events ADD COLUMN clock_at INTEGER;
CREATE INDEX events_off_clock ON events (received_at) WHERE clock_at IS NOT NULL;

-- One row: the time of the newest arrival up to an event, so that it need not be looked for
-- among thousands that a file brought.
CREATE TABLE arrivals (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    last_event  INTEGER,
    newest      INTEGER
) STRICT;

INSERT INTO arrivals (id, last_event, newest)
    SELECT 1, max(id), (SELECT received_at FROM events
        WHERE source IN ('webhook', 'test', 'adjustment') ORDER BY id DESC LIMIT 1)
    FROM events;

-- The time steps whose codes of the second factor were used, newest last. One that was used
-- while the clock was ahead says nothing of those before it.
CREATE TABLE used_codes (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    step  INTEGER NOT NULL
) STRICT;

INSERT INTO used_codes (step) SELECT last_step FROM second_factor WHERE last_step > 0;
