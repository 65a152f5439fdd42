-- The format that a message was read in, so that it is read by the same rules again. None of
-- events of before there were others than our own.
ALTER TABLE events ADD COLUMN format TEXT;
-- What "sell" meant then while there is no position, where the format leaves it to a setting.
ALTER TABLE events ADD COLUMN sell_while_flat TEXT;
-- What a percentage came to when the order was made; none where that is the whole position.
ALTER TABLE events ADD COLUMN sized TEXT;

-- The size as the message has it, where that is a percentage; `quantity` is what it came to.
ALTER TABLE orders ADD COLUMN percent TEXT;
ALTER TABLE orders ADD COLUMN percent_of TEXT;
-- Whether an entry closes all of an opposite position beside its own quantity.
ALTER TABLE orders ADD COLUMN closes_opposite INTEGER NOT NULL DEFAULT 0;
