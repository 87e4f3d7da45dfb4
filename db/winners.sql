-- The winner of each (op, problem, device model, device limits, l2, source), which is called a
-- group here. database.cpp makes a view of this text for each objective: it replaces @view by the
-- view's name, @objective by the objective's, and @value(t) by the value of the row t. A row in
-- which the value was not measured has the value 0.
CREATE VIEW @view AS
WITH
  -- All contexts, numbered by group.
  member AS (
    SELECT *, min(id) OVER (
             PARTITION BY op, problem, device_model, device_limits, l2, source) AS grp
    FROM context),
  -- Contexts of kernels with at least one ok row. `newest` is the sort key of the newest such row.
  tuned AS (
    SELECT *, max(protocol) OVER (PARTITION BY grp) AS newest_protocol
    FROM (SELECT m.*, CASE m.source
            WHEN 'imported' THEN (
              SELECT t.created || ' ' || m.source_digest || ' ' || m.driver || ' ' || m.toolchain ||
                     ' ' || m.verdict_digest
              FROM trial t WHERE t.context_id = m.id AND t.outcome = 'ok' AND t.kind <> 'baseline'
              ORDER BY t.created DESC LIMIT 1)
            ELSE (
              SELECT printf('%020d', t.id)
              FROM trial t WHERE t.context_id = m.id AND t.outcome = 'ok' AND t.kind <> 'baseline'
              ORDER BY t.id DESC LIMIT 1) END AS newest
          FROM member m)
    WHERE newest IS NOT NULL),
  -- For each kernel of a group, the context of the newest protocol that was measured last. (With
  -- max(), SQLite takes the other columns from the row that has the maximum.)
  current AS (
    SELECT grp, kernel, id AS context_id, source, source_digest, max(newest) AS newest
    FROM tuned WHERE protocol = newest_protocol GROUP BY grp, kernel),
  latest_race AS (
    SELECT m.grp, f.race_id, e.created, max(CASE m.source
             WHEN 'imported' THEN
               e.created || ' ' || m.kernel || ' ' || t.configuration || ' ' || t.samples_ns
             ELSE printf('%020d', f.race_id) END) AS age
    FROM finalist f CROSS JOIN race e ON e.id = f.race_id CROSS JOIN trial t ON t.id = f.trial_id
         JOIN member m ON m.id = t.context_id JOIN run r ON r.id = e.run_id
    WHERE f.rank = 1 AND r.objective = '@objective'
      AND m.protocol >= coalesce(
            (SELECT max(k.newest_protocol) FROM tuned k WHERE k.grp = m.grp), 0)
    GROUP BY m.grp),
  -- The finalists of this race that worked in it and were not found to fail since, with any
  -- constants.
  standing AS MATERIALIZED (
    SELECT l.grp, l.race_id, f.trial_id, f.rank, f.tied, c.kernel, c.source_digest
    FROM latest_race l JOIN finalist f ON f.race_id = l.race_id JOIN trial t ON t.id = f.trial_id
         JOIN context c ON c.id = t.context_id
    WHERE t.outcome = 'ok' AND @value(t) > 0
      AND NOT EXISTS (
        SELECT 1 FROM context k JOIN verdict v ON v.context_id = k.id
        WHERE k.op = c.op AND k.problem = c.problem AND k.kernel = c.kernel
          AND k.source_digest = c.source_digest AND k.device_model = c.device_model
          AND k.device_limits = c.device_limits AND k.driver = c.driver
          AND k.toolchain = c.toolchain AND k.protocol = c.protocol AND k.l2 = c.l2
          AND k.source = c.source AND v.configuration = t.configuration
          AND v.outcome NOT IN ('ok', 'pruned')
          AND CASE c.source WHEN 'imported' THEN v.created > t.created ELSE v.id > t.id END)),
  first_standing AS (
    SELECT grp, race_id, trial_id, kernel, source_digest, min(rank) AS rank
    FROM standing GROUP BY grp),
  -- A race decides as long as the source of its first standing finalist is the newest of that
  -- kernel.
  raced AS (
    SELECT s.grp, s.race_id, s.trial_id, s.rank
    FROM first_standing s JOIN current USING (grp, kernel, source_digest)),
  -- Races without a standing finalist: what was known before such a race is refuted.
  lost AS (
    SELECT grp, created, (SELECT max(trial_id) FROM finalist f WHERE f.race_id = l.race_id) AS last
    FROM latest_race l WHERE grp NOT IN (SELECT grp FROM first_standing)),
  -- Without a race that decides: the fastest configuration that works. After a lost race, only what
  -- was measured since counts.
  best AS MATERIALIZED (
    SELECT grp, (SELECT v.id FROM verdict v
                 WHERE v.context_id = k.context_id AND v.kind = 'search' AND v.outcome = 'ok'
                   AND @value(v) > 0
                   AND (lost.grp IS NULL OR CASE k.source
                                              WHEN 'imported' THEN v.created > lost.created
                                              ELSE v.id > lost.last END)
                 ORDER BY @value(v), v.configuration, v.id LIMIT 1) AS trial_id
    FROM current k LEFT JOIN lost USING (grp) WHERE grp NOT IN (SELECT grp FROM raced)),
  unraced AS (
    SELECT grp, race_id, trial_id, rank FROM (
      SELECT b.grp, NULL AS race_id, b.trial_id, NULL AS rank,
             row_number() OVER (PARTITION BY b.grp ORDER BY @value(t), c.kernel) AS place
      FROM best b JOIN trial t ON t.id = b.trial_id JOIN context c ON c.id = t.context_id)
    WHERE place = 1),
  winner AS (
    SELECT grp, race_id, trial_id, rank FROM raced
    UNION ALL SELECT grp, race_id, trial_id, rank FROM unraced),
  -- The newest ok baseline of each library in each context that is comparable to the winner's.
  compared AS (
    SELECT w.*, (
      SELECT id FROM (
        SELECT b.id, @value(b) AS value,
               max(CASE k.source WHEN 'imported' THEN b.created || b.samples_ns
                                 ELSE printf('%020d', b.id) END)
        FROM context k JOIN trial b ON b.context_id = k.id AND b.kind = 'baseline'
             AND b.outcome = 'ok' AND @value(b) > 0
        WHERE k.op = c.op AND k.problem = c.problem AND k.device_model = c.device_model
          AND k.device_limits = c.device_limits AND k.driver = c.driver AND k.protocol = c.protocol
          AND k.l2 = c.l2 AND k.source = c.source
        GROUP BY k.kernel)
      ORDER BY value LIMIT 1) AS baseline_id
    FROM winner w JOIN trial t ON t.id = w.trial_id JOIN context c ON c.id = t.context_id)
SELECT c.op, c.problem, c.kernel, t.configuration, t.median_ns, w.race_id IS NOT NULL AS raced,
       (SELECT json_group_array(text) FROM (
          SELECT s.kernel || ': ' || x.configuration AS text
          FROM standing s JOIN trial x ON x.id = s.trial_id
          WHERE s.race_id = w.race_id AND s.grp = w.grp AND s.tied = 1 AND s.rank > w.rank
            AND EXISTS (SELECT 1 FROM current n WHERE n.grp = w.grp AND n.kernel = s.kernel
                        AND n.source_digest = s.source_digest)
          ORDER BY s.rank)) AS tied,
       bc.kernel AS baseline, b.median_ns AS baseline_ns, @value(b) / @value(t) AS speedup,
       c.device_model, c.device_limits, c.driver, c.toolchain, c.l2, c.source, c.protocol,
       c.source_digest, t.created, t.run_id AS run, t.id AS trial, c.verdict_digest,
       nullif(t.energy_mj, 0) AS energy_mj, nullif(t.mean_power_w, 0) AS mean_power_w,
       nullif(b.energy_mj, 0) AS baseline_energy_mj
FROM compared w JOIN trial t ON t.id = w.trial_id JOIN context c ON c.id = t.context_id
     LEFT JOIN trial b ON b.id = w.baseline_id LEFT JOIN context bc ON bc.id = b.context_id;
