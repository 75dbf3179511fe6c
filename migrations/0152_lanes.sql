-- Jobs are claimed lane by lane, a lane being an organization's jobs of one priority: the next of each is found without a look at
-- all the others that wait.
CREATE INDEX jobs_by_lane ON jobs (tenant_id, priority, run_at);
DROP INDEX jobs_due;
