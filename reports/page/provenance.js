// Where the numbers come from.

function provenanceView(problem) {
  const run = problem.runs.at(-1);
  const facts = [
    ["device", problem.device], ["limits", problem.device_limits],
    ["device id", run?.device_uuid], ["driver", problem.driver], ["toolchain", problem.toolchain],
    ["kernel's source digest", problem.digest], ["measuring protocol", String(problem.protocol)],
    ["L2 before each sample", problem.l2], ["source of the rows", problem.source],
    ["baselines", problem.baselines.map(baselineText).join(", ") || "none was measured"],
  ].map(([name, value]) => [name, value || "not known"]);
  return [
    element("dl", { class: "rows" },
      facts.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
    runTable(problem),
  ];
}

function baselineText({ library, version, median }) {
  return `${[library, version].filter(text => text).join(" ")}: ${median}`;
}

// Where the time of a search went. Several workers compile at once, so that the sum can be larger
// than the time that the run took.
const timeColumns = [["compiling", "compile_seconds"], ["kernels", "kernel_seconds"]].map(
  ([name, key]) => ({ name, kind: "right", sort: run => run[key],
    text: run => (run[key] > 0 ? formatDuration(run[key]) : "") }));

function runCaption(problem) {
  if (!["measured", "cpu"].includes(problem.source)) return "Runs";
  return "Runs. Compiling is the sum over all workers, kernels the sum of the kept samples.";
}

function runTable(problem) {
  const rows = problem.runs.map((run, i) => ({ ...run, number: i + 1,
    trials: problem.searched.filter(trial => trial.run === i).length }));
  return dataTable({
    caption: runCaption(problem), rows, tall: rows.length > 10,
    columns: [
      { name: "run", kind: "right", sort: run => run.number, text: run => String(run.number) },
      { name: "started", sort: run => run.started, kind: "stamp",
        text: run => run.started.slice(0, 19).replace("T", " ") },
      { name: "took", kind: "right", sort: run => run.seconds,
        text: run => (run.seconds === null ? "" : formatDuration(run.seconds)) },
      { name: "trials", kind: "right", sort: run => run.trials,
        text: run => formatCount(run.trials) },
      ...(["measured", "cpu"].includes(problem.source) ? timeColumns : []),
      { name: "space", kind: "right", sort: run => run.space_size,
        text: run => (run.space_size > 0 ? formatCount(run.space_size) : "") },
      { name: "strategy", text: run => run.strategy },
      { name: "seed", kind: "right", text: run => run.seed },
      { name: "commit", kind: "code", text: run => run.commit },
      { name: "end", text: run => run.status },
      { name: "command", kind: "code", text: run => run.command },
    ],
  });
}
