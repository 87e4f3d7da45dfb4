-- Tilewright's database, schema 3. Tables have singular names and are the program's own; the views
-- of views.sql (trials, winners, runs) are for everybody and stay stable: docs/database.md.
-- A new schema changes this file and adds an upgrade_to_N.sql, which takes older files there.
-- Rows are only ever added. Times are in nanoseconds unless a name says otherwise, points in time
-- are UTC in ISO 8601, lists and maps are JSON.

-- What, besides the configuration, a time depends on. Rows of equal contexts are comparable.
CREATE TABLE context (
  id            INTEGER PRIMARY KEY,
  op            TEXT NOT NULL,     -- 'gemm'
  problem       TEXT NOT NULL,     -- canonical: 'gemm f32 m=4096,n=4096,k=4096'
  kernel        TEXT NOT NULL,     -- 'simt'; of a baseline: its library, 'cublas'
  source_digest TEXT NOT NULL,     -- of the kernel's source and all it includes; of a baseline: the library's version
  verdict_digest TEXT NOT NULL,    -- of all else that a verdict depends on (core/plan/verdict.h); '': not known
  device_model  TEXT NOT NULL,     -- 'NVIDIA H200'
  device_limits TEXT NOT NULL,     -- 'cc=90 sms=132 ...'
  driver        TEXT NOT NULL,
  toolchain     TEXT NOT NULL,     -- 'NVRTC 13.0'
  protocol      INTEGER NOT NULL,  -- version of the way of measuring
  l2            TEXT NOT NULL CHECK (l2 IN ('cold', 'warm')),
  source        TEXT NOT NULL CHECK (source IN ('measured', 'replayed', 'imported', 'cpu')),
  epilogue      TEXT NOT NULL DEFAULT '',  -- with its constants: 'bias,clamp(-1,1)'; '': none, or not known
  UNIQUE (op, problem, kernel, source_digest, device_model, device_limits, driver, toolchain,
          protocol, l2, source, verdict_digest)
) STRICT;

-- One invocation of the tuner on one problem.
CREATE TABLE run (
  id           INTEGER PRIMARY KEY,
  context_id   INTEGER NOT NULL REFERENCES context (id),  -- of the first kernel
  started      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  ended        TEXT,
  status       TEXT NOT NULL DEFAULT 'running',  -- finished, interrupted, exhausted; a run that was killed stays running
  space_digest TEXT NOT NULL,
  space_size   INTEGER NOT NULL,
  strategy     TEXT NOT NULL,
  seed         INTEGER NOT NULL,                 -- the bits of an unsigned 64-bit number
  command      TEXT NOT NULL,
  device_uuid  TEXT NOT NULL,                    -- provenance, never a key
  device       TEXT NOT NULL,                    -- JSON: all that is known about the device
  commit_id    TEXT NOT NULL,                    -- of Tilewright
  oracle       TEXT NOT NULL DEFAULT ''          -- 'KERNEL: CONFIGURATION' that results were compared with; '': the op's reference
) STRICT;

-- One measurement of one configuration.
CREATE TABLE trial (
  id            INTEGER PRIMARY KEY,             -- in the order of commits
  run_id        INTEGER NOT NULL REFERENCES run (id),
  context_id    INTEGER NOT NULL REFERENCES context (id),
  created       TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  kind          TEXT NOT NULL CHECK (kind IN ('search', 'race', 'baseline')),
  configuration TEXT NOT NULL,                   -- 'block_m=128 block_n=64 swizzle=true'; of a baseline: ''
  outcome       TEXT NOT NULL,                   -- ok, compile_failed, launch_failed, faulted, wrong_result, timed_out, pruned
  note          TEXT NOT NULL,                   -- the reason of an outcome other than ok
  median_ns     REAL,                            -- of samples_ns; NULL if there are none
  samples_ns    TEXT NOT NULL CHECK (json_valid(samples_ns)),  -- JSON list, in the order of measurement
  compile_ms    REAL NOT NULL,
  registers     INTEGER NOT NULL,                -- a thread
  spill_bytes   INTEGER NOT NULL,                -- local memory a thread
  smem_bytes    INTEGER NOT NULL,                -- static and dynamic, a block
  blocks_per_sm INTEGER NOT NULL,
  error_ulps    REAL NOT NULL,                   -- against the oracle; -1: not verified
  timer         TEXT NOT NULL,                   -- cupti, events, cpu, replay
  metrics       TEXT NOT NULL CHECK (json_valid(metrics))      -- JSON map from names to numbers
) STRICT;

CREATE INDEX trial_by_age           ON trial (context_id, outcome);
CREATE INDEX trial_by_time          ON trial (context_id, kind, outcome, median_ns);
CREATE INDEX trial_by_configuration ON trial (context_id, configuration);
CREATE INDEX trial_by_run           ON trial (run_id);

-- The best few of a search, measured again side by side. Their pooled samples are trials of kind 'race'.
CREATE TABLE race (
  id      INTEGER PRIMARY KEY,
  run_id  INTEGER NOT NULL REFERENCES run (id),
  created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

CREATE TABLE finalist (
  race_id  INTEGER NOT NULL REFERENCES race (id),
  rank     INTEGER NOT NULL CHECK (rank >= 1),       -- 1 is the winner
  trial_id INTEGER NOT NULL UNIQUE REFERENCES trial (id),
  tied     INTEGER NOT NULL CHECK (tied IN (0, 1)),  -- 1: of the set that cannot be told apart from the winner
  PRIMARY KEY (race_id, rank)
) STRICT, WITHOUT ROWID;
