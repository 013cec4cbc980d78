-- Vectors of two models cannot be compared, so each document says which one embedded it.
ALTER TABLE document ADD COLUMN model TEXT NOT NULL DEFAULT '';
