-- What searches look through, lower-cased by the service: `lower` knows only ASCII in the C locale.
ALTER TABLE users ADD COLUMN search text NOT NULL DEFAULT '';
ALTER TABLE postings ADD COLUMN search text NOT NULL DEFAULT '';
