-- Every write made at Lever, recorded and committed before it is sent, and the answers promised to idempotent callers.

CREATE TABLE operations (
    tenant_id      uuid NOT NULL REFERENCES organizations,
    id             uuid NOT NULL,
    kind           text NOT NULL,
    status         text NOT NULL CHECK (status IN ('prepared', 'sending', 'unknown', 'succeeded', 'failed')),
    caller         text NOT NULL,       -- ModernLoop user
    caller_email   text NOT NULL,
    perform_as     text,                -- Lever user
    opportunity_id text NOT NULL,
    panel_id       text,
    interview_id   text,
    mark           text,                -- the unique externalUrl that this booking carries at Lever
    request        jsonb NOT NULL,      -- the exact body
    attempts       integer NOT NULL DEFAULT 0,
    epoch          bigint NOT NULL DEFAULT 0,  -- who works on it: grows with every claim
    lease_until    timestamptz,
    sent_at        timestamptz,
    lever_status   integer,
    lever_code     text,
    lever_message  text,
    created_at     timestamptz NOT NULL,
    settled_at     timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX operations_newest ON operations (tenant_id, created_at DESC, id DESC);
CREATE INDEX operations_open ON operations (tenant_id, lease_until) WHERE status IN ('prepared', 'sending', 'unknown');

CREATE TABLE idempotency_keys (
    tenant_id    uuid NOT NULL REFERENCES organizations,
    caller       text NOT NULL,
    route        text NOT NULL,
    key          text NOT NULL,
    fingerprint  bytea NOT NULL,
    operation_id uuid,
    status       integer,               -- null while the first request runs
    headers      jsonb,
    body         jsonb,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, caller, route, key)
);

CALL protect_tenant_table('operations');
CALL protect_tenant_table('idempotency_keys');
