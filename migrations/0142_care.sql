-- Looking after connections: when each was last looked at, what was found, and which deliveries should have come.

CREATE TABLE connection_care (
    tenant_id            uuid PRIMARY KEY REFERENCES organizations,
    looked_at            timestamptz NOT NULL,
    grantor_read_at      timestamptz,      -- when Lever was last asked about the person who connected
    webhooks_compared_at timestamptz,      -- when the webhooks at Lever were last to be compared with what is wanted
    -- How the connection stood when that was last judged. A change of it is an event.
    status               text,
    warnings             text[] NOT NULL DEFAULT '{}',
    since                timestamptz
);
CALL protect_tenant_table('connection_care');
-- Whoever looks first takes the organization for this round.
GRANT SELECT (tenant_id, looked_at), INSERT (tenant_id, looked_at), UPDATE (looked_at) ON connection_care TO lever_integration_dispatch;
CREATE POLICY dispatch ON connection_care TO lever_integration_dispatch USING (true) WITH CHECK (true);

-- Who watches the connection is told.
CREATE FUNCTION note_changed_care() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (tenant_id, kind, ids) VALUES (NEW.tenant_id, 'connection', '{}');
    RETURN NULL;
END $$;
CREATE TRIGGER note_changed AFTER UPDATE ON connection_care FOR EACH ROW
    WHEN ((OLD.status, OLD.warnings) IS DISTINCT FROM (NEW.status, NEW.warnings)) EXECUTE FUNCTION note_changed_care();

-- Events that Lever should tell us of, because our copy shows that they happened. Each is there until a delivery came or ten minutes
-- have passed. The copy's own tables write it, so that it does not matter who found the change.
CREATE TABLE webhook_expectations (
    tenant_id      uuid NOT NULL,
    event          text NOT NULL,
    object_id      text NOT NULL,          -- the opportunity, or the contact
    happened_after timestamptz NOT NULL,   -- when our copy did not show it yet
    found_at       timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, event, object_id)
);
CALL protect_tenant_table('webhook_expectations');

-- The newest change of which Lever did not tell us: its event is silent until a later delivery comes.
ALTER TABLE webhooks ADD COLUMN missed_at timestamptz;

CREATE FUNCTION expect_about_opportunities() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO webhook_expectations (tenant_id, event, object_id, happened_after, found_at)
    SELECT n.tenant_id, e.event, n.id, o.synced_at, n.synced_at
    FROM new_rows n JOIN old_rows o USING (tenant_id, id)
    CROSS JOIN LATERAL (VALUES
        ('candidateArchiveChange', (n.archived_at IS NULL) <> (o.archived_at IS NULL)),
        ('candidateStageChange', n.stage_id <> o.stage_id)
    ) AS e (event, happened)
    WHERE e.happened AND n.gone_at IS NULL AND o.gone_at IS NULL
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER expect_deliveries AFTER UPDATE ON opportunities REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION expect_about_opportunities();

CREATE FUNCTION expect_about_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO webhook_expectations (tenant_id, event, object_id, happened_after, found_at)
    SELECT n.tenant_id, 'contactUpdated', n.id, o.synced_at, n.synced_at
    FROM new_rows n JOIN old_rows o USING (tenant_id, id)
    WHERE (n.name, n.emails) IS DISTINCT FROM (o.name, o.emails) AND NOT n.anonymized AND n.gone_at IS NULL AND o.gone_at IS NULL
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER expect_deliveries AFTER UPDATE ON contacts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION expect_about_contacts();

-- Only of panels made inside Lever: what we did ourselves is no proof either way.
CREATE FUNCTION expect_about_interviews() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO webhook_expectations (tenant_id, event, object_id, happened_after, found_at)
    SELECT n.tenant_id, e.event, n.opportunity_id, o.synced_at, n.synced_at
    FROM new_rows n JOIN old_rows o USING (tenant_id, id)
    JOIN panels p ON p.tenant_id = n.tenant_id AND p.id = n.panel_id AND NOT p.externally_managed
    JOIN opportunities c ON c.tenant_id = n.tenant_id AND c.id = n.opportunity_id AND c.gone_at IS NULL
    CROSS JOIN LATERAL (VALUES
        ('interviewDeleted', n.gone_at IS NOT NULL OR n.canceled_at IS NOT NULL),
        ('interviewUpdated', n.gone_at IS NULL AND n.canceled_at IS NULL
                             AND (n.start_at, n.end_at, n.interviewer_ids) IS DISTINCT FROM (o.start_at, o.end_at, o.interviewer_ids))
    ) AS e (event, happened)
    WHERE e.happened AND o.gone_at IS NULL AND o.canceled_at IS NULL AND n.opportunity_id = o.opportunity_id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER expect_deliveries AFTER UPDATE ON interviews REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION expect_about_interviews();
