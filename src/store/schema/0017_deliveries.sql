-- The identity of the delivery that an event was made of: a delivery that is applied twice is
-- one event. NULL of events of before, which nobody applies again.
ALTER TABLE events ADD COLUMN delivery BLOB;
CREATE UNIQUE INDEX events_by_delivery ON events (delivery) WHERE delivery IS NOT NULL;
