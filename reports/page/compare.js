// Two databases side by side.

function againstView() {
  const other = report.other;
  if (!other) return null;
  const rows = pairsOf(other.problems);
  if (!rows.length) return [note(`No problem has a winner both here and in ${other.database}.`)];
  return [
    note(`Here: ${report.database}. There: ${other.database}. x is the time there over the time ` +
      "here, with the interval that the two medians' intervals give. Above 1, here is faster."),
    againstFigure(rows), againstTable(rows),
  ];
}

function pairsOf(others) {
  const key = problem => JSON.stringify([problem.op, problem.problem, problem.l2]);
  const byKey = d3.group(others, key);
  return report.problems.filter(problem => problem.verdict).flatMap(problem =>
    (byKey.get(key(problem)) ?? []).map(there => pairOf(problem, there)));
}

function pairOf(here, there) {
  const a = here.verdict, b = there.verdict;
  const both = a.interval_ns && b.interval_ns;
  return {
    here, there, name: here.problem, ratio: b.median_ns / a.median_ns,
    low: both ? b.interval_ns[0] / a.interval_ns[1] : null,
    high: both ? b.interval_ns[1] / a.interval_ns[0] : null,
  };
}

function againstFigure(rows) {
  const labelled = rows.map((row, i) => ({ ...row, id: `${i + 1}` }));
  const chart = Plot.plot({
    ...plotFrame(1), height: 74 + 24 * rows.length, marginLeft: 300,
    x: { ...ratioScale(rows), label: "time there / time here", grid: true },
    y: { domain: labelled.map(row => row.id), label: null, type: "point", padding: 0.6,
      tickFormat: id => labelled[Number(id) - 1].name.slice(0, 44) },
    marks: [
      Plot.ruleX([1], { stroke: colour("ink") }),
      Plot.ruleY(labelled.filter(row => row.low), { y: "id", x1: "low", x2: "high",
        strokeWidth: 4, stroke: row => colour(row.ratio >= 1 ? "good" : "bad") }),
      Plot.dot(labelled, { x: "ratio", y: "id", r: 4,
        fill: row => colour(row.ratio >= 1 ? "good" : "bad") }),
    ],
  });
  return figure({ title: "Time there over time here", chart,
    label: `Ratios of ${plural(rows.length, "problem")} between the two databases` });
}

// Ratios that differ much are on a logarithmic scale.
function ratioScale(rows) {
  const all = rows.flatMap(row => [row.low ?? row.ratio, row.high ?? row.ratio]);
  const [low, high] = [Math.min(1, d3.min(all)) / 1.05, Math.max(1, d3.max(all)) * 1.05];
  return { type: high / low > 5 ? "log" : "linear", domain: [low, high],
    tickFormat: value => `${Number(value.toPrecision(3))}` };
}

function againstTable(rows) {
  const machine = problem => `${problem.device}, driver ${problem.driver}, ${problem.toolchain}`;
  const spread = verdict =>
    `${verdict.median}${verdict.half_interval ? ` ± ${verdict.half_interval}` : ""}`;
  return dataTable({
    caption: "Winners here and there", rows, tall: rows.length > 20,
    columns: [
      { name: "problem", sort: row => row.name, text: row => row.name },
      { name: "device here", sort: row => row.here.device, text: row => machine(row.here) },
      { name: "here", kind: "right", sort: row => row.here.verdict.median_ns,
        text: row => spread(row.here.verdict) },
      { name: "device there", sort: row => row.there.device, text: row => machine(row.there) },
      { name: "there", kind: "right", sort: row => row.there.verdict.median_ns,
        text: row => spread(row.there.verdict) },
      { name: "x", kind: "right", sort: row => row.ratio, text: row => formatTimes(row.ratio) },
      { name: "x, interval", kind: "right",
        text: row => (row.low ? `${formatTimes(row.low)} to ${formatTimes(row.high)}` : "") },
    ],
  });
}
