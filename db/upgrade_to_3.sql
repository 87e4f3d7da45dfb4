-- Upgrades schema 2 to 3. It is not known with which constants of their chains older rows were
-- measured.
ALTER TABLE context ADD COLUMN epilogue TEXT NOT NULL DEFAULT '';
