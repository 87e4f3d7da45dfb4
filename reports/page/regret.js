// The regret map: what the configurations of one problem cost the other problems.

const mostColumns = 16, mostRows = 40;

function regretView(problem) {
  const peers = peersOf(problem);
  if (peers.length < 2) return null;
  const columns = candidatesOf(peers);
  const cells = peers.flatMap(peer => columns.map((column, i) => ({
    problem: peer.name, column: `C${i + 1}`, configuration: column,
    ratio: peer.times.has(column) ? peer.times.get(column) / peer.best : null,
  }))).filter(cell => cell.ratio !== null);
  return [
    note("A field is the time of a configuration over the best time of the problem: what it " +
      "costs to use one configuration for several problems. Times are those of the searches. A " +
      "field is empty if the problem's search did not measure the configuration."),
    regretFigure(peers, columns, cells),
  ];
}

// Returns the problems with the same kernel, knobs and device, with the time of each configuration.
function peersOf(problem) {
  const key = one => {
    const set = one.verdict && mainSet(one);
    return set && JSON.stringify([one.op, one.device, one.source, one.l2, set.kernel,
      set.knobs.map(knob => knob.name)]);
  };
  const mine = key(problem);
  if (!mine) return [];
  return report.problems.filter(one => key(one) === mine).slice(0, mostRows).map(one => {
    const timed = mainSet(one).trials.filter(trial => worked(trial) && !trial.race);
    const times = d3.rollup(timed, list => list.at(-1).ns, configurationOf);
    return { name: one.problem, times, best: d3.min(times.values()), winner: one.verdict };
  });
}

// Returns each problem's winner, and then what is best in the problems that measured it.
function candidatesOf(peers) {
  const winners = new Set(peers.map(peer => peer.winner.configuration));
  const known = new Map();
  for (const peer of peers) {
    for (const [name, ns] of peer.times) {
      known.set(name, [...(known.get(name) ?? []), Math.log(ns / peer.best)]);
    }
  }
  const rest = [...known].filter(([name, costs]) => !winners.has(name) && costs.length > 1)
    .sort((a, b) => b[1].length - a[1].length || d3.mean(a[1]) - d3.mean(b[1]));
  return [...winners, ...rest.map(([name]) => name)].slice(0, mostColumns);
}

function regretFigure(peers, columns, cells) {
  const chart = Plot.plot({
    ...plotFrame(1), height: 40 + 28 * peers.length, marginLeft: 300, marginTop: 30,
    marginBottom: 8,
    x: { domain: columns.map((_, i) => `C${i + 1}`), label: null, type: "band", axis: "top" },
    y: { domain: peers.map(peer => peer.name), label: null, type: "band",
      tickFormat: name => name.slice(0, 44) },
    color: { type: "log", domain: [1, 2], clamp: true, interpolate: d3.interpolateRgb,
      range: [colour("ramp-low"), colour("warm")] },
    marks: [
      Plot.cell(cells, { x: "column", y: "problem", fill: "ratio", inset: 1, rx: 2,
        title: cell => `${cell.problem}\n${cell.configuration}` }),
      Plot.text(cells, { x: "column", y: "problem", text: cell => formatTimes(cell.ratio),
        fill: colour("ink") }),
    ],
  });
  return element("div", {}, figure({
    title: "Regret", chart, label: "Time of each configuration over the best time of each problem",
  }), dataTable({
    caption: "The configurations", rows: columns.map((name, i) => ({ name, id: `C${i + 1}` })),
    columns: [
      { name: "", text: row => row.id },
      { name: "configuration", kind: "code", text: row => row.name },
      { name: "problems", kind: "right",
        text: row => String(peers.filter(peer => peer.times.has(row.name)).length) },
      { name: "worst", kind: "right", text: row => formatTimes(d3.max(
        peers.filter(peer => peer.times.has(row.name)),
        peer => peer.times.get(row.name) / peer.best) ?? null) },
    ],
  }));
}
