-- What changed in an organization's copy, for whoever watches a page: one row per statement that changed something, in that
-- statement's own transaction. The tables' triggers write it, so that no writer can forget; no NOTIFY, because that takes a
-- database-wide lock at commit. Rows are hints: old ones are deleted, and one that is missed only costs a reload.

CREATE TABLE changes (
    tenant_id uuid NOT NULL,
    number    bigint GENERATED ALWAYS AS IDENTITY,  -- given before the commit: a smaller one may become visible later
    kind      text NOT NULL,
    ids       text[] NOT NULL,                      -- empty: too many to name, or there is only one
    PRIMARY KEY (tenant_id, number)
);
CREATE INDEX changes_by_number ON changes (number);
CALL protect_tenant_table('changes');
-- Finds out whom to wake, and deletes what is old; sees neither kinds nor ids.
GRANT SELECT (tenant_id, number), DELETE ON changes TO lever_integration_dispatch;
CREATE POLICY dispatch ON changes TO lever_integration_dispatch USING (true);

CREATE FUNCTION named_if_few(all_ids text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN cardinality(all_ids) <= 50 THEN all_ids ELSE '{}' END;

-- Every row of the statement counts.
CREATE FUNCTION note_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (tenant_id, kind, ids)
    SELECT tenant_id, TG_ARGV[0], named_if_few(array_agg(id::text)) FROM new_rows GROUP BY tenant_id;
    RETURN NULL;
END $$;

-- Only rows that Lever describes otherwise than before: a sync writes every row anew.
CREATE FUNCTION note_changed_records() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (tenant_id, kind, ids)
    SELECT tenant_id, TG_ARGV[0], named_if_few(array_agg(id)) FROM new_rows JOIN old_rows USING (tenant_id, id)
    WHERE new_rows.raw IS DISTINCT FROM old_rows.raw OR new_rows.gone_at IS DISTINCT FROM old_rows.gone_at
    GROUP BY tenant_id;
    RETURN NULL;
END $$;

CREATE FUNCTION note_changed_opportunities() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (tenant_id, kind, ids)
    SELECT tenant_id, 'opportunity', named_if_few(array_agg(id)) FROM new_rows JOIN old_rows USING (tenant_id, id)
    WHERE new_rows.raw IS DISTINCT FROM old_rows.raw OR new_rows.application IS DISTINCT FROM old_rows.application
       OR new_rows.gone_at IS DISTINCT FROM old_rows.gone_at
    GROUP BY tenant_id;
    RETURN NULL;
END $$;

-- How the connection stands, not the tokens it lives on.
CREATE FUNCTION note_changed_connections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (tenant_id, kind, ids)
    SELECT tenant_id, 'connection', '{}' FROM new_rows n LEFT JOIN old_rows o USING (tenant_id)
    WHERE (n.status, n.epoch, n.account_id, n.lever_user_name, n.lever_user_email, n.lever_user_role, n.granted_scopes, n.last_sync_at)
          IS DISTINCT FROM
          (o.status, o.epoch, o.account_id, o.lever_user_name, o.lever_user_email, o.lever_user_role, o.granted_scopes, o.last_sync_at);
    RETURN NULL;
END $$;

CREATE FUNCTION note_new_connections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (tenant_id, kind, ids) SELECT tenant_id, 'connection', '{}' FROM new_rows;
    RETURN NULL;
END $$;

CREATE TRIGGER note_new AFTER INSERT ON opportunities REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_rows('opportunity');
CREATE TRIGGER note_changed AFTER UPDATE ON opportunities REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_changed_opportunities();
CREATE TRIGGER note_new AFTER INSERT ON panels REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_rows('panel');
CREATE TRIGGER note_changed AFTER UPDATE ON panels REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_changed_records('panel');
CREATE TRIGGER note_changed AFTER UPDATE ON contacts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_changed_records('contact');
CREATE TRIGGER note_new AFTER INSERT ON operations REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_rows('operation');
CREATE TRIGGER note_changed AFTER UPDATE ON operations REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_rows('operation');
CREATE TRIGGER note_new AFTER INSERT ON sync_runs REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_rows('sync');
CREATE TRIGGER note_changed AFTER UPDATE ON sync_runs REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_rows('sync');
CREATE TRIGGER note_new AFTER INSERT ON connections REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_new_connections();
CREATE TRIGGER note_changed AFTER UPDATE ON connections REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_changed_connections();
