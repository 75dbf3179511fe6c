-- A time of Lever's that is yet to come, or is not there, says nothing about when something happened.
CREATE OR REPLACE FUNCTION happened_after(last_read timestamptz, by_lever timestamptz, found timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN greatest(last_read, CASE WHEN by_lever <= found + interval '1 minute' THEN least(by_lever, found) - interval '1 minute' END);

-- Interviews inside a panel carry no time of their own; the panel does.
CREATE OR REPLACE FUNCTION expect_about_new_interviews() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO webhook_expectations (tenant_id, event, object_id, happened_after, found_at)
    SELECT DISTINCT ON (n.tenant_id, n.opportunity_id) n.tenant_id, 'interviewCreated', n.opportunity_id, e.after, n.synced_at
    FROM new_rows n
    JOIN panels p ON p.tenant_id = n.tenant_id AND p.id = n.panel_id AND NOT p.externally_managed
    CROSS JOIN LATERAL (
        SELECT happened_after(NULL, coalesce(lever_time(n.raw -> 'createdAt'), lever_time(p.raw -> 'createdAt')), n.synced_at)
    ) AS e (after)
    WHERE n.gone_at IS NULL AND n.canceled_at IS NULL AND stood_since(n.tenant_id, 'interviewCreated', e.after)
    ORDER BY n.tenant_id, n.opportunity_id, e.after DESC
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
