-- Lever counts the requests of a customer account, whoever asks: organizations that have connected the same one share its bucket. While an
-- account is not known by its id, it is taken to be the organization's alone.
--
-- Of no organization, so the application's role has no right to it. It only swaps, and only the bucket of the account that the organization
-- is connected to: nobody else's can be named.
CREATE TABLE lever_account_budgets (
    account    text PRIMARY KEY,            -- Lever's environment and id of the account; else the organization
    version    bigint NOT NULL,
    -- As in lever_budgets, which this replaces.
    tokens     double precision NOT NULL,
    filled_at  timestamptz NOT NULL,
    pace       double precision NOT NULL,
    slowed_at  timestamptz NOT NULL,
    shut_until timestamptz NOT NULL
);
-- No two buckets have ever the same version: whoever is connected to another account by now has seen none of that one. Begins above any
-- version of a bucket that was an organization's.
CREATE SEQUENCE lever_budget_versions START 1000000000000;

CREATE FUNCTION lever_budget_account(for_tenant uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT environment || ' ' || account_id FROM connections WHERE tenant_id = for_tenant), for_tenant::text)
$$;

-- The function below works as the owner of the tables, who need not be a member of the application's role: it sees the connection of the
-- organization that it is asked for.
CREATE POLICY one_tenant_for_owner ON connections FOR SELECT TO CURRENT_USER USING (tenant_id = current_tenant());

-- Of organizations that share an account from now on, the one that has used more of it knows best.
ALTER TABLE lever_budgets NO FORCE ROW LEVEL SECURITY;
ALTER TABLE connections NO FORCE ROW LEVEL SECURITY;
INSERT INTO lever_account_budgets
SELECT DISTINCT ON (lever_budget_account(tenant_id))
       lever_budget_account(tenant_id), nextval('lever_budget_versions'), tokens, filled_at, pace, slowed_at, shut_until
FROM lever_budgets ORDER BY lever_budget_account(tenant_id), shut_until DESC, tokens;
ALTER TABLE connections FORCE ROW LEVEL SECURITY;
DROP TABLE lever_budgets;

-- As before, by account.
CREATE OR REPLACE FUNCTION swap_lever_budget(
    for_tenant uuid, seen bigint, new_tokens double precision, new_filled_at timestamptz, new_pace double precision,
    new_slowed_at timestamptz, new_shut_until timestamptz
) RETURNS TABLE (
    swapped boolean, version bigint, tokens double precision, filled_at timestamptz, pace double precision, slowed_at timestamptz,
    shut_until timestamptz, clock timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    done boolean := false;
    theirs text;
BEGIN
    PERFORM set_config('app.tenant', for_tenant::text, true), set_config('synchronous_commit', 'off', true);
    theirs := lever_budget_account(for_tenant);
    IF seen = 0 THEN
        INSERT INTO lever_account_budgets
        VALUES (theirs, nextval('lever_budget_versions'), new_tokens, new_filled_at, new_pace, new_slowed_at, new_shut_until)
        ON CONFLICT DO NOTHING;
        done := FOUND;
    ELSIF seen > 0 THEN
        UPDATE lever_account_budgets b SET version = nextval('lever_budget_versions'), tokens = new_tokens, filled_at = new_filled_at,
               pace = new_pace, slowed_at = new_slowed_at, shut_until = new_shut_until
        WHERE b.account = theirs AND b.version = seen;
        done := FOUND;
    END IF;
    RETURN QUERY SELECT done, b.version, b.tokens, b.filled_at, b.pace, b.slowed_at, b.shut_until, clock_timestamp()
    FROM (SELECT 1) AS always LEFT JOIN lever_account_budgets b ON b.account = theirs;
END $$;
REVOKE ALL ON FUNCTION swap_lever_budget FROM PUBLIC;
GRANT EXECUTE ON FUNCTION swap_lever_budget TO lever_integration_app;
