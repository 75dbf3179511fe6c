-- A candidate whom no list of Lever's showed, and for whom Lever could not be asked: whether Lever has it is 'unknown'.
ALTER TABLE sync_findings
    DROP CONSTRAINT sync_findings_finding_check,
    ADD CONSTRAINT sync_findings_finding_check CHECK (finding IN ('same', 'missing', 'changed', 'gone', 'unknown'));
