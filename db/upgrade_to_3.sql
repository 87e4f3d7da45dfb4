-- From schema 2 to 3. With which constants of their chains older rows were measured is not known.
ALTER TABLE context ADD COLUMN epilogue TEXT NOT NULL DEFAULT '';
