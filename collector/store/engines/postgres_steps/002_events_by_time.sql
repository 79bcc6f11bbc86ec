-- m013

CREATE INDEX events_device_at ON events (device, at);
