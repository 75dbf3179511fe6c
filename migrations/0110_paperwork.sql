-- Notes and resumes of opportunities, and when each opportunity's set of them was last read as a whole. The key holds the
-- opportunity: a set belongs to it, and Lever promises nowhere that an id hangs on one opportunity alone.

CREATE TABLE notes (
    tenant_id        uuid NOT NULL REFERENCES organizations,
    opportunity_id   text NOT NULL,
    id               text NOT NULL,
    secret           boolean NOT NULL,
    lever_created_at timestamptz NOT NULL, -- the epoch when Lever sent none
    raw              jsonb NOT NULL,       -- emptied when the note is gone
    synced_at        timestamptz NOT NULL,
    gone_at          timestamptz,
    PRIMARY KEY (tenant_id, opportunity_id, id)
);
CREATE INDEX notes_newest ON notes (tenant_id, opportunity_id, lever_created_at DESC, id) WHERE gone_at IS NULL;

-- The files themselves are never kept: `raw` holds what Lever read out of them.
CREATE TABLE resumes (
    tenant_id        uuid NOT NULL REFERENCES organizations,
    opportunity_id   text NOT NULL,
    id               text NOT NULL,
    lever_created_at timestamptz NOT NULL, -- the epoch when Lever sent none
    raw              jsonb NOT NULL,       -- emptied when the resume is gone
    synced_at        timestamptz NOT NULL,
    gone_at          timestamptz,
    PRIMARY KEY (tenant_id, opportunity_id, id)
);
CREATE INDEX resumes_newest ON resumes (tenant_id, opportunity_id, lever_created_at DESC, id) WHERE gone_at IS NULL;

CALL protect_tenant_table('notes');
CALL protect_tenant_table('resumes');

ALTER TABLE opportunities ADD COLUMN notes_synced_at timestamptz, ADD COLUMN resumes_synced_at timestamptz;
