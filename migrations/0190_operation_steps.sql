-- Every step of an operation, oldest first: each attempt with when it was sent, in whose name, where, and what Lever answered. The log
-- shows them; nothing is decided by them.
ALTER TABLE operations ADD COLUMN steps jsonb NOT NULL DEFAULT '[]';

-- The steps with what became of the last one.
CREATE FUNCTION with_step_ended(steps jsonb, ended jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN jsonb_array_length(steps) = 0 THEN steps ELSE jsonb_set(steps, '{-1}', (steps -> -1) || ended) END
$$;
