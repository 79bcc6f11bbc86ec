-- m015

CREATE INDEX alert_changes_alert_seq ON alert_changes (alert, seq);
