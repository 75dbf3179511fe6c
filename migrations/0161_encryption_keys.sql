-- One value sealed by each key that was ever used here. Who comes with another key of the same id, or with none of these, is told at
-- once and changes nothing. Of no organization: it holds no secret.

CREATE TABLE encryption_keys (
    id         text PRIMARY KEY,
    canary     bytea NOT NULL,
    created_at timestamptz NOT NULL
);
GRANT SELECT, INSERT ON encryption_keys TO lever_integration_dispatch;
