-- Secrets of others that the server works with: the keys of channels, forwards and brokers.
-- They are sealed with a key that is no part of the database.
CREATE TABLE credentials (
    -- The kind of their owner and its number: forward 3, channel 1.
    owner      TEXT    NOT NULL,
    owner_id   INTEGER NOT NULL,
    -- Counts the changes; a part of what is sealed.
    version    INTEGER NOT NULL,
    -- The key that they are sealed with.
    key_id     BLOB    NOT NULL,
    sealed     BLOB    NOT NULL,
    PRIMARY KEY (owner, owner_id)
) STRICT, WITHOUT ROWID;
