// The verdict of one problem: what won, how fast it is, and how sure that is.

function verdictView(problem) {
  const verdict = problem.verdict;
  if (!verdict) return lostView(problem);
  return element("div", { class: "verdict" },
    element("p", { class: "problem" }, nameOf(problem)),
    element("dl", { class: "facts" }, factsOf(problem).map(factNode)),
    knobList(verdict.kernel, verdict.configuration),
    tieSet(problem),
    sourceNote(problem) ? element("p", { class: "note" }, sourceNote(problem)) : null);
}

function lostView(problem) {
  const reasons = d3.rollups(problem.trials.filter(trial => !worked(trial)), list => list.length,
    trial => trial.outcome);
  const text = reasons.length
    ? `Nothing wins: ${reasons.map(([outcome, count]) => `${count} ${outcome}`).join(", ")}.`
    : "Nothing wins: no trial of this filter decides.";
  return element("div", { class: "verdict lost" },
    element("p", { class: "problem" }, nameOf(problem)), element("p", {}, text));
}

// A fact: its name, its value, what is said below the value, and a class.
function factsOf(problem) {
  const verdict = problem.verdict;
  const facts = [["median", verdict.median, spreadText(verdict)]];
  if (verdict.rate) facts.push(["rate", verdict.rate, ""]);
  facts.push(baselineFact(verdict));
  facts.push(verdict.of_roof !== null
    ? ["% of the roofline", formatPercent(verdict.of_roof),
      `roofline ${formatTime(problem.roof_ns)}`]
    : ["% of the roofline", "-", problem.no_roof]);
  facts.push(["tie set", verdict.raced ? String(verdict.tied.length + 1) : "-",
    verdict.raced ? `of ${plural(verdict.finalists.length, "finalist")} in a race` : "not raced"]);
  facts.push(confidenceFact(verdict));
  return facts;
}

function spreadText(verdict) {
  const samples = plural(verdict.samples, "sample");
  return verdict.half_interval ? `± ${verdict.half_interval} (95 %), ${samples}` : samples;
}

function baselineFact(verdict) {
  if (verdict.speedup === null) return ["x baseline", "-", "no baseline was measured"];
  return ["x baseline", `${formatTimes(verdict.speedup)} x`,
    `${verdict.baseline}: ${verdict.baseline_median}`, verdict.speedup >= 1 ? "better" : "worse"];
}

function confidenceFact(verdict) {
  const found = /^(\d+ %) confident (.*)$/.exec(verdict.confidence);
  if (found) return ["confidence", found[1], found[2]];
  if (verdict.is_exhausted) {
    return ["confidence", "certain", "the whole space was evaluated"];
  }
  if (verdict.confidence) return ["confidence", "-", verdict.confidence];
  return ["confidence", "-", "no search ended with a certificate"];
}

function factNode([name, value, below, kind]) {
  return element("div", {}, element("dt", {}, name),
    element("dd", { class: kind }, value, below ? element("small", {}, below) : null));
}

function knobList(kernel, configuration) {
  const words = configuration.split(" ").filter(word => word);
  return element("ul", { class: "knobs", "aria-label": "The winning configuration" },
    element("li", { class: "kernel" }, kernel), words.map(word => element("li", {}, word)));
}

function tieSet(problem) {
  const tied = problem.verdict.finalists.filter(finalist => finalist.tied);
  if (!tied.length) return null;
  return element("details", {},
    element("summary", {}, `Tied with the winner: ${plural(tied.length, "configuration")}`),
    element("ul", {}, tied.map(finalist => element("li", {},
      element("code", {}, `${finalist.kernel}: ${finalist.differs || finalist.configuration}`),
      ` ${finalist.median}`))));
}
