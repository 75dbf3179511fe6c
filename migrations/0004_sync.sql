-- Runs of the sync and where each of their steps stands. A page and its cursor are committed together.

CREATE TABLE sync_runs (
    tenant_id    uuid NOT NULL REFERENCES organizations,
    id           uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('full', 'incremental', 'reconcile')),
    status       text NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'canceled')),
    requested_by text,
    error        text,
    requests     bigint NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL,
    started_at   timestamptz,
    finished_at  timestamptz,
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
-- One full sync at a time.
CREATE UNIQUE INDEX sync_runs_one_at_a_time ON sync_runs (tenant_id, kind) WHERE status IN ('queued', 'running');
CREATE INDEX sync_runs_newest ON sync_runs (tenant_id, created_at DESC, id DESC);

CREATE TABLE sync_steps (
    tenant_id uuid NOT NULL,
    run_id    uuid NOT NULL,
    position  integer NOT NULL,
    step      text NOT NULL,      -- which list is read
    object    text NOT NULL,      -- which kind of object it brings, as shown to people
    cursor    text,               -- Lever's offset of the next page, or the last id done
    began_at  timestamptz,        -- before the first page was asked for
    synced    bigint NOT NULL DEFAULT 0,
    total     bigint,
    skipped   bigint NOT NULL DEFAULT 0,  -- records or pages that could not be read
    done      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, run_id, position),
    FOREIGN KEY (tenant_id, run_id) REFERENCES sync_runs ON DELETE CASCADE
);

CALL protect_tenant_table('sync_runs');
CALL protect_tenant_table('sync_steps');
