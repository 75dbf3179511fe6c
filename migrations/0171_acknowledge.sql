-- Acknowledging a delivery never waits for the job that follows from it. A job that is storing what it read holds its row for as long
-- as its transaction lasts, and that may have to wait for somebody else's lock: deliveries about the same candidate would queue up
-- behind it and keep the pool from all others. So a row that is being worked on is not changed any more. The job itself looks for
-- deliveries that came too late for its reading, before it ends and once more after it has ended.
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
    IF job_kind IS NOT NULL THEN
        PERFORM ask_for_reading(for_tenant, job_kind, job_key, job, job_priority, received);
    END IF;
    RETURN 'new';
END $$;

-- One that nobody has claimed yet will begin its reading after this, and so sees what happened before; a burst does not queue up at
-- its row. If its last try failed, its pause is over: somebody waits for it now. One that is being worked on keeps its row until this
-- transaction has ended; taking it away is all that this lock waits for.
CREATE FUNCTION ask_for_reading(for_tenant uuid, job_kind text, job_key text, job jsonb, job_priority smallint, asked_at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    pausing boolean;
BEGIN
    LOOP
        SELECT last_error IS NOT NULL AND run_at > asked_at INTO pausing FROM jobs
        WHERE tenant_id = for_tenant AND kind = job_kind AND key = job_key AND lease_until IS NULL;
        IF FOUND THEN
            IF pausing THEN
                UPDATE jobs SET run_at = asked_at WHERE (tenant_id, kind, key) IN (
                    SELECT tenant_id, kind, key FROM jobs
                    WHERE tenant_id = for_tenant AND kind = job_kind AND key = job_key AND lease_until IS NULL FOR UPDATE SKIP LOCKED);
            END IF;
            RETURN;
        END IF;
        PERFORM FROM jobs WHERE tenant_id = for_tenant AND kind = job_kind AND key = job_key FOR KEY SHARE;
        IF FOUND THEN
            RETURN;
        END IF;
        INSERT INTO jobs (tenant_id, kind, key, payload, priority, run_at, created_at)
        VALUES (for_tenant, job_kind, job_key, job, job_priority, asked_at, asked_at)
        ON CONFLICT (tenant_id, kind, key) DO NOTHING;
        IF FOUND THEN
            RETURN;
        END IF;
    END LOOP;
END $$;

-- The last look of a job that has just ended: who came while it was at work, and took it for one that would still run, is stored by now.
CREATE FUNCTION ask_again_after_reading(
    for_tenant uuid, about_opportunity text, about_contact text, job_kind text, job_key text, job jsonb, job_priority smallint, asked_at timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.tenant', for_tenant::text, true);
    IF EXISTS (SELECT FROM webhook_deliveries
               WHERE tenant_id = for_tenant AND settled_at IS NULL AND opportunity_id = about_opportunity)
       OR EXISTS (SELECT FROM webhook_deliveries
                  WHERE tenant_id = for_tenant AND settled_at IS NULL AND opportunity_id IS NULL AND contact_id = about_contact)
    THEN
        PERFORM ask_for_reading(for_tenant, job_kind, job_key, job, job_priority, asked_at);
        RETURN true;
    END IF;
    RETURN false;
END $$;
