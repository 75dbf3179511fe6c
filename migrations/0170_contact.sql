-- Whether Lever answers a connection's requests: since when it has not, and when it was last asked in vain. Both are null while it does.
ALTER TABLE connection_care ADD COLUMN unreachable_since timestamptz, ADD COLUMN unreachable_at timestamptz;

-- Who watches the connection is told.
CREATE TRIGGER note_lost AFTER INSERT ON connection_care FOR EACH ROW
    WHEN (NEW.unreachable_since IS NOT NULL) EXECUTE FUNCTION note_changed_care();
CREATE TRIGGER note_contact AFTER UPDATE ON connection_care FOR EACH ROW
    WHEN (OLD.unreachable_since IS DISTINCT FROM NEW.unreachable_since) EXECUTE FUNCTION note_changed_care();
