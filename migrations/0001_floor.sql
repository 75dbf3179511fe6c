-- The floor: roles, organizations, browser sessions, jobs.
--
-- Two roles carry row-level security. Neither can log in, owns anything or may bypass it.
--   lever_integration_app       all work for one organization: sees the rows of `app.tenant`, nothing without it
--   lever_integration_dispatch  finds work across organizations: sees the columns that say what is due, and no customer data
-- Roles belong to the whole server, so several databases may create them at once.
DO $$
DECLARE wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['lever_integration_app', 'lever_integration_dispatch'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', wanted);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- another database's migration made it in this very moment
        END;
        IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
        END IF;
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO lever_integration_app, lever_integration_dispatch;

-- The organization that the current transaction works for; null (so: no rows) when nobody said.
CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.tenant', true), '')::uuid;

-- The second wall, said once: forces row-level security on a table and lets the application role see one organization's rows.
CREATE PROCEDURE protect_tenant_table(target regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY one_tenant ON %s TO lever_integration_app '
                   'USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', target);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO lever_integration_app', target);
END $$;

-- `readyz` compares what is applied with what this version needs.
GRANT SELECT ON _sqlx_migrations TO lever_integration_app;

CREATE TABLE organizations (
    tenant_id  uuid PRIMARY KEY,
    created_at timestamptz NOT NULL
);
CALL protect_tenant_table('organizations');

-- A browser session of the pages. The cookie names its organization and a secret; only the secret's hash is here.
CREATE TABLE browser_sessions (
    tenant_id   uuid NOT NULL REFERENCES organizations,
    secret_hash bytea NOT NULL,
    user_id     text NOT NULL,
    email       text NOT NULL,
    role        text NOT NULL CHECK (role IN ('admin', 'member')),
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, secret_hash)
);
CALL protect_tenant_table('browser_sessions');

-- Work that will be done at least once. One row per (kind, key): asking again while it waits changes nothing, asking again
-- while it runs (generation moves) makes it run once more. `epoch` grows with every claim and fences a worker that lost its lease.
CREATE TABLE jobs (
    tenant_id   uuid NOT NULL REFERENCES organizations,
    kind        text NOT NULL,
    key         text NOT NULL,
    payload     jsonb NOT NULL,
    priority    smallint NOT NULL,
    run_at      timestamptz NOT NULL,
    attempts    integer NOT NULL DEFAULT 0,
    generation  bigint NOT NULL DEFAULT 0,
    epoch       bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    last_error  text,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, key)
);
CREATE INDEX jobs_due ON jobs (priority, run_at);
CALL protect_tenant_table('jobs');
GRANT SELECT, UPDATE, DELETE ON jobs TO lever_integration_dispatch;
CREATE POLICY dispatch ON jobs TO lever_integration_dispatch USING (true) WITH CHECK (true);
