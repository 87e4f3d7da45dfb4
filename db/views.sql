-- The views that are for everybody and stay stable: docs/database.md. (`verdict` is not one of
-- them.) winners.sql has the views of the winners.
DROP VIEW IF EXISTS trials;
DROP VIEW IF EXISTS runs;
DROP VIEW IF EXISTS winners;
DROP VIEW IF EXISTS winners_by_energy;
DROP VIEW IF EXISTS winners_by_time_energy;
DROP VIEW IF EXISTS verdict;

-- Every trial with its context.
CREATE VIEW trials AS
SELECT t.id, t.run_id AS run, t.created, t.kind, c.op, c.problem, c.kernel, t.configuration,
       t.outcome, t.median_ns, json_array_length(t.samples_ns) AS samples, t.note, t.compile_ms,
       t.registers, t.spill_bytes, t.smem_bytes, t.blocks_per_sm, t.error_ulps, t.timer, t.metrics,
       f.rank AS race_rank, f.tied, c.device_model, c.device_limits, c.driver, c.toolchain, c.l2,
       c.source, c.protocol, c.source_digest, t.samples_ns, c.verdict_digest,
       nullif(t.energy_mj, 0) AS energy_mj, nullif(t.mean_power_w, 0) AS mean_power_w
FROM trial t JOIN context c ON c.id = t.context_id LEFT JOIN finalist f ON f.trial_id = t.id;

-- Every run with the number of its trials.
CREATE VIEW runs AS
SELECT r.id, r.started, r.ended, r.status, c.op, c.problem, c.kernel, c.source, r.strategy, r.seed,
       (SELECT count(*) FROM trial t WHERE t.run_id = r.id) AS trials, r.space_size, r.command,
       c.device_model, c.driver, c.toolchain, r.device_uuid, r.commit_id, r.space_digest, r.device,
       r.oracle, r.objective
FROM run r JOIN context c ON c.id = r.context_id;

-- For each configuration in each context, the trial that says whether the configuration works: its
-- latest trial of a search, or a later failure in a race. Trials that were measured here count in
-- the order of commits, which no clock disturbs. Imported trials count in the order of their dates
-- and, within a moment, of their contents, so that the order of merging does not matter.
CREATE VIEW verdict AS
SELECT t.id, t.context_id, t.created, t.kind, t.configuration, t.outcome, t.median_ns,
       t.energy_mj
FROM trial t JOIN context c ON c.id = t.context_id
WHERE (t.kind = 'search' OR (t.kind = 'race' AND t.outcome <> 'ok'))
  AND NOT EXISTS (
    SELECT 1 FROM trial later
    WHERE later.context_id = t.context_id AND later.configuration = t.configuration
      AND (later.kind = 'search' OR (later.kind = 'race' AND later.outcome <> 'ok'))
      AND CASE c.source
          WHEN 'imported' THEN
            (later.created, later.outcome <> 'ok', later.outcome, later.samples_ns, later.id) >
            (t.created, t.outcome <> 'ok', t.outcome, t.samples_ns, t.id)
          ELSE later.id > t.id END);
