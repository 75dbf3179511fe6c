-- What a run needs to stop with the connection it began under, and a step to begin its list again, to give it up, and to say how far
-- it is.

ALTER TABLE sync_runs
    -- of the connection; a run of another epoch is over
    ADD COLUMN epoch bigint NOT NULL DEFAULT 0;

ALTER TABLE sync_steps
    -- opportunities whose panels were asked for, of how many
    ADD COLUMN visited bigint NOT NULL DEFAULT 0,
    ADD COLUMN to_visit bigint,
    -- answers in a row that could not be read
    ADD COLUMN failures integer NOT NULL DEFAULT 0,
    -- times that Lever no longer accepted the offset
    ADD COLUMN restarts integer NOT NULL DEFAULT 0,
    -- why the list was given up, in a sentence
    ADD COLUMN trouble text;
