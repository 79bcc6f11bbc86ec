-- m014

CREATE INDEX events_unsynced ON events (device, boot) WHERE clock = 'unsynced';
