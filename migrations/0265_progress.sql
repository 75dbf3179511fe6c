-- What a list had shown when it was begun again and counted anew: what is shown of it does not fall.
ALTER TABLE sync_steps ADD COLUMN shown_before bigint;
