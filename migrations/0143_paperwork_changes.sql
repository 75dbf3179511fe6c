-- Notes and resumes are shown with their candidate: whoever watches is told of the candidate.

CREATE FUNCTION note_new_paperwork() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (tenant_id, kind, ids)
    SELECT tenant_id, 'opportunity', named_if_few(array_agg(DISTINCT opportunity_id)) FROM new_rows GROUP BY tenant_id;
    RETURN NULL;
END $$;

CREATE FUNCTION note_changed_paperwork() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (tenant_id, kind, ids)
    SELECT tenant_id, 'opportunity', named_if_few(array_agg(DISTINCT opportunity_id))
    FROM new_rows JOIN old_rows USING (tenant_id, opportunity_id, id)
    WHERE new_rows.raw IS DISTINCT FROM old_rows.raw OR new_rows.gone_at IS DISTINCT FROM old_rows.gone_at
    GROUP BY tenant_id;
    RETURN NULL;
END $$;

CREATE TRIGGER note_new AFTER INSERT ON notes REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_new_paperwork();
CREATE TRIGGER note_changed AFTER UPDATE ON notes REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_changed_paperwork();
CREATE TRIGGER note_new AFTER INSERT ON resumes REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_new_paperwork();
CREATE TRIGGER note_changed AFTER UPDATE ON resumes REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_changed_paperwork();
