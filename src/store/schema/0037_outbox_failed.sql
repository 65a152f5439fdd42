-- A lane's row that is tried again goes first. It was looked for among all that wait, with every
-- alert.
CREATE INDEX outbox_failed ON outbox (lane, id) WHERE state = 'waiting' AND failures > 0;
