-- What the owner says of a trade. Its two orders name it, so that this stays when
-- trades are derived again.

CREATE TABLE trade_notes (
    exit_order   INTEGER NOT NULL,
    entry_order  INTEGER NOT NULL,
    notes        TEXT    NOT NULL,
    PRIMARY KEY (exit_order, entry_order)
) STRICT, WITHOUT ROWID;

CREATE TABLE trade_tags (
    exit_order   INTEGER NOT NULL,
    entry_order  INTEGER NOT NULL,
    tag          TEXT    NOT NULL,
    PRIMARY KEY (exit_order, entry_order, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX trade_tags_by_tag ON trade_tags (tag);

-- Reports of a tag are kept until one changes.
CREATE TRIGGER trade_tags_inserted AFTER INSERT ON trade_tags
BEGIN UPDATE catalog SET revision = revision + 1; END;
CREATE TRIGGER trade_tags_deleted AFTER DELETE ON trade_tags
BEGIN UPDATE catalog SET revision = revision + 1; END;
