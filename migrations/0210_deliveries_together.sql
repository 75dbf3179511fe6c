-- Deliveries of one organization that came at the same time are stored by one statement: a commit costs the same for one and for many.
-- `store_webhook_delivery` stays for the version before this one, which runs beside it while replicas are replaced.
--
-- The answer names for each delivery, in their order, what became of it. Copies of one delivery take their turns, here and in other
-- transactions; all locks are taken in an order of their own, so that two batches never wait for each other in a circle.
--
-- Rows are looked up by their keys alone: a plan that was made while the tables were small must do when they have grown.
CREATE FUNCTION store_webhook_deliveries(
    for_tenant uuid, at_webhooks text[], tokens bytea[], opportunities text[], contacts text[], triggered timestamptz[],
    received timestamptz[], job_kinds text[], job_keys text[], wanted_jobs jsonb[], priorities smallint[]
) RETURNS text[] LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    outcomes text[];
    wanted record;
BEGIN
    PERFORM set_config('app.tenant', for_tenant::text, true);
    PERFORM pg_advisory_xact_lock(number)
    FROM (SELECT DISTINCT hashtextextended(encode(token, 'hex'), 0) AS number FROM unnest(tokens) AS token ORDER BY number) AS locks;
    -- The statement begins after the locks were taken, so it sees what those before have committed.
    WITH come AS (
        SELECT come.*, w.event AS registered_for,
               w.id IS NOT NULL AND row_number() OVER (PARTITION BY come.token, w.id IS NULL ORDER BY come.place) = 1 AS first
        FROM unnest(at_webhooks, tokens, opportunities, contacts, triggered, received, job_kinds) WITH ORDINALITY
             AS come (webhook, token, opportunity, contact, triggered_at, received_at, job_kind, place)
        LEFT JOIN webhooks w ON w.tenant_id = for_tenant AND w.id = come.webhook AND w.signature_token IS NOT NULL
                            AND (w.accept_until IS NULL OR w.accept_until > come.received_at)
    ), stored AS (
        INSERT INTO webhook_deliveries
            (tenant_id, token_hash, webhook_id, event, opportunity_id, contact_id, triggered_at, received_at, settled_at)
        SELECT for_tenant, token, webhook, registered_for, opportunity, contact, triggered_at, received_at,
               CASE WHEN job_kind IS NULL THEN received_at END
        FROM come
        WHERE first AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.tenant_id = for_tenant AND d.token_hash = come.token)
        RETURNING token_hash
    )
    SELECT array_agg(CASE WHEN come.registered_for IS NULL THEN 'refused' WHEN come.first AND stored.token_hash IS NOT NULL THEN 'new' ELSE 'known' END
                     ORDER BY come.place)
    INTO outcomes
    FROM come LEFT JOIN stored ON stored.token_hash = come.token;
    -- A job that waits already is left alone, unless it pauses after a failure.
    FOR wanted IN
        SELECT DISTINCT ON (it.kind, it.key) it.kind, it.key, it.job, it.priority, it.asked_at
        FROM unnest(job_kinds, job_keys, wanted_jobs, priorities, received, outcomes) AS it (kind, key, job, priority, asked_at, outcome)
        WHERE it.outcome = 'new' AND it.kind IS NOT NULL
          AND NOT EXISTS (SELECT FROM jobs j WHERE j.tenant_id = for_tenant AND j.kind = it.kind AND j.key = it.key AND j.lease_until IS NULL
                                               AND NOT (j.last_error IS NOT NULL AND j.run_at > it.asked_at))
        ORDER BY it.kind, it.key
    LOOP
        PERFORM ask_for_reading(for_tenant, wanted.kind, wanted.key, wanted.job, wanted.priority, wanted.asked_at);
    END LOOP;
    RETURN outcomes;
END $$;
