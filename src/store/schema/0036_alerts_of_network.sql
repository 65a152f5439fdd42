-- The last alert of a webhook that came over the network is looked for every other second. One
-- whose history was imported has many events of other sources after it, or nothing else.
CREATE INDEX events_of_network ON events (webhook_id) WHERE source = 'webhook';
