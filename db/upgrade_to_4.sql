-- Upgrades schema 3 to 4. Older searches minimised the time, and measured no energy.
ALTER TABLE run ADD COLUMN objective TEXT NOT NULL DEFAULT 'time';
ALTER TABLE trial ADD COLUMN energy_mj REAL NOT NULL DEFAULT 0;
ALTER TABLE trial ADD COLUMN mean_power_w REAL NOT NULL DEFAULT 0;
