-- An organization's connection to Lever, and the authorizations that wait for their callback.

CREATE TABLE connections (
    tenant_id           uuid PRIMARY KEY REFERENCES organizations,
    status              text NOT NULL CHECK (status IN ('connected', 'incomplete', 'reauthorization_required', 'disconnected')),
    -- grows with every connect and disconnect: what began under another epoch stops
    epoch               bigint NOT NULL DEFAULT 1,
    environment         text NOT NULL,
    api_root            text,               -- the data centre that Lever redirected to, when it did
    account_id          text,               -- Lever's id of the customer account
    lever_user_id       text,               -- the Lever user who granted access
    lever_user_name     text,
    lever_user_email    text,
    lever_user_role     text,
    connected_by        text,               -- the ModernLoop user who clicked Connect
    connected_at        timestamptz,
    disconnected_at     timestamptz,
    granted_scopes      text[] NOT NULL DEFAULT '{}',
    -- Tokens are sealed; `token_version` grows with every pair stored and fences concurrent refreshes.
    access_token        bytea,
    refresh_token       bytea,
    token_version       bigint NOT NULL DEFAULT 0,
    access_expires_at   timestamptz,
    refreshed_at        timestamptz,
    refresh_holder      uuid,
    refresh_lease_until timestamptz,
    last_sync_at        timestamptz,
    updated_at          timestamptz NOT NULL
);
CALL protect_tenant_table('connections');
-- What the scheduler needs to find work; no name, no token.
GRANT SELECT (tenant_id, status, epoch, refreshed_at, last_sync_at) ON connections TO lever_integration_dispatch;
CREATE POLICY dispatch ON connections FOR SELECT TO lever_integration_dispatch USING (true);

-- One Connect click that has not come back yet: single use, ten minutes, bound to the browser session that began it.
CREATE TABLE authorizations (
    tenant_id    uuid NOT NULL REFERENCES organizations,
    state_hash   bytea NOT NULL,
    session_hash bytea NOT NULL,
    begun_by     text NOT NULL,
    redirect_uri text NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz,
    PRIMARY KEY (tenant_id, state_hash)
);
CALL protect_tenant_table('authorizations');
