// Convergence: every trial, and the best so far, over evaluations and over seconds.

function convergenceView(problem) {
  const timed = problem.searched.filter(worked);
  if (!timed.length) return [note("No trial of a search has a time.")];
  const hasSeconds = problem.searched.every(trial => trial.seconds !== null) &&
    d3.max(timed, trial => trial.seconds) > 0;
  if (!hasSeconds) {
    return [note(convergenceNote(problem)),
      convergenceFigure(problem, timed, "evaluation", "evaluations", 1),
      note("The database does not know when within their runs these trials were made."),
      forecastFigure(timed)];
  }
  return [note(convergenceNote(problem)), element("div", { class: "pair" },
    convergenceFigure(problem, timed, "evaluation", "evaluations", 2),
    convergenceFigure(problem, timed, "seconds", "seconds", 2)), forecastFigure(timed)];
}

// Returns the places 1, 2, ... of the values by size; equal values share the mean of their places.
function placesOf(values) {
  const order = d3.sort(d3.range(values.length), i => values[i]);
  const places = new Array(values.length);
  for (let begin = 0; begin < order.length;) {
    let end = begin;
    while (end < order.length && values[order[end]] === values[order[begin]]) ++end;
    for (let i = begin; i < end; ++i) places[order[i]] = (begin + end + 1) / 2;
    begin = end;
  }
  return places;
}

// Returns Spearman's rank correlation of two columns; NaN if one of them is constant.
function rankCorrelation(first, second) {
  const [a, b] = [placesOf(first), placesOf(second)];
  const middle = (a.length + 1) / 2;
  const sum = pairs => d3.sum(pairs, ([x, y]) => (x - middle) * (y - middle));
  return sum(d3.zip(a, b)) / Math.sqrt(sum(d3.zip(a, a)) * sum(d3.zip(b, b)));
}

// The forecasts of the kernels' models, made before anything was compiled, against the times.
function forecastFigure(timed) {
  const known = timed.filter(trial => trial.forecast > 0);
  if (known.length < 3) return note("This build has no forecasts of these trials.");
  const correlation = rankCorrelation(known.map(trial => trial.forecast),
    known.map(trial => trial.ns));
  const kernels = [...new Set(known.map(trial => trial.set.kernel))];
  const axis = label => ({ type: "log", label, tickFormat: formatTick, ticks: 5, nice: true });
  const chart = Plot.plot({
    ...plotFrame(1), height: 330, marginLeft: 64,
    x: axis("forecast"), y: { ...axis("time of a call"), grid: true },
    color: { legend: kernels.length > 1, domain: kernels },
    marks: [
      Plot.dot(known, { x: "forecast", y: "ns", r: known.length > 100 ? 1.7 : 3,
        fill: kernels.length > 1 ? trial => trial.set.kernel : () => colour("accent"),
        fillOpacity: 0.55, className: "forecasts", ...manyPoints(known.length) }),
    ],
  });
  return figure({
    title: "Forecast and time", chart,
    label: `Forecast and time of ${plural(known.length, "trial")}`,
    caption: "The model of a kernel forecasts each configuration before it is compiled. The " +
      "search uses the order of the forecasts, not their level." +
      (Number.isFinite(correlation)
        ? ` Rank correlation: ${correlation.toFixed(2)} (1: the same order).` : ""),
  });
}

function convergenceNote(problem) {
  const certificate = problem.verdict?.confidence;
  const sentences = [problem.verdict?.is_exhausted ? "A search evaluated the whole space."
    : certificate ? `The search ended with this certificate: ${certificate}.`
    : "No search of this problem ended with a certificate."];
  if (problem.verdict?.raced) {
    sentences.push("A race measured the best again, so the winner's median can differ from the " +
      "end of a line.");
  }
  if (problem.source === "replayed") sentences.push("Seconds are those of the replay.");
  return sentences.join(" ");
}

// Returns the points at which a run found something faster, and its last trial.
function improvements(trials, x) {
  const points = [];
  let best = null;
  for (const trial of d3.sort(trials, trial => trial[x])) {
    if (!worked(trial)) continue;
    if (best !== null && trial.ns >= best.ns) continue;
    best = trial;
    points.push({ trial, x: trial[x], ns: trial.ns, run: trial.run });
  }
  if (best) points.push({ trial: best, x: d3.max(trials, t => t[x]), ns: best.ns, run: best.run });
  return points;
}

function convergenceFigure(problem, timed, x, words, columns) {
  const runs = d3.group(problem.searched, trial => trial.run);
  const lines = [...runs.values()].flatMap(trials => improvements(trials, x));
  const best = d3.min(timed, trial => trial.ns);
  const most = topOf(timed, best, problem.verdict?.baseline_ns);
  const shown = timed.filter(trial => trial.ns <= most);
  const chart = Plot.plot({
    ...plotFrame(columns), height: 330, marginLeft: 64,
    x: { label: words, nice: true },
    y: { type: "log", label: "time of a call", domain: [best * 0.97, most], tickFormat: formatTick,
      ticks: 6 },
    marks: convergenceMarks(problem, shown, lines, x, most),
  });
  const hidden = timed.length - shown.length;
  return figure({
    title: `Best so far over ${words}`, chart,
    label: `Best time so far over ${words}: from ${formatTime(lines[0].ns)} to ${formatTime(best)}`,
    caption: (runs.size > 1 ? `${plural(runs.size, "run")}, a line each. ` : "") +
      (hidden ? `${plural(hidden, "trial")} slower than ${formatTime(most, 3)} ` +
        `${hidden === 1 ? "is" : "are"} above the figure.` : ""),
    table: dataTable({ caption: "Improvements", rows: lines, tall: lines.length > 20,
      columns: improvementColumns(words) }),
  });
}

// Returns the longest time in the figure: most trials, and the baseline, are below it.
function topOf(timed, best, baseline) {
  const usual = 1.05 * d3.quantile(timed, 0.8, trial => trial.ns);
  const most = Math.max(usual, 1.1 * best, baseline ? Math.min(1.05 * baseline, 3 * best) : 0);
  return Math.min(most, Math.max(4 * best, 1.05 * d3.median(timed, trial => trial.ns)));
}

function convergenceMarks(problem, shown, lines, x, most) {
  const baseline = problem.verdict?.baseline_ns;
  const level = baseline && baseline <= most ? [{ ns: baseline }] : [];
  return [
    Plot.gridY({ stroke: colour("line"), strokeOpacity: 1 }),
    Plot.dot(shown, { x, y: "ns", r: shown.length > 100 ? 1.7 : 3, fill: () => colour("dot"),
      fillOpacity: 0.55,
      ...manyPoints(shown.length) }),
    Plot.ruleY(level, { y: "ns", stroke: colour("warm"), strokeDasharray: "5,4" }),
    Plot.text(level, { y: "ns", text: () => `${problem.verdict.baseline} ${formatTime(baseline)}`,
      frameAnchor: "right", dy: -7, textAnchor: "end", fill: colour("warm") }),
    Plot.line(lines, { x: "x", y: "ns", z: "run", curve: "step-after", stroke: colour("accent"),
      strokeWidth: 2.2, clip: true }),
    Plot.dot(lines.filter(point => point.ns <= most), { x: "x", y: "ns", r: 2.6,
      fill: colour("accent"),
      title: point => `${formatTime(point.ns)}\n${point.trial.set.kernel}\n` +
        configurationOf(point.trial).replaceAll(" ", "\n") }),
  ];
}

function improvementColumns(words) {
  return [
    { name: "run", kind: "right", text: point => String(point.run + 1) },
    { name: words, kind: "right",
      text: point => (words === "seconds" ? point.x.toFixed(2) : formatCount(point.x)) },
    { name: "best so far", kind: "right", text: point => formatTime(point.ns) },
    { name: "kernel", text: point => point.trial.set.kernel },
    { name: "configuration", kind: "code", text: point => configurationOf(point.trial) },
  ];
}
