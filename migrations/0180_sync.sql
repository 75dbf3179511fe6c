-- A set that cannot be read: when it was last tried, so that a full sync can tell what it has tried itself.
ALTER TABLE sync_quarantine ADD COLUMN failed_at timestamptz NOT NULL DEFAULT 'epoch';
ALTER TABLE sync_runs
    -- an incremental sync that found nothing: the newest one is kept, as a sign of life
    ADD COLUMN quiet boolean NOT NULL DEFAULT false;
