-- Operations: the outcome in our own words beside Lever's; the number of the attempt is the fence.
ALTER TABLE operations ADD COLUMN error_code text, ADD COLUMN error_message text, DROP COLUMN epoch;
-- Whether a panel is being written, and what became of an earlier cancellation.
CREATE INDEX operations_by_panel ON operations (tenant_id, panel_id);

-- The promised answer is kept byte for byte: jsonb would reorder it.
ALTER TABLE idempotency_keys ALTER COLUMN body TYPE text USING body::text;
