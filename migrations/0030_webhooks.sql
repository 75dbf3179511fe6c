-- Receiving a webhook is the busiest write there is. It is one statement, hence one round trip and one commit, and a client that
-- goes away cannot leave half of it behind.

-- The one way to ask for a job: from a transaction of the service, and from the function below.
-- Asking for one that waits changes nothing but may bring it forward; asking for one that runs makes it run once more.
CREATE FUNCTION enqueue_job(
    for_tenant uuid, job_kind text, job_key text, job jsonb, job_priority smallint, asked_at timestamptz, due timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO jobs (tenant_id, kind, key, payload, priority, run_at, created_at)
    VALUES (for_tenant, job_kind, job_key, job, job_priority, due, asked_at)
    ON CONFLICT (tenant_id, kind, key) DO UPDATE
    SET generation = jobs.generation + 1, run_at = least(jobs.run_at, excluded.run_at), payload = excluded.payload;
END $$;

-- Stores a delivery whose signature was verified, and asks for the job that follows from it (none when `job_kind` is null).
-- 'refused': the webhook is not believed any more, and nothing was stored. 'known': this delivery came before. 'new': it is stored.
CREATE FUNCTION store_webhook_delivery(
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
    INSERT INTO webhook_deliveries
        (tenant_id, token_hash, webhook_id, event, opportunity_id, contact_id, triggered_at, received_at, settled_at)
    VALUES (for_tenant, token, at_webhook, registered_for, opportunity, contact, triggered, received,
            CASE WHEN job_kind IS NULL THEN received END)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'known';
    END IF;
    IF job_kind IS NOT NULL THEN
        PERFORM enqueue_job(for_tenant, job_kind, job_key, job, job_priority, received, received);
    END IF;
    RETURN 'new';
END $$;

-- Contacts' deliveries are settled by contact.
CREATE INDEX webhook_deliveries_open_contact ON webhook_deliveries (tenant_id, contact_id) WHERE settled_at IS NULL AND opportunity_id IS NULL;
