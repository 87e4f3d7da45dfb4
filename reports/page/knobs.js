// The effects of knobs and of pairs of knobs, as `tune explain` computes them.

function knobsView(problem) {
  const explanation = problem.explanation;
  if (!explanation || !explanation.knobs.length) {
    return [note("No knob has two values with a time, so that there are no effects.")];
  }
  return [
    note(`From ${plural(explanation.trials, "trial")} of ${problem.verdict.kernel}. The share is ` +
      "the part of the variance of the trials' times that a knob alone explains. A search " +
      "prefers good configurations, so the shares describe what was tried, not the whole space."),
    element("div", { class: "pair" }, shareFigure(explanation), pairFigure(problem)),
    effectTable(explanation), ...pairTable(explanation),
  ];
}

function shareFigure(explanation) {
  const known = explanation.knobs.filter(knob => knob.share !== null);
  if (!known.length) return note("Every value was tried once, so that no share is known.");
  const chart = Plot.plot({
    ...plotFrame(2), height: 74 + 22 * known.length, marginLeft: 120, marginRight: 44,
    x: { percent: true, label: "share of the variance (%)", grid: true,
      domain: [0, Math.max(5, 100 * d3.max(known, knob => knob.share))] },
    y: { domain: known.map(knob => knob.knob), label: null, padding: 0.25 },
    marks: [
      Plot.barX(known, { x: "share", y: "knob", fill: colour("accent") }),
      Plot.text(known, { x: "share", y: "knob", dx: 5, textAnchor: "start",
        text: knob => `${(100 * knob.share).toFixed(0)} %`, fill: colour("ink") }),
    ],
  });
  return figure({ title: "Knobs that matter", chart,
    label: `Shares: ${known.map(k => `${k.knob} ${(100 * k.share).toFixed(0)} %`).join(", ")}` });
}

function effectTable(explanation) {
  return dataTable({
    caption: "x: the fastest trial with a value, over the fastest of all; in brackets: the trials",
    rows: explanation.knobs,
    columns: [
      { name: "knob", sort: knob => knob.knob, text: knob => knob.knob },
      { name: "share", kind: "right", sort: knob => knob.share,
        text: knob => (knob.share === null ? "" : `${(100 * knob.share).toFixed(0)} %`) },
      { name: "best", kind: "right", text: knob => knob.values[0].value },
      { name: "the fastest with other values", text: knob => knob.values.slice(1).map(value =>
        `${value.value}: x ${formatTimes(value.ratio)} (${value.trials})`).join(", ") },
    ],
  });
}

// The pairs of knobs that interact.
function pairTable(explanation) {
  if (!explanation.pairs.length) {
    return [note("No two knobs interact, as far as these trials show.")];
  }
  return [dataTable({
    caption: "Knobs that interact: what a pair explains beyond its two knobs alone, " +
      "and the best second value for each first",
    rows: explanation.pairs,
    columns: [
      { name: "pair", sort: pair => pair.knobs.join(), text: pair => pair.knobs.join(", ") },
      { name: "share", kind: "right", sort: pair => pair.share,
        text: pair => `${(100 * pair.share).toFixed(0)} %` },
      { name: "the best second value for each first", text: pair => pair.best.map(one =>
        `${one.values[0]}: ${one.values[1]} x ${formatTimes(one.ratio)} (${one.trials})`)
        .join(", ") },
    ],
  })];
}

// The fastest trial for each pair of values of two knobs.
function pairFigure(problem) {
  const set = mainSet(problem);
  const names = problem.explanation.knobs.map(knob => knob.knob);
  if (names.length < 2) return note("Only one knob has two values, so that there is no pair.");
  const { pairs } = problem.explanation;
  const chosen = pairs.length ? [...pairs[0].knobs] : [names[0], names[1]];
  const place = element("div");
  const options = names.map(name => [name, name]);
  const draw = () => place.replaceChildren(pairPlot(set, ...chosen));
  draw();
  return element("div", {}, element("div", { class: "controls" },
    select("Pair:", options, chosen[0], name => { chosen[0] = name; draw(); }),
    select("and", options, chosen[1], name => { chosen[1] = name; draw(); })), place);
}

function pairCells(set, a, b) {
  const timed = set.trials.filter(trial => worked(trial) && !trial.race);
  const fastest = d3.min(timed, trial => trial.ns);
  const at = name => set.knobs.findIndex(knob => knob.name === name);
  const [i, j] = [at(a), at(b)];
  return d3.flatRollup(timed,
    list => ({ ratio: d3.min(list, trial => trial.ns) / fastest, trials: list.length }),
    trial => trial.values[i], trial => trial.values[j])
    .map(([x, y, cell]) => ({ ...cell, x: set.knobs[i].values[x], y: set.knobs[j].values[y] }));
}

function pairPlot(set, a, b) {
  const cells = pairCells(set, a, b);
  const domain = name => {
    const knob = set.knobs.find(one => one.name === name);
    return valueOrder(knob).map(i => knob.values[i]);
  };
  const worst = Math.max(1.1, Math.min(2, d3.max(cells, cell => cell.ratio)));
  const chart = Plot.plot({
    ...plotFrame(2), height: Math.min(420, 90 + 32 * domain(b).length), marginLeft: 70,
    x: { domain: domain(a), label: a, type: "band" },
    y: { domain: domain(b), label: b, type: "band" },
    color: { type: "log", domain: [1, worst], clamp: true, interpolate: d3.interpolateRgb,
      range: [colour("ramp-high"), colour("ramp-low")] },
    marks: [
      Plot.cell(cells, { x: "x", y: "y", fill: "ratio", inset: 1, rx: 2,
        title: cell => `x ${formatTimes(cell.ratio)}, ${plural(cell.trials, "trial")}` }),
      Plot.text(cells, { x: "x", y: "y", text: cell => formatTimes(cell.ratio),
        fill: cell => (cell.ratio < worst ** 0.35 ? colour("paper") : colour("ink")) }),
    ],
  });
  return figure({ title: `${a} and ${b}`, chart,
    label: `The fastest trial for each pair of values of ${a} and ${b}`,
    caption: "The fastest trial of a pair, over the fastest of all. An empty field was not tried.",
    table: dataTable({ caption: `${a} and ${b}`, rows: cells, tall: cells.length > 20, columns: [
      { name: a, sort: cell => cell.x, text: cell => cell.x },
      { name: b, sort: cell => cell.y, text: cell => cell.y },
      { name: "x fastest", kind: "right", sort: cell => cell.ratio,
        text: cell => formatTimes(cell.ratio) },
      { name: "trials", kind: "right", sort: cell => cell.trials, text: cell => `${cell.trials}` },
    ] }) });
}
