-- The right to ask Lever, shared by all replicas: one token bucket per organization's connected account. The arithmetic is in
-- src/lever/bucket.rs; here a state is only replaced by the next one, if nobody else was faster (compare and swap on `version`).

CREATE TABLE lever_budgets (
    tenant_id  uuid PRIMARY KEY REFERENCES organizations,
    version    bigint NOT NULL,
    -- Times are this server's own, whoever asks: the replicas' clocks may differ by more than a bucket holds.
    tokens     double precision NOT NULL,   -- as of filled_at; below zero while slots ahead are given out
    filled_at  timestamptz NOT NULL,
    pace       double precision NOT NULL,   -- share of the full rate, as of slowed_at
    slowed_at  timestamptz NOT NULL,        -- the last 429 that counted
    shut_until timestamptz NOT NULL
);
CALL protect_tenant_table('lever_budgets');

-- Puts a state in the place of version `seen` (0: there is none yet; -1: only look) and tells what is there now, in one round trip.
-- Losing the last moments of it in a crash of the server is harmless, and waiting for the disk is not: a person may be waiting.
CREATE FUNCTION swap_lever_budget(
    for_tenant uuid, seen bigint, new_tokens double precision, new_filled_at timestamptz, new_pace double precision,
    new_slowed_at timestamptz, new_shut_until timestamptz
) RETURNS TABLE (
    swapped boolean, version bigint, tokens double precision, filled_at timestamptz, pace double precision, slowed_at timestamptz,
    shut_until timestamptz, clock timestamptz
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    done boolean := false;
BEGIN
    PERFORM set_config('app.tenant', for_tenant::text, true), set_config('synchronous_commit', 'off', true);
    IF seen = 0 THEN
        INSERT INTO lever_budgets VALUES (for_tenant, 1, new_tokens, new_filled_at, new_pace, new_slowed_at, new_shut_until)
        ON CONFLICT DO NOTHING;
        done := FOUND;
    ELSIF seen > 0 THEN
        UPDATE lever_budgets b SET version = seen + 1, tokens = new_tokens, filled_at = new_filled_at, pace = new_pace,
               slowed_at = new_slowed_at, shut_until = new_shut_until
        WHERE b.tenant_id = for_tenant AND b.version = seen;
        done := FOUND;
    END IF;
    RETURN QUERY SELECT done, b.version, b.tokens, b.filled_at, b.pace, b.slowed_at, b.shut_until, clock_timestamp()
    FROM (SELECT 1) AS always LEFT JOIN lever_budgets b ON b.tenant_id = for_tenant;
END $$;
