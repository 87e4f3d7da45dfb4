-- Tilewright's database, schema 1. Tables have singular names and are the program's own; the views
-- below them (trials, winners, runs) are for everybody and stay stable: docs/database.md.
-- Rows are only ever added. Times are in nanoseconds unless a name says otherwise, points in time
-- are UTC in ISO 8601, lists and maps are JSON.

-- What, besides the configuration, a time depends on. Rows of equal contexts are comparable.
CREATE TABLE context (
  id            INTEGER PRIMARY KEY,
  op            TEXT NOT NULL,     -- 'gemm'
  problem       TEXT NOT NULL,     -- canonical: 'gemm f32 m=4096,n=4096,k=4096'
  kernel        TEXT NOT NULL,     -- 'simt'; of a baseline: its library, 'cublas'
  source_digest TEXT NOT NULL,     -- of the kernel's source and all it includes; of a baseline: the library's version
  device_model  TEXT NOT NULL,     -- 'NVIDIA H200'
  device_limits TEXT NOT NULL,     -- 'cc=90 sms=132 ...'
  driver        TEXT NOT NULL,
  toolchain     TEXT NOT NULL,     -- 'NVRTC 13.0'
  protocol      INTEGER NOT NULL,  -- version of the way of measuring
  l2            TEXT NOT NULL CHECK (l2 IN ('cold', 'warm')),
  source        TEXT NOT NULL CHECK (source IN ('measured', 'replayed', 'imported', 'cpu')),
  UNIQUE (op, problem, kernel, source_digest, device_model, device_limits, driver, toolchain,
          protocol, l2, source)
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
  commit_id    TEXT NOT NULL                     -- of Tilewright
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

-- Every trial with its context.
CREATE VIEW trials AS
SELECT t.id, t.run_id AS run, t.created, t.kind, c.op, c.problem, c.kernel, t.configuration,
       t.outcome, t.median_ns, json_array_length(t.samples_ns) AS samples, t.note, t.compile_ms,
       t.registers, t.spill_bytes, t.smem_bytes, t.blocks_per_sm, t.error_ulps, t.timer, t.metrics,
       f.rank AS race_rank, f.tied, c.device_model, c.device_limits, c.driver, c.toolchain, c.l2,
       c.source, c.protocol, c.source_digest, t.samples_ns
FROM trial t JOIN context c ON c.id = t.context_id LEFT JOIN finalist f ON f.trial_id = t.id;

-- Every run with the number of its trials.
CREATE VIEW runs AS
SELECT r.id, r.started, r.ended, r.status, c.op, c.problem, c.kernel, c.source, r.strategy, r.seed,
       (SELECT count(*) FROM trial t WHERE t.run_id = r.id) AS trials, r.space_size, r.command,
       c.device_model, c.driver, c.toolchain, r.device_uuid, r.commit_id, r.space_digest, r.device
FROM run r JOIN context c ON c.id = r.context_id;

-- The winner of each (op, problem, device model, device limits, l2, source), called a group here.
CREATE VIEW winners AS
WITH
  -- Contexts of kernels with at least one ok row, numbered by group.
  tuned AS (
    SELECT id, kernel, source_digest, protocol, newest, min(id) OVER same AS grp,
           max(protocol) OVER same AS newest_protocol
    FROM (SELECT c.*, (SELECT t.id FROM trial t WHERE t.context_id = c.id AND t.outcome = 'ok'
                       AND t.kind <> 'baseline' ORDER BY t.id DESC LIMIT 1) AS newest FROM context c)
    WHERE newest IS NOT NULL
    WINDOW same AS (PARTITION BY op, problem, device_model, device_limits, l2, source)),
  -- Of each kernel of a group, the context that was measured last, of the newest protocol.
  -- (With max() SQLite takes the other columns from the row that has the maximum.)
  current AS (
    SELECT grp, kernel, id AS context_id, source_digest, max(newest) AS newest
    FROM tuned WHERE protocol = newest_protocol GROUP BY grp, kernel),
  latest_race AS (
    SELECT k.grp, max(f.race_id) AS race_id, f.trial_id, k.kernel, k.source_digest
    FROM finalist f CROSS JOIN trial t ON t.id = f.trial_id JOIN tuned k ON k.id = t.context_id
    WHERE f.rank = 1 AND t.outcome = 'ok' AND t.median_ns > 0 AND k.protocol = k.newest_protocol
    GROUP BY k.grp),
  -- A race decides as long as its winner's source is the kernel's newest.
  raced AS (
    SELECT l.grp, l.race_id, l.trial_id
    FROM latest_race l JOIN current USING (grp, kernel, source_digest)),
  -- Without a race: the best of the latest rows of each configuration.
  best AS MATERIALIZED (
    SELECT grp, (SELECT t.id FROM trial t
                 WHERE t.context_id = current.context_id AND t.kind = 'search' AND t.outcome = 'ok'
                   AND t.median_ns > 0
                   AND NOT EXISTS (SELECT 1 FROM trial later WHERE later.context_id = t.context_id
                                   AND later.configuration = t.configuration
                                   AND later.kind = 'search' AND later.id > t.id)
                 ORDER BY t.median_ns, t.id LIMIT 1) AS trial_id
    FROM current WHERE grp NOT IN (SELECT grp FROM raced)),
  unraced AS (
    SELECT b.grp, NULL AS race_id, b.trial_id, min(t.median_ns)
    FROM best b JOIN trial t ON t.id = b.trial_id GROUP BY b.grp),
  winner AS (
    SELECT grp, race_id, trial_id FROM raced
    UNION ALL SELECT grp, race_id, trial_id FROM unraced),
  -- The newest ok baseline of each library in each context of the winner's kind.
  compared AS (
    SELECT w.*, (
      SELECT id FROM (
        SELECT max(b.id) AS id, b.median_ns
        FROM context k JOIN trial b ON b.context_id = k.id AND b.kind = 'baseline' AND b.outcome = 'ok'
             AND b.median_ns > 0
        WHERE k.op = c.op AND k.problem = c.problem AND k.device_model = c.device_model
          AND k.device_limits = c.device_limits AND k.driver = c.driver AND k.protocol = c.protocol
          AND k.l2 = c.l2 AND k.source = c.source
        GROUP BY k.kernel)
      ORDER BY median_ns LIMIT 1) AS baseline_id
    FROM winner w JOIN trial t ON t.id = w.trial_id JOIN context c ON c.id = t.context_id)
SELECT c.op, c.problem, c.kernel, t.configuration, t.median_ns, w.race_id IS NOT NULL AS raced,
       (SELECT json_group_array(text) FROM (
          SELECT k.kernel || ': ' || x.configuration AS text
          FROM finalist f JOIN trial x ON x.id = f.trial_id JOIN context k ON k.id = x.context_id
          WHERE f.race_id = w.race_id AND f.tied = 1 AND f.rank > 1
            AND EXISTS (SELECT 1 FROM current n WHERE n.grp = w.grp AND n.kernel = k.kernel
                        AND n.source_digest = k.source_digest)
          ORDER BY f.rank)) AS tied,
       bc.kernel AS baseline, b.median_ns AS baseline_ns, b.median_ns / t.median_ns AS speedup,
       c.device_model, c.device_limits, c.driver, c.toolchain, c.l2, c.source, c.protocol,
       c.source_digest, t.created, t.run_id AS run, t.id AS trial
FROM compared w JOIN trial t ON t.id = w.trial_id JOIN context c ON c.id = t.context_id
     LEFT JOIN trial b ON b.id = w.baseline_id LEFT JOIN context bc ON bc.id = b.context_id;
