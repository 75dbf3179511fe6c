-- A token endpoint that fails is remembered, so that nobody asks again before its time and people are told.

ALTER TABLE connections
    ADD COLUMN refresh_failing_since timestamptz,           -- since when no refresh has succeeded; null while all is well
    ADD COLUMN refresh_failures      integer NOT NULL DEFAULT 0,
    ADD COLUMN refresh_retry_at      timestamptz,           -- nobody asks before then
    ADD COLUMN refresh_refused       boolean NOT NULL DEFAULT false; -- refused as an application: asking again will hardly help

-- Which Lever a Connect click went to: its callback is only good there.
ALTER TABLE authorizations ADD COLUMN environment text;
