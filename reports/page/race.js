// The race of the finalists, and what the counters say of winner and runner-up.

function raceView(problem) {
  const verdict = problem.verdict;
  if (!verdict?.raced) return [note("The winner was not raced: no race decides this problem.")];
  return [
    note("A race measures the finalists side by side. The intervals are those of the paired " +
      "rounds: how much slower than rank 1, at 95 %. " +
      (verdict.finalists.some(finalist => finalist.rounds.length)
        ? "A small dot is a round." : "The rounds of this race were not kept.")),
    raceFigure(problem), countersNode(problem),
  ];
}

// Returns the finalists with their place in the race.
function ranked(verdict) {
  return verdict.finalists.map((finalist, i) => ({ ...finalist, rank: i + 1,
    name: `${i + 1}${finalist.tied || finalist.wins ? " =" : ""}` }));
}

// Returns the largest ratio of the figure: a few very slow finalists do not squeeze the rest.
function raceLimit(known) {
  const most = d3.max(known, row => row.slower[1]);
  return Math.min(most, 1 + 3 * (d3.quantile(known, 0.7, row => row.slower[1]) - 1) + 0.001);
}

function shortened(text) {
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

function raceFigure(problem) {
  const rows = ranked(problem.verdict);
  const known = rows.filter(row => row.slower);
  const table = finalistTable(problem, rows);
  if (!known.length) return table;
  const percent = ratio => 100 * (ratio - 1);
  const limit = raceLimit(known);
  const inside = known.filter(row => row.slower[0] < limit);
  const outside = known.filter(row => row.slower[0] >= limit);
  const rounds = inside.flatMap(row => row.rounds.filter(ratio => ratio <= limit)
    .map(ratio => ({ name: row.name, ratio })));
  const least = d3.min([...known.map(row => row.slower[0]), ...rounds.map(one => one.ratio), 1]);
  const chart = Plot.plot({
    ...plotFrame(1), height: 74 + 22 * rows.length, marginLeft: 48, marginRight: 240,
    x: { label: "slower than rank 1 (%)", grid: true,
      domain: [percent(least), percent(limit)] },
    y: { domain: rows.map(row => row.name), label: null, type: "point", padding: 0.6 },
    marks: [
      Plot.ruleX([0], { stroke: colour("good"), strokeWidth: 2 }),
      Plot.ruleY(inside, { y: "name", x1: row => percent(row.slower[0]),
        x2: row => percent(Math.min(limit, row.slower[1])), strokeWidth: 6,
        strokeLinecap: "round", stroke: row => colour(row.tied ? "good" : "accent") }),
      Plot.dot(rounds, { x: one => percent(one.ratio), y: "name", r: 1.8, fill: colour("ink"),
        className: "rounds" }),
      Plot.dot(rows.slice(0, 1), { x: () => 0, y: "name", r: 5, fill: colour("good") }),
      Plot.text(inside, { y: "name", x: row => percent(Math.min(limit, row.slower[1])), dx: 9,
        textAnchor: "start", text: row => shortened(row.differs), fill: colour("soft"),
        fontSize: 11 }),
      Plot.text(outside, { y: "name", x: () => percent(limit), dx: 9, textAnchor: "start",
        text: row => `\u2192 ${row.slower_text}`, fill: colour("soft"), fontSize: 11 }),
    ],
  });
  return element("div", {}, figure({
    title: "How much slower than rank 1", chart,
    label: `Race of ${rows.length} finalists: intervals of how much slower each is than rank 1`,
    caption: "= is tied with rank 1. The words are the knobs that differ from the winner's." +
      (outside.length ? " An arrow stands for an interval beyond the figure." : ""),
  }), table);
}

function finalistTable(problem, rows) {
  const baseline = problem.verdict.baseline_ns;
  return dataTable({
    caption: "The finalists", rows, tall: rows.length > 20, chosen: row => row.wins,
    columns: [
      { name: "rank", kind: "right", sort: row => row.rank, text: row => row.name },
      { name: "kernel", text: row => row.kernel },
      { name: "median", kind: "right", sort: row => row.median_ns, text: row => row.median },
      { name: "+-", kind: "right", text: row => row.half_interval },
      { name: "x baseline", kind: "right",
        text: row => (baseline ? formatTimes(baseline / row.median_ns) : "") },
      { name: "slower by", kind: "right", text: row => row.slower_text },
      { name: "registers", kind: "right", sort: row => row.registers,
        text: row => (row.registers === null ? "" : String(row.registers)) },
      { name: "where it differs", kind: "code", text: row => row.differs },
    ],
  });
}

function countersNode(problem) {
  const { counters, runner_up: other } = problem.explanation;
  if (!counters) return note("No counters were kept, so what bounds the winner is not known.");
  const chart = Plot.plot({
    ...plotFrame(1), height: 74 + 24 * counters.uses.length, marginLeft: 200,
    x: { domain: [0, 100], label: "% of its peak", grid: true },
    y: { domain: counters.uses.map(([name]) => name), label: null, padding: 0.25 },
    marks: [Plot.barX(counters.uses, { x: use => use[1], y: use => use[0],
      fill: colour("accent") })],
  });
  return element("div", {}, figure({ title: "What bounds the winner", chart,
    caption: counters.bound, label: `What bounds the winner: ${counters.bound}` }),
    counters.changes.length ? dataTable({
      caption: `Counters against the runner-up (${other.kernel}: ${other.configuration})`,
      rows: counters.changes,
      columns: [
        { name: "counter", text: change => change.words },
        { name: "winner", kind: "right", text: change => change.winner },
        { name: "runner-up", kind: "right", text: change => change.runner_up },
        { name: "change", kind: "right", text: change => change.change },
      ],
    }) : null);
}
