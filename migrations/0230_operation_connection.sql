-- Under which connection a write was sent: what Lever answers after that connection has ended is stored in no copy, which a purge may have
-- emptied. Null: recorded by a version that did not ask.
ALTER TABLE operations ADD COLUMN connection_epoch bigint;
