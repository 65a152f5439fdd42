-- The identity of this database, which a restore changes: who reads its events from afar knows by
-- it that their numbers have begun anew.
CREATE TABLE history (
    id       TEXT    NOT NULL,
    -- When the restore was; what arrived before may have been passed on already.
    began_at INTEGER NOT NULL
) STRICT;

INSERT INTO history (id, began_at) VALUES (lower(hex(randomblob(16))), 0);

-- The identity of the other algohook whose event `after` is.
ALTER TABLE upstream ADD COLUMN history TEXT NOT NULL DEFAULT '';
-- Why its alerts cannot be read, and since when.
ALTER TABLE upstream ADD COLUMN failure TEXT;
ALTER TABLE upstream ADD COLUMN failed_at INTEGER;

-- The webhooks that an alert has come through, by which one that goes in a circle is known.
ALTER TABLE outbox ADD COLUMN via TEXT NOT NULL DEFAULT '';
