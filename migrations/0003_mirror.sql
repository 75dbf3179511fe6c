-- Our copy of Lever's objects. Ids are Lever's own text, without foreign keys between synced tables: Lever references
-- objects that no list returns. `raw` is the whole object as Lever sent it; the columns are what queries need.
-- `synced_at` is when the read that brought the row was SENT: an older read never overwrites a newer one.
-- `gone_at` marks what Lever no longer has.

CREATE TABLE users (
    tenant_id      uuid NOT NULL REFERENCES organizations,
    id             text NOT NULL,
    name           text,
    email          text,
    access_role    text,
    photo          text,
    job_title      text,
    deactivated_at timestamptz,
    raw            jsonb NOT NULL,
    synced_at      timestamptz NOT NULL,
    gone_at        timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX users_by_email ON users (tenant_id, lower(email));

CREATE TABLE stages (
    tenant_id uuid NOT NULL REFERENCES organizations,
    id        text NOT NULL,
    text      text,
    position  integer NOT NULL,
    raw       jsonb NOT NULL,
    synced_at timestamptz NOT NULL,
    gone_at   timestamptz,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE archive_reasons (
    tenant_id uuid NOT NULL REFERENCES organizations,
    id        text NOT NULL,
    text      text,
    type      text,
    status    text,
    raw       jsonb NOT NULL,
    synced_at timestamptz NOT NULL,
    gone_at   timestamptz,
    PRIMARY KEY (tenant_id, id)
);

-- A tag has no id at Lever: its text is the key.
CREATE TABLE tags (
    tenant_id uuid NOT NULL REFERENCES organizations,
    id        text NOT NULL,
    count     bigint,
    raw       jsonb NOT NULL,
    synced_at timestamptz NOT NULL,
    gone_at   timestamptz,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE feedback_templates (
    tenant_id  uuid NOT NULL REFERENCES organizations,
    id         text NOT NULL,
    text       text,
    group_name text,
    stage_id   text,
    raw        jsonb NOT NULL,
    synced_at  timestamptz NOT NULL,
    gone_at    timestamptz,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE postings (
    tenant_id         uuid NOT NULL REFERENCES organizations,
    id                text NOT NULL,
    title             text,
    state             text,
    confidential      boolean NOT NULL,
    owner_id          text,
    hiring_manager_id text,
    lever_created_at  timestamptz,
    lever_updated_at  timestamptz,
    raw               jsonb NOT NULL,
    synced_at         timestamptz NOT NULL,
    gone_at           timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX postings_newest ON postings (tenant_id, lever_created_at DESC NULLS LAST, id);

CREATE TABLE contacts (
    tenant_id  uuid NOT NULL REFERENCES organizations,
    id         text NOT NULL,
    name       text,
    headline   text,
    emails     text[] NOT NULL,
    anonymized boolean NOT NULL,
    raw        jsonb NOT NULL,
    synced_at  timestamptz NOT NULL,
    gone_at    timestamptz,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE opportunities (
    tenant_id           uuid NOT NULL REFERENCES organizations,
    id                  text NOT NULL,
    contact_id          text,
    name                text,
    emails              text[] NOT NULL,
    stage_id            text,
    owner_id            text,
    application_id      text,
    posting_id          text,
    tags                text[] NOT NULL,
    archived_at         timestamptz,
    archive_reason_id   text,
    confidential        boolean NOT NULL,
    anonymized          boolean NOT NULL,
    lever_created_at    timestamptz NOT NULL, -- the epoch when Lever sent none
    lever_updated_at    timestamptz,
    last_interaction_at timestamptz,
    application         jsonb,                -- the expanded application, whole
    raw                 jsonb NOT NULL,       -- references as ids again: `contact` and `applications` have rows of their own
    search              text NOT NULL,        -- lower-case name and addresses
    synced_at           timestamptz NOT NULL,
    panels_synced_at    timestamptz,
    gone_at             timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX opportunities_newest ON opportunities (tenant_id, lever_created_at DESC, id) WHERE gone_at IS NULL;
CREATE INDEX opportunities_active ON opportunities (tenant_id, lever_created_at DESC, id) WHERE gone_at IS NULL AND archived_at IS NULL;
CREATE INDEX opportunities_by_contact ON opportunities (tenant_id, contact_id);
CREATE INDEX opportunities_by_stage ON opportunities (tenant_id, stage_id);
CREATE INDEX opportunities_by_posting ON opportunities (tenant_id, posting_id);

CREATE TABLE panels (
    tenant_id          uuid NOT NULL REFERENCES organizations,
    id                 text NOT NULL,
    opportunity_id     text NOT NULL,
    start_at           timestamptz,
    end_at             timestamptz,
    canceled_at        timestamptz,
    externally_managed boolean NOT NULL,
    external_url       text,
    raw                jsonb NOT NULL,
    version            text NOT NULL,       -- hash of `raw`: the ETag
    synced_at          timestamptz NOT NULL,
    gone_at            timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX panels_by_opportunity ON panels (tenant_id, opportunity_id);
CREATE INDEX panels_by_time ON panels (tenant_id, start_at, id) WHERE gone_at IS NULL;
CREATE INDEX panels_by_mark ON panels (tenant_id, external_url) WHERE external_url IS NOT NULL;

-- The interviews inside the panels, one row each, so that they can be found by time and by person.
CREATE TABLE interviews (
    tenant_id       uuid NOT NULL REFERENCES organizations,
    id              text NOT NULL,
    panel_id        text NOT NULL,
    opportunity_id  text NOT NULL,
    start_at        timestamptz,
    end_at          timestamptz,
    canceled_at     timestamptz,
    interviewer_ids text[] NOT NULL,
    raw             jsonb NOT NULL,
    synced_at       timestamptz NOT NULL,
    gone_at         timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX interviews_by_panel ON interviews (tenant_id, panel_id);
CREATE INDEX interviews_by_time ON interviews (tenant_id, start_at, id) WHERE gone_at IS NULL;
CREATE INDEX interviews_by_person ON interviews USING gin (interviewer_ids);

CALL protect_tenant_table('users');
CALL protect_tenant_table('stages');
CALL protect_tenant_table('archive_reasons');
CALL protect_tenant_table('tags');
CALL protect_tenant_table('feedback_templates');
CALL protect_tenant_table('postings');
CALL protect_tenant_table('contacts');
CALL protect_tenant_table('opportunities');
CALL protect_tenant_table('panels');
CALL protect_tenant_table('interviews');
