-- Upgrades schema 1 to 2. A verdict depends on more than schema 1 stored. It is not known how its
-- rows were verified, so they keep an empty digest, which no new context of a kernel has.
CREATE TABLE new_context (
  id            INTEGER PRIMARY KEY,
  op            TEXT NOT NULL,
  problem       TEXT NOT NULL,
  kernel        TEXT NOT NULL,
  source_digest TEXT NOT NULL,
  verdict_digest TEXT NOT NULL,
  device_model  TEXT NOT NULL,
  device_limits TEXT NOT NULL,
  driver        TEXT NOT NULL,
  toolchain     TEXT NOT NULL,
  protocol      INTEGER NOT NULL,
  l2            TEXT NOT NULL CHECK (l2 IN ('cold', 'warm')),
  source        TEXT NOT NULL CHECK (source IN ('measured', 'replayed', 'imported', 'cpu')),
  UNIQUE (op, problem, kernel, source_digest, device_model, device_limits, driver, toolchain,
          protocol, l2, source, verdict_digest)
) STRICT;
INSERT INTO new_context
SELECT id, op, problem, kernel, source_digest, '', device_model, device_limits, driver, toolchain,
       protocol, l2, source FROM context;
DROP TABLE context;
ALTER TABLE new_context RENAME TO context;

-- Without a reference, the default configuration was the oracle, but results were not compared with
-- it.
ALTER TABLE run ADD COLUMN oracle TEXT NOT NULL DEFAULT '';
