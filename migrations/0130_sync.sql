-- Keeping the copy fresh: how far each of Lever's lists of changes was read, what is to be read again because of it, and what could
-- not be read.

ALTER TABLE sync_runs
    -- a reconciliation that only says what it would do
    ADD COLUMN dry_run boolean NOT NULL DEFAULT false;

ALTER TABLE sync_steps
    -- from when on changes are asked for; null: from a little before the run began
    ADD COLUMN since timestamptz,
    -- what changed before then is in the list for sure: our time or Lever's before the first page, whichever was earlier
    ADD COLUMN until timestamptz;

-- How far a list was read by the connection of that epoch. A list that takes no span of time was read whole then.
CREATE TABLE sync_cursors (
    tenant_id  uuid NOT NULL REFERENCES organizations,
    step       text NOT NULL,
    epoch      bigint NOT NULL,
    read_until timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, step)
);

-- Opportunities that changed: what hangs on them is to be read again, and they themselves too when `whole`.
CREATE TABLE sync_due (
    tenant_id      uuid NOT NULL REFERENCES organizations,
    opportunity_id text NOT NULL,
    whole          boolean NOT NULL,
    asked_at       timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, opportunity_id)
);
CREATE INDEX sync_due_oldest ON sync_due (tenant_id, asked_at, opportunity_id);

-- What hangs on an opportunity and cannot be read: left alone until `retry_at`, so that it does not eat the budget of the rest.
CREATE TABLE sync_quarantine (
    tenant_id      uuid NOT NULL REFERENCES organizations,
    object         text NOT NULL,
    opportunity_id text NOT NULL,
    reason         text NOT NULL,
    failures       integer NOT NULL,
    retry_at       timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, object, opportunity_id)
);

-- What a reconciliation found about each id: 'same', 'missing' here, 'changed', or 'gone' from Lever. 'same' goes with the run's end.
CREATE TABLE sync_findings (
    tenant_id uuid NOT NULL,
    run_id    uuid NOT NULL,
    object    text NOT NULL,
    id        text NOT NULL,
    finding   text NOT NULL CHECK (finding IN ('same', 'missing', 'changed', 'gone')),
    PRIMARY KEY (tenant_id, run_id, object, id),
    FOREIGN KEY (tenant_id, run_id) REFERENCES sync_runs ON DELETE CASCADE
);

CALL protect_tenant_table('sync_cursors');
CALL protect_tenant_table('sync_due');
CALL protect_tenant_table('sync_quarantine');
CALL protect_tenant_table('sync_findings');

-- Connections made before there was a regular sync get theirs now.
INSERT INTO jobs (tenant_id, kind, key, payload, priority, run_at, created_at)
SELECT tenant_id, 'keep_fresh', '', '{"job": "keep_fresh"}', 25, now(), now() FROM connections WHERE status = 'connected'
ON CONFLICT DO NOTHING;
