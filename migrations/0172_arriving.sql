-- Whether an event arrives is asked by event, not by webhook: one that was made anew brings what the one before it brought.
DROP INDEX webhook_deliveries_newest;
CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (tenant_id, event, received_at DESC);

-- A time as Lever writes it; null for what is none.
CREATE FUNCTION lever_time(millis jsonb) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN jsonb_typeof(millis) = 'number' AND millis::numeric BETWEEN 0 AND 253402300799000
                THEN to_timestamp((millis::numeric / 1000)::double precision) END;

-- What happened after our copy was last read, or at the time that Lever gives, if that is later. Lever's clock may be ahead of ours: a
-- change is taken to be a minute older than it says.
CREATE FUNCTION happened_after(last_read timestamptz, by_lever timestamptz, found timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN greatest(last_read, least(by_lever, found) - interval '1 minute');

CREATE OR REPLACE FUNCTION expect_about_opportunities() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO webhook_expectations (tenant_id, event, object_id, happened_after, found_at)
    SELECT n.tenant_id, e.event, n.id, happened_after(o.synced_at, e.at, n.synced_at), n.synced_at
    FROM new_rows n JOIN old_rows o USING (tenant_id, id)
    LEFT JOIN archive_reasons r ON r.tenant_id = n.tenant_id AND r.id = n.archive_reason_id
    CROSS JOIN LATERAL (VALUES
        ('candidateArchiveChange', (n.archived_at IS NULL) <> (o.archived_at IS NULL), n.archived_at),
        ('candidateHired', n.archived_at IS NOT NULL AND o.archived_at IS NULL AND r.type = 'hired', n.archived_at),
        ('candidateStageChange', n.stage_id <> o.stage_id, lever_time(n.raw -> 'lastAdvancedAt'))
    ) AS e (event, happened, at)
    WHERE e.happened AND n.gone_at IS NULL AND o.gone_at IS NULL
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

-- What is new in our copy is expected only when it is new at Lever too: made since the webhook stood.
CREATE FUNCTION stood_since(tenant uuid, wanted text, since timestamptz) RETURNS boolean LANGUAGE sql STABLE
    RETURN EXISTS (SELECT FROM webhooks w WHERE w.tenant_id = tenant AND w.event = wanted AND w.retired_at IS NULL AND w.created_at <= since);

-- Somebody applied through a job's page.
CREATE FUNCTION expect_about_new_opportunities() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO webhook_expectations (tenant_id, event, object_id, happened_after, found_at)
    SELECT n.tenant_id, 'applicationCreated', n.id, e.after, n.synced_at
    FROM new_rows n CROSS JOIN LATERAL (SELECT happened_after(NULL, lever_time(n.application -> 'createdAt'), n.synced_at)) AS e (after)
    WHERE n.application ->> 'type' = 'posting' AND n.gone_at IS NULL AND stood_since(n.tenant_id, 'applicationCreated', e.after)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER expect_new AFTER INSERT ON opportunities REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION expect_about_new_opportunities();

-- Only of panels made inside Lever, as for changes of interviews.
CREATE FUNCTION expect_about_new_interviews() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO webhook_expectations (tenant_id, event, object_id, happened_after, found_at)
    SELECT DISTINCT ON (n.tenant_id, n.opportunity_id) n.tenant_id, 'interviewCreated', n.opportunity_id, e.after, n.synced_at
    FROM new_rows n
    JOIN panels p ON p.tenant_id = n.tenant_id AND p.id = n.panel_id AND NOT p.externally_managed
    CROSS JOIN LATERAL (SELECT happened_after(NULL, lever_time(n.raw -> 'createdAt'), n.synced_at)) AS e (after)
    WHERE n.gone_at IS NULL AND n.canceled_at IS NULL AND stood_since(n.tenant_id, 'interviewCreated', e.after)
    ORDER BY n.tenant_id, n.opportunity_id, e.after DESC
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER expect_new AFTER INSERT ON interviews REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION expect_about_new_interviews();
