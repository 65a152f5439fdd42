-- When events were on disk: a row for each transaction that wrote some. The
-- transaction after it writes the row, for none knows when it will be done itself.
CREATE TABLE commits (
    last_event    INTEGER PRIMARY KEY,
    first_event   INTEGER NOT NULL,
    committed_at  INTEGER NOT NULL
) STRICT;
