-- The last event of another algohook that was recorded here.
CREATE TABLE upstream (
    url   TEXT    PRIMARY KEY,
    after INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
