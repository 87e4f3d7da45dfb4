// The roofline: what each problem reaches, below what its device could do at most.

function rooflineView(problem) {
  const rows = rooflineRows(problem);
  if (!rows.length) return null;
  return [
    note("A triangle is the roofline of a problem: its FLOPs over the least possible time. " +
      "The problems of the same device, source and L2 state are shown, this one in full colour."),
    rooflineFigure(problem, rows),
  ];
}

function rooflineRows(chosen) {
  const same = one => ["device", "source", "l2"].every(key => one[key] === chosen[key]);
  if (!(chosen.flops && chosen.bytes && chosen.roof_ns && chosen.verdict)) return [];
  return report.problems.filter(one => same(one) && one.verdict && one.flops && one.bytes &&
    one.roof_ns).map(one => ({
    problem: one, chosen: one === chosen, intensity: one.flops / one.bytes,
    reached: one.flops / one.verdict.median_ns, roof: one.flops / one.roof_ns,
  }));
}

// Returns the powers of ten that enclose the values.
function decades(values) {
  const [low, high] = d3.extent(values);
  return d3.range(Math.floor(Math.log10(low)), Math.floor(Math.log10(high)) + 2).map(n => 10 ** n);
}

// An axis whose ticks are powers of ten.
function decadeAxis(label, values, text) {
  const ticks = decades(values);
  return { type: "log", label, grid: true, ticks, domain: [ticks[0], ticks.at(-1)],
    tickFormat: text };
}

function rooflineFigure(problem, rows) {
  const finalists = problem.verdict.finalists.map(one => ({
    intensity: problem.flops / problem.bytes, reached: problem.flops / one.median_ns }));
  const style = row => colour(row.chosen ? "accent" : "dot");
  const rate = perNs => formatRate(perNs * 1e9);
  const chart = Plot.plot({
    ...plotFrame(1), height: 340, marginLeft: 64, marginRight: 30,
    x: decadeAxis("FLOP per byte", rows.map(row => row.intensity), formatCount),
    y: decadeAxis("TFLOP/s", rows.flatMap(row => [row.reached, row.roof]),
      perNs => formatCount(perNs / 1000)),
    marks: [
      Plot.ruleX(rows, { x: "intensity", y1: "reached", y2: "roof", stroke: style }),
      Plot.dot(rows, { x: "intensity", y: "roof", symbol: "triangle", r: 4, stroke: style }),
      Plot.dot(finalists, { x: "intensity", y: "reached", r: 2, fill: colour("dot") }),
      Plot.dot(rows, { x: "intensity", y: "reached", r: 4.5, fill: style,
        title: row => `${row.problem.problem}\n${rate(row.reached)}, ` +
          `${formatPercent(row.reached / row.roof)} of the roofline` }),
    ],
  });
  return figure({ title: "Reached, and the roofline", chart,
    caption: "Small dots are the finalists of this problem.",
    label: `${plural(rows.length, "problem")} below the roofline`,
    table: dataTable({ caption: "Reached, and the roofline", rows, chosen: row => row.chosen,
      tall: rows.length > 20, columns: [
        { name: "problem", sort: row => row.problem.problem, text: row => row.problem.problem },
        { name: "FLOP per byte", kind: "right", sort: row => row.intensity,
          text: row => significant(row.intensity, 3) },
        { name: "reached", kind: "right", sort: row => row.reached,
          text: row => rate(row.reached) },
        { name: "roofline", kind: "right", sort: row => row.roof, text: row => rate(row.roof) },
        { name: "% roof", kind: "right", sort: row => row.reached / row.roof,
          text: row => significant(100 * row.reached / row.roof, 3) },
      ] }) });
}
