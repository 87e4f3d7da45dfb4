// The data of the page, and what all views ask of it.

const report = JSON.parse(document.getElementById("data").textContent);

// Above this number of points a figure is drawn on a canvas.
const mostPoints = 5000;

// Returns the trials of a set as objects, in the order of commits.
function decode(set) {
  return set.ns.map((ns, i) => ({
    set, ns,
    forecast: set.forecast?.[i] ?? null,
    race: set.race[i] === 1,
    run: set.run[i],
    seconds: set.seconds[i],
    outcome: set.outcomes[set.outcome[i]],
    note: set.notes[set.note[i]],
    values: set.values.map(column => column[i]),
  }));
}

function prepare(problem) {
  for (const set of problem.sets) set.trials = decode(set);
  problem.trials = problem.sets.flatMap(set => set.trials);
  problem.searched = problem.trials.filter(trial => !trial.race);
  numberEvaluations(problem.searched);
}

// Numbers the evaluations of each run over all of its kernels, by time.
function numberEvaluations(searched) {
  for (const ofRun of d3.group(searched, trial => trial.run).values()) {
    if (ofRun.every(trial => trial.seconds !== null)) {
      ofRun.sort((a, b) => a.seconds - b.seconds);
    }
    ofRun.forEach((trial, i) => { trial.evaluation = i + 1; });
  }
}

for (const problem of report.problems) prepare(problem);

const worked = trial => trial.outcome === "ok" && trial.ns !== null;

function configurationOf(trial) {
  return trial.set.knobs.map((knob, i) => `${knob.name}=${knob.values[trial.values[i]]}`).join(" ");
}

// Returns the indices of a knob's values in their natural order: numbers by size, words by letter.
function valueOrder(knob) {
  const numbers = knob.values.every(value => value !== "" && Number.isFinite(Number(value)));
  const words = knob.values.every(value => value === "true" || value === "false");
  const order = d3.range(knob.values.length);
  if (numbers) return order.sort((a, b) => Number(knob.values[a]) - Number(knob.values[b]));
  if (words) return order.sort((a, b) => (knob.values[a] < knob.values[b] ? -1 : 1));
  return order.sort((a, b) => knob.values[a].localeCompare(knob.values[b]));
}

// The set that the views of knobs show: the winner's, otherwise the largest.
function mainSet(problem) {
  const current = problem.sets.filter(set => set.current);
  return d3.greatest(current.length ? current : problem.sets, set => set.trials.length);
}

function nameOf(problem) {
  const rest = [problem.device, problem.source !== "measured" ? problem.source : "",
    problem.l2 !== "cold" ? `${problem.l2} L2` : ""].filter(text => text);
  return `${problem.problem} · ${rest.join(" · ")}`;
}

// What a problem's times are, where that is not obvious.
function sourceNote(problem) {
  return {
    cpu: "The cpu device measured these times. They say nothing about a GPU.",
    replayed: "These times come from a recording.",
    imported: "These trials were imported from another database or file.",
  }[problem.source] ?? "";
}
