// All problems in one table.

function problemsView(choose) {
  const slowest = d3.max(report.problems, problem => problem.verdict?.speedup ?? 0);
  const columns = problemColumns(choose, Math.max(slowest, 1));
  const common = columns.filter(column => ["device", "source"].includes(column.name) &&
    new Set(report.problems.map(column.text)).size === 1);
  return dataTable({
    caption: problemsCaption(common, slowest > 0),
    columns: columns.filter(column => !common.includes(column)),
    rows: report.problems,
    chosen: problem => problem === page.problem,
    tall: report.problems.length > 20,
  });
}

// Says what all problems have in common, instead of a column each.
function problemsCaption(common, hasBaseline) {
  const sentences = [plural(report.problems.length, "problem") +
    common.map(column => `, ${column.name}: ${column.text(report.problems[0])}`).join("") + "."];
  if (report.problems.length > 1) {
    sentences.push("A name shows its problem in the other views. The heads sort.");
  }
  if (hasBaseline) sentences.push("The line in a bar is the baseline.");
  return sentences.join(" ");
}

function problemColumns(choose, most) {
  const of = (problem, key) => problem.verdict?.[key] ?? null;
  return [
    { name: "problem", kind: "wide", sort: problem => problem.problem,
      text: problem => element("button",
        { type: "button", class: "plain", onclick: () => choose(problem) }, problem.problem) },
    { name: "device", sort: problem => problem.device, text: problem => problem.device },
    { name: "source", sort: problem => problem.source,
      text: problem => problem.source + (problem.l2 === "cold" ? "" : `, ${problem.l2} L2`) },
    { name: "kernel", sort: problem => of(problem, "kernel"),
      text: problem => of(problem, "kernel") ?? "nothing works" },
    { name: "median", kind: "right", sort: problem => of(problem, "median_ns"),
      text: problem => of(problem, "median") ?? "-" },
    { name: "+-", kind: "right", sort: halfWidth,
      text: problem => of(problem, "half_interval") ?? "" },
    { name: "x baseline", kind: "right", sort: problem => of(problem, "speedup"),
      text: problem => speedupBar(problem, most) },
    { name: "% roof", kind: "right", sort: problem => of(problem, "of_roof"), text: roofBar },
    { name: "tied", kind: "right", sort: problem => of(problem, "tied")?.length ?? null,
      text: problem => String(of(problem, "tied")?.length || "") },
    { name: "trials", kind: "right", sort: problem => problem.searched.length,
      text: problem => formatCount(problem.searched.length) },
  ];
}

function halfWidth(problem) {
  const interval = problem.verdict?.interval_ns;
  return interval ? (interval[1] - interval[0]) / 2 / problem.verdict.median_ns : null;
}

function speedupBar(problem, most) {
  const speedup = problem.verdict?.speedup ?? null;
  if (speedup === null) return "";
  return bar(`${formatTimes(speedup)} ${problem.verdict.baseline}`, speedup / most,
    speedup >= 1 ? "better" : "worse", 1 / most);
}

function roofBar(problem) {
  const part = problem.verdict?.of_roof ?? null;
  return part === null ? "" : bar(significant(100 * part, 3), part);
}
