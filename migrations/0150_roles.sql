-- Whoever logs in must be able to take the two roles. From version 16 on, a role that may create roles is a member of those that it
-- makes, yet may not take them (SET) until it says so: membership alone, which is all that 0001 looked for, is not enough.
DO $$
DECLARE wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['lever_integration_app', 'lever_integration_dispatch'] LOOP
        IF current_setting('server_version_num')::integer < 160000 THEN
            IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
                EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
            END IF;
        ELSIF NOT pg_has_role(current_user, wanted, 'SET') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER WITH SET TRUE, INHERIT TRUE', wanted);
        END IF;
    END LOOP;
END $$;

-- As at the end of 0130, for an owner that is no superuser: forced row-level security showed it no connections there.
ALTER TABLE connections NO FORCE ROW LEVEL SECURITY;
ALTER TABLE jobs NO FORCE ROW LEVEL SECURITY;
INSERT INTO jobs (tenant_id, kind, key, payload, priority, run_at, created_at)
SELECT tenant_id, 'keep_fresh', '', '{"job": "keep_fresh"}', 25, now(), now() FROM connections WHERE status = 'connected'
ON CONFLICT DO NOTHING;
ALTER TABLE jobs FORCE ROW LEVEL SECURITY;
ALTER TABLE connections FORCE ROW LEVEL SECURITY;
