-- Deliveries in a partition per month, so that what is older than the replay store's span goes with a DROP and leaves no dead rows.
-- Partitioned by the time of receiving, not by the signed time: how long a delivery is remembered must not be the sender's choice.

ALTER TABLE webhook_deliveries NO FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_deliveries RENAME TO former_webhook_deliveries;
ALTER TABLE former_webhook_deliveries RENAME CONSTRAINT webhook_deliveries_pkey TO former_webhook_deliveries_pkey;

CREATE TABLE webhook_deliveries (
    tenant_id      uuid NOT NULL,
    token_hash     bytea NOT NULL,       -- of what the signature covers
    webhook_id     text NOT NULL,
    event          text NOT NULL,
    opportunity_id text,
    contact_id     text,
    triggered_at   timestamptz NOT NULL,
    received_at    timestamptz NOT NULL,
    settled_at     timestamptz,
    -- One per delivery is kept by the function below, because the time must be part of the key here.
    PRIMARY KEY (tenant_id, token_hash, received_at)
) PARTITION BY RANGE (received_at);
-- Stays empty as long as somebody makes the months in time.
CREATE TABLE webhook_deliveries_rest PARTITION OF webhook_deliveries DEFAULT;

INSERT INTO webhook_deliveries
SELECT tenant_id, token_hash, webhook_id, event, opportunity_id, contact_id, triggered_at, received_at, settled_at FROM former_webhook_deliveries;
DROP TABLE former_webhook_deliveries;

CREATE INDEX webhook_deliveries_open ON webhook_deliveries (tenant_id, opportunity_id) WHERE settled_at IS NULL;
CREATE INDEX webhook_deliveries_open_contact ON webhook_deliveries (tenant_id, contact_id) WHERE settled_at IS NULL AND opportunity_id IS NULL;
CREATE INDEX webhook_deliveries_newest ON webhook_deliveries (tenant_id, webhook_id, received_at DESC);
CALL protect_tenant_table('webhook_deliveries');
CALL protect_tenant_table('webhook_deliveries_rest');
GRANT SELECT (tenant_id, received_at), DELETE ON webhook_deliveries_rest TO lever_integration_dispatch;
CREATE POLICY dispatch ON webhook_deliveries_rest TO lever_integration_dispatch USING (true);

-- Makes this month and the next two, and drops the months that ended before `at - kept`. Runs as the owner of the tables: the
-- service's roles own nothing. One at a time; an acknowledgement waits two seconds at most, because a table's lock is needed.
CREATE FUNCTION turn_webhook_delivery_months(at timestamptz, kept interval) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' SET timezone = 'UTC' AS $$
DECLARE
    month timestamptz;
    named text;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('turn_webhook_delivery_months', 0)) THEN
        RETURN;
    END IF;
    FOR ahead IN 0..2 LOOP
        month := date_trunc('month', at) + make_interval(months => ahead);
        named := 'webhook_deliveries_' || to_char(month, 'YYYY_MM');
        IF to_regclass(named) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE TABLE %I PARTITION OF webhook_deliveries FOR VALUES FROM (%L) TO (%L)',
                               named, month, month + interval '1 month');
                CALL protect_tenant_table(named::regclass);
            EXCEPTION WHEN check_violation THEN
                NULL; -- the rest holds deliveries of this month already, and keeps them
            END;
        END IF;
    END LOOP;
    FOR named IN
        SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid
        WHERE inhparent = 'webhook_deliveries'::regclass AND relname ~ '^webhook_deliveries_[0-9]{4}_[0-9]{2}$'
          AND to_timestamp(right(relname, 7), 'YYYY_MM') + interval '1 month' < at - kept
    LOOP
        EXECUTE format('DROP TABLE %I', named);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION turn_webhook_delivery_months FROM PUBLIC;
GRANT EXECUTE ON FUNCTION turn_webhook_delivery_months TO lever_integration_dispatch;

-- As before, with three differences. A delivery is known by all that its signature covers, in whichever month it came. A job that
-- waits already is not touched: a burst about one candidate would queue up at that one row, and keep the pool from others. And a
-- job that rests until a burst is over is not woken.
CREATE OR REPLACE FUNCTION store_webhook_delivery(
    for_tenant uuid, at_webhook text, token bytea, opportunity text, contact text, triggered timestamptz, received timestamptz,
    job_kind text, job_key text, job jsonb, job_priority smallint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    registered_for text;
BEGIN
    PERFORM set_config('app.tenant', for_tenant::text, true);
    SELECT event INTO registered_for FROM webhooks
    WHERE tenant_id = for_tenant AND id = at_webhook AND signature_token IS NOT NULL AND (accept_until IS NULL OR accept_until > received);
    IF NOT FOUND THEN
        RETURN 'refused';
    END IF;
    -- Copies of one delivery take their turns; each statement below sees what the one before has committed.
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(token, 'hex'), 0));
    IF EXISTS (SELECT FROM webhook_deliveries WHERE tenant_id = for_tenant AND token_hash = token) THEN
        RETURN 'known';
    END IF;
    INSERT INTO webhook_deliveries
        (tenant_id, token_hash, webhook_id, event, opportunity_id, contact_id, triggered_at, received_at, settled_at)
    VALUES (for_tenant, token, at_webhook, registered_for, opportunity, contact, triggered, received,
            CASE WHEN job_kind IS NULL THEN received END);
    -- One that nobody has claimed yet will begin its reading after this, and so sees what happened before.
    IF job_kind IS NOT NULL AND NOT EXISTS (
        SELECT FROM jobs WHERE tenant_id = for_tenant AND kind = job_kind AND key = job_key AND lease_until IS NULL
    ) THEN
        INSERT INTO jobs (tenant_id, kind, key, payload, priority, run_at, created_at)
        VALUES (for_tenant, job_kind, job_key, job, job_priority, received, received)
        ON CONFLICT (tenant_id, kind, key) DO UPDATE SET generation = jobs.generation + 1;
    END IF;
    RETURN 'new';
END $$;

-- Which ids are those of webhooks, for telling a flood of invented ones from ours without a look at each.
GRANT SELECT (tenant_id, id, accept_until) ON webhooks TO lever_integration_dispatch;
CREATE POLICY dispatch ON webhooks FOR SELECT TO lever_integration_dispatch USING (true);
