-- A note that was written through us is known by its id, and belongs to one operation alone: of two identical notes whose answers
-- were lost, each finds its own.
ALTER TABLE operations ADD COLUMN note_id text;
CREATE UNIQUE INDEX operations_by_note ON operations (tenant_id, note_id) WHERE note_id IS NOT NULL;
-- What was written about one candidate: looked for when a note is, and when the person is forgotten.
CREATE INDEX operations_by_opportunity ON operations (tenant_id, opportunity_id);
