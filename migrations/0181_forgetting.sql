-- Forgetting a person wholly: whoever was anonymized or deleted at Lever leaves no words behind here, whoever found it out.

ALTER TABLE opportunities
    -- when the person was found anonymized: what was read before then is about somebody nobody is to know any more
    ADD COLUMN forgotten_at timestamptz;

-- A document without what people wrote in it: its form stays, so that whoever reads it still can.
CREATE FUNCTION without_words(document jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    CASE jsonb_typeof(document)
    WHEN 'object' THEN
        RETURN (SELECT coalesce(jsonb_object_agg(key, CASE WHEN jsonb_typeof(value) = 'string' AND key IN ('note', 'subject', 'location', 'value', 'text')
                                                           THEN '""'::jsonb ELSE without_words(value) END), '{}')
                FROM jsonb_each(document));
    WHEN 'array' THEN
        RETURN (SELECT coalesce(jsonb_agg(without_words(item) ORDER BY place), '[]') FROM jsonb_array_elements(document) WITH ORDINALITY AS e (item, place));
    ELSE
        RETURN document;
    END CASE;
END $$;

-- The log of what was written at Lever goes on saying who wrote what kind of thing when, and no longer what. The answers promised to
-- repeated requests are made anew from it: without an answer that is kept, but with an operation, a key still never writes twice.
CREATE FUNCTION forget_words_about_people() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tenant uuid;
    forgotten text[];
BEGIN
    -- A statement is always about one organization.
    SELECT min(n.tenant_id::text)::uuid, array_agg(n.id) INTO tenant, forgotten
    FROM new_rows n JOIN old_rows o USING (tenant_id, id)
    WHERE (n.anonymized AND NOT o.anonymized)
       OR (n.gone_at IS NOT NULL AND n.raw = jsonb_build_object('id', n.id) AND (o.gone_at IS NULL OR o.raw <> n.raw));
    IF forgotten IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE idempotency_keys SET status = NULL, headers = NULL, body = NULL
    WHERE tenant_id = tenant AND status IS NOT NULL
      AND operation_id IN (SELECT id FROM operations WHERE tenant_id = tenant AND opportunity_id = ANY(forgotten) AND settled_at IS NOT NULL);
    -- A refusal that wrote nothing may name whom it was about.
    DELETE FROM idempotency_keys k
    WHERE tenant_id = tenant AND operation_id IS NULL AND status IS NOT NULL
      AND EXISTS (SELECT FROM unnest(forgotten) AS id WHERE strpos(k.body, id) > 0);
    UPDATE operations
    SET request = without_words(request), lever_message = NULL,
        error_message = CASE WHEN error_code = 'lever_rejected' THEN 'Lever refused this.' ELSE error_message END
    WHERE tenant_id = tenant AND opportunity_id = ANY(forgotten) AND settled_at IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_words AFTER UPDATE ON opportunities REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION forget_words_about_people();

-- A write that was still under way then forgets its words with its outcome.
CREATE FUNCTION forget_words_of_operation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM opportunities
               WHERE tenant_id = NEW.tenant_id AND id = NEW.opportunity_id
                 AND (anonymized OR (gone_at IS NOT NULL AND raw = jsonb_build_object('id', id)))) THEN
        NEW.request := without_words(NEW.request);
        NEW.lever_message := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER forget_words BEFORE UPDATE OF settled_at ON operations FOR EACH ROW
    WHEN (NEW.settled_at IS NOT NULL AND OLD.settled_at IS NULL) EXECUTE FUNCTION forget_words_of_operation();

-- What hangs on an archived candidate is read again only when something happened to them. That it did shows in their row, whoever read
-- it: then notes and resumes are due, and after an anonymization the person's other candidacies too.
CREATE FUNCTION ask_for_what_hangs_on_opportunities() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sync_due (tenant_id, opportunity_id, whole, asked_at)
    SELECT tenant_id, id, bool_or(whole), max(asked_at) FROM (
        SELECT n.tenant_id, n.id, false AS whole, n.synced_at AS asked_at
        FROM new_rows n JOIN old_rows o USING (tenant_id, id)
        WHERE n.gone_at IS NULL AND (n.archived_at IS NOT NULL OR n.anonymized) AND n.raw IS DISTINCT FROM o.raw
        UNION ALL
        SELECT other.tenant_id, other.id, true, n.synced_at
        FROM new_rows n JOIN old_rows o USING (tenant_id, id)
        JOIN opportunities other ON other.tenant_id = n.tenant_id AND other.contact_id = n.contact_id AND other.id <> n.id
        WHERE n.gone_at IS NULL AND n.anonymized AND NOT o.anonymized AND other.gone_at IS NULL AND NOT other.anonymized
    ) asked
    GROUP BY tenant_id, id ORDER BY id
    ON CONFLICT (tenant_id, opportunity_id) DO UPDATE
    SET whole = sync_due.whole OR excluded.whole, asked_at = greatest(sync_due.asked_at, excluded.asked_at);
    RETURN NULL;
END $$;
CREATE TRIGGER ask_for_children AFTER UPDATE ON opportunities REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION ask_for_what_hangs_on_opportunities();

-- Of what is gone nothing is kept but its id; so it was with notes and resumes from the beginning.
ALTER TABLE panels NO FORCE ROW LEVEL SECURITY;
ALTER TABLE interviews NO FORCE ROW LEVEL SECURITY;
ALTER TABLE changes NO FORCE ROW LEVEL SECURITY;
UPDATE panels SET raw = jsonb_build_object('id', id) WHERE gone_at IS NOT NULL;
UPDATE interviews SET raw = jsonb_build_object('id', id) WHERE gone_at IS NOT NULL;
ALTER TABLE panels FORCE ROW LEVEL SECURITY;
ALTER TABLE interviews FORCE ROW LEVEL SECURITY;
ALTER TABLE changes FORCE ROW LEVEL SECURITY;
