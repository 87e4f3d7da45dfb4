// Two databases side by side.

function againstView() {
  const other = report.other;
  if (!other) return null;
  const rows = other.pairs.map(pair => rowOf(pair, other.problems));
  if (!rows.length) return [note(`No problem has a winner both here and in ${other.database}.`)];
  return [
    note(`Here: ${report.database}. There: ${other.database}. x is the time there over the time ` +
      "here, with the interval that the two medians' intervals give. Above 1, here is faster."),
    againstFigure(rows), againstTable(rows),
  ];
}

// A pair names its problems by their indices.
function rowOf(pair, others) {
  const here = report.problems[pair.here];
  const [low, high] = pair.interval ?? [null, null];
  return { here, there: others[pair.there], name: here.problem, ratio: pair.ratio, low, high };
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
