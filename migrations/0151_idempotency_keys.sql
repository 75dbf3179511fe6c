-- Keys that are over are thrown away by the worker, all at once and now and then, and not by every request that brings a key.
CREATE INDEX idempotency_keys_over ON idempotency_keys (expires_at);
GRANT SELECT (expires_at), DELETE ON idempotency_keys TO lever_integration_dispatch;
CREATE POLICY dispatch ON idempotency_keys TO lever_integration_dispatch USING (true);
