-- Tilewright's database, schema 4. Tables have singular names and are private to the program. The
-- views of views.sql and winners.sql are for everybody and stay stable: docs/database.md.
-- A new schema changes this file and adds an upgrade_to_N.sql, which upgrades older files to it.
-- Rows are only added. Times are in nanoseconds unless a name says otherwise. Points in time are
-- UTC in ISO 8601. Lists and maps are JSON.

-- The conditions on which a time depends, besides the configuration. Rows of equal contexts are
-- comparable.
CREATE TABLE context (
  id            INTEGER PRIMARY KEY,
  op            TEXT NOT NULL,     -- 'gemm'
  problem       TEXT NOT NULL,     -- canonical: 'gemm f32 m=4096,n=4096,k=4096'
  kernel        TEXT NOT NULL,     -- 'simt'; for a baseline its library, 'cublas'
  -- The digest of the kernel's source and all its includes; for a baseline the library's version.
  source_digest TEXT NOT NULL,
  -- The digest of all else that a verdict depends on (core/lowering/verdict.h); '' if not known.
  verdict_digest TEXT NOT NULL,
  device_model  TEXT NOT NULL,     -- 'NVIDIA H200'
  device_limits TEXT NOT NULL,     -- 'cc=90 sms=132 ...'
  driver        TEXT NOT NULL,
  toolchain     TEXT NOT NULL,     -- 'NVRTC 13.0'
  protocol      INTEGER NOT NULL,  -- version of the measurement protocol
  l2            TEXT NOT NULL CHECK (l2 IN ('cold', 'warm')),
  source        TEXT NOT NULL CHECK (source IN ('measured', 'replayed', 'imported', 'cpu')),
  -- With its constants: 'bias,clamp(-1,1)'; '' if there is none, or if it is not known.
  epilogue      TEXT NOT NULL DEFAULT '',
  UNIQUE (op, problem, kernel, source_digest, device_model, device_limits, driver, toolchain,
          protocol, l2, source, verdict_digest)
) STRICT;

-- One invocation of the tuner on one problem.
CREATE TABLE run (
  id           INTEGER PRIMARY KEY,
  context_id   INTEGER NOT NULL REFERENCES context (id),  -- of the first kernel
  started      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  ended        TEXT,
  -- running, finished, interrupted or exhausted. A run that was killed stays running.
  status       TEXT NOT NULL DEFAULT 'running',
  space_digest TEXT NOT NULL,
  space_size   INTEGER NOT NULL,
  strategy     TEXT NOT NULL,
  seed         INTEGER NOT NULL,                 -- the bits of an unsigned 64-bit number
  command      TEXT NOT NULL,
  device_uuid  TEXT NOT NULL,                    -- for provenance; never a key
  device       TEXT NOT NULL,                    -- JSON: everything known about the device
  commit_id    TEXT NOT NULL,                    -- of Tilewright
  -- 'KERNEL: CONFIGURATION' with which results were compared; '' for the op's reference.
  oracle       TEXT NOT NULL DEFAULT '',
  objective    TEXT NOT NULL DEFAULT 'time'      -- what was minimised: time, energy, time*energy
) STRICT;

-- One measurement of one configuration.
CREATE TABLE trial (
  id            INTEGER PRIMARY KEY,             -- in the order of commits
  run_id        INTEGER NOT NULL REFERENCES run (id),
  context_id    INTEGER NOT NULL REFERENCES context (id),
  created       TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  kind          TEXT NOT NULL CHECK (kind IN ('search', 'race', 'baseline')),
  configuration TEXT NOT NULL,                   -- 'block_m=128 swizzle=true'; '' for a baseline
  -- ok, compile_failed, launch_failed, faulted, wrong_result, timed_out or pruned.
  outcome       TEXT NOT NULL,
  note          TEXT NOT NULL,                   -- the reason of an outcome other than ok
  median_ns     REAL,                            -- of samples_ns; NULL if there are none
  -- JSON list, in the order of measurement.
  samples_ns    TEXT NOT NULL CHECK (json_valid(samples_ns)),
  compile_ms    REAL NOT NULL,
  registers     INTEGER NOT NULL,                -- per thread
  spill_bytes   INTEGER NOT NULL,                -- local memory per thread
  smem_bytes    INTEGER NOT NULL,                -- static and dynamic, per block
  blocks_per_sm INTEGER NOT NULL,
  error_ulps    REAL NOT NULL,                   -- against the oracle; -1: not verified
  timer         TEXT NOT NULL,                   -- cupti, events, cpu, replay
  metrics       TEXT NOT NULL CHECK (json_valid(metrics)),     -- JSON map from names to numbers
  energy_mj     REAL NOT NULL DEFAULT 0,         -- of a launch; 0: not measured
  mean_power_w  REAL NOT NULL DEFAULT 0          -- while the energy was measured
) STRICT;

CREATE INDEX trial_by_age           ON trial (context_id, outcome);
CREATE INDEX trial_by_time          ON trial (context_id, kind, outcome, median_ns);
CREATE INDEX trial_by_configuration ON trial (context_id, configuration);
CREATE INDEX trial_by_run           ON trial (run_id);

-- The best few of a search, measured again side by side. Their pooled samples are trials of kind
-- 'race'.
CREATE TABLE race (
  id      INTEGER PRIMARY KEY,
  run_id  INTEGER NOT NULL REFERENCES run (id),
  created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

CREATE TABLE finalist (
  race_id  INTEGER NOT NULL REFERENCES race (id),
  rank     INTEGER NOT NULL CHECK (rank >= 1),       -- 1 is the winner
  trial_id INTEGER NOT NULL UNIQUE REFERENCES trial (id),
  -- 1: belongs to the tie set, which cannot be told apart from the winner.
  tied     INTEGER NOT NULL CHECK (tied IN (0, 1)),
  PRIMARY KEY (race_id, rank)
) STRICT, WITHOUT ROWID;
