-- Webhooks that we registered at Lever, and every delivery that was believed.

CREATE TABLE webhooks (
    tenant_id         uuid NOT NULL REFERENCES organizations,
    id                text NOT NULL,      -- the unguessable last part of the url
    event             text NOT NULL,
    url               text NOT NULL,
    lever_id          text,               -- null until Lever's answer to the registration is stored
    signature_token   bytea,              -- sealed
    created_at        timestamptz NOT NULL,
    retired_at        timestamptz,        -- removed at Lever; its key still verifies what is under way until `accept_until`
    accept_until      timestamptz,
    PRIMARY KEY (tenant_id, id)
);

-- `token` is random per delivery: its hash, remembered in the same transaction as the job, refuses replays.
CREATE TABLE webhook_deliveries (
    tenant_id      uuid NOT NULL REFERENCES organizations,
    token_hash     bytea NOT NULL,
    webhook_id     text NOT NULL,
    event          text NOT NULL,
    opportunity_id text,
    contact_id     text,
    triggered_at   timestamptz NOT NULL,
    received_at    timestamptz NOT NULL,
    settled_at     timestamptz,
    PRIMARY KEY (tenant_id, token_hash)
);
CREATE INDEX webhook_deliveries_open ON webhook_deliveries (tenant_id, opportunity_id) WHERE settled_at IS NULL;
CREATE INDEX webhook_deliveries_newest ON webhook_deliveries (tenant_id, webhook_id, received_at DESC);

CALL protect_tenant_table('webhooks');
CALL protect_tenant_table('webhook_deliveries');
