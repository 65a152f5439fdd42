-- What is left of a message that is not kept any longer: the digest by which the same message
-- in a file is known. The payload is empty then.
ALTER TABLE events ADD COLUMN fingerprint BLOB;

-- What was removed because its owner does not keep it for ever, by kind; of each, all that is
-- older than a time.
CREATE TABLE removals (
    kind        TEXT    PRIMARY KEY,
    removed     INTEGER NOT NULL,
    older_than  INTEGER NOT NULL,
    last_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
