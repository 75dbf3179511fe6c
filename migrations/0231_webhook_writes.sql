-- Webhooks that are made and removed at Lever are in the log of writes too: about no candidate, in no Lever user's name, and mostly asked for
-- by nobody but the service itself.
ALTER TABLE operations
    ALTER COLUMN opportunity_id DROP NOT NULL,
    ALTER COLUMN caller_email DROP NOT NULL,
    ADD COLUMN webhook_event text;
CREATE INDEX operations_open_webhooks ON operations (tenant_id) WHERE kind IN ('register_webhook', 'remove_webhook') AND settled_at IS NULL;
