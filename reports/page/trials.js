// Every trial, by its outcome and the reason of the outcome.

function trialsView(problem) {
  if (!problem.trials.length) return [note("No trial matches the filters.")];
  const outcomes = d3.rollups(problem.searched, list => list.length, trial => trial.outcome)
    .sort((a, b) => d3.descending(a[1], b[1]));
  const words = outcomes.map(([outcome, count]) => `${formatCount(count)} ${outcome}`).join(", ");
  const failed = problem.trials.filter(trial => trial.outcome !== "ok");
  return [
    figure({
      title: "Every trial by outcome", label: `Trials by outcome: ${words}`,
      caption: `${words}. Each line is a trial of a search, in the order of the evaluations.` +
        racedWords(problem),
      chart: outcomePlot(problem, outcomes.map(([outcome]) => outcome)),
    }),
    failed.length ? reasonTable(failed, problem.trials.length)
      : note("All trials worked, so that there are no reasons."),
  ];
}

function racedWords(problem) {
  const raced = problem.trials.length - problem.searched.length;
  return raced ? ` Races measured ${plural(raced, "finalist")} again.` : "";
}

function outcomePlot(problem, outcomes) {
  const trials = problem.searched;
  return Plot.plot({
    ...plotFrame(1), height: 60 + 34 * outcomes.length, marginLeft: 110,
    x: { label: "evaluation", domain: [0, d3.max(trials, trial => trial.evaluation) + 1 || 1] },
    y: { type: "band", domain: outcomes, label: null, padding: 0.25 },
    marks: [trials.length <= mostPoints
      ? Plot.tickX(trials, { x: "evaluation", y: "outcome",
        stroke: trial => outcomeColour(trial.outcome), strokeWidth: 1.5, strokeOpacity: 0.75 })
      : Plot.dot(trials, { x: "evaluation", y: "outcome",
        fill: trial => outcomeColour(trial.outcome), render: drawnPoints })],
    color: { type: "identity" },
  });
}

function reasonTable(failed, all) {
  const groups = d3.groups(failed, trial => JSON.stringify([trial.outcome, trial.note]))
    .map(([, list]) => ({ ...list[0], first: list[0], count: list.length }))
    .sort((a, b) => d3.descending(a.count, b.count));
  return dataTable({
    caption: "The trials that are not ok, by reason, and the first configuration of each reason",
    tall: groups.length > 12,
    rows: groups,
    columns: [
      { name: "outcome", sort: group => group.outcome, text: group => group.outcome },
      { name: "trials", kind: "right", sort: group => group.count,
        text: group => bar(formatCount(group.count), group.count / all, "worse") },
      { name: "reason", sort: group => group.note,
        text: group => group.note || "no reason is kept" },
      { name: "kernel", text: group => group.set.kernel },
      { name: "configuration", kind: "code", text: group => configurationOf(group.first) },
    ],
  });
}
