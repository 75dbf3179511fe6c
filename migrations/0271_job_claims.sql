-- No two claims are the same, not even those of a job that was done and is asked for again: whoever lost theirs long ago holds nothing.
-- Begins above any number that a job has counted up to.
CREATE SEQUENCE job_claims START 1000000000;
GRANT USAGE ON SEQUENCE job_claims TO lever_integration_dispatch;
