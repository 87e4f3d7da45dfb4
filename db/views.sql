-- What of the database is for everybody, and stays stable: docs/database.md.
DROP VIEW IF EXISTS trials;
DROP VIEW IF EXISTS runs;
DROP VIEW IF EXISTS winners;

-- Every trial with its context.
CREATE VIEW trials AS
SELECT t.id, t.run_id AS run, t.created, t.kind, c.op, c.problem, c.kernel, t.configuration,
       t.outcome, t.median_ns, json_array_length(t.samples_ns) AS samples, t.note, t.compile_ms,
       t.registers, t.spill_bytes, t.smem_bytes, t.blocks_per_sm, t.error_ulps, t.timer, t.metrics,
       f.rank AS race_rank, f.tied, c.device_model, c.device_limits, c.driver, c.toolchain, c.l2,
       c.source, c.protocol, c.source_digest, t.samples_ns, c.verdict_digest
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
       c.source_digest, t.created, t.run_id AS run, t.id AS trial, c.verdict_digest
FROM compared w JOIN trial t ON t.id = w.trial_id JOIN context c ON c.id = t.context_id
     LEFT JOIN trial b ON b.id = w.baseline_id LEFT JOIN context bc ON bc.id = b.context_id;
