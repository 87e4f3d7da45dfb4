// Puts the views on the page, and draws them again when another problem is chosen.

const page = { problem: null };

// A view gives its nodes, or null if the report does not have what it shows.
const views = [
  { id: "verdict", title: "Verdict", nodes: problem => [verdictView(problem)] },
  { id: "problems", title: "All problems",
    nodes: () => [problemsView(choose)] },
  { id: "against", title: "Two databases", nodes: () => againstView() },
  { id: "convergence", title: "Convergence", nodes: convergenceView },
  { id: "trials", title: "Trials", nodes: trialsView },
  { id: "parallel", title: "Configurations", nodes: parallelView },
  { id: "knobs", title: "Effect of the knobs", nodes: knobsView },
  { id: "race", title: "The race", nodes: raceView },
  { id: "roofline", title: "Roofline", nodes: rooflineView },
  { id: "regret", title: "Regret map", nodes: regretView },
  { id: "provenance", title: "Provenance", nodes: provenanceView },
];

// The problem is a part of the address, so that a link can name it.
function problemOfAddress() {
  const found = /^#problem-(\d+)$/.exec(location.hash);
  return report.problems[Number(found?.[1] ?? 1) - 1] ?? report.problems[0];
}

function choose(problem) {
  page.problem = problem;
  location.replace(`#problem-${report.problems.indexOf(problem) + 1}`);
  render();
  document.getElementById("main").focus({ preventScroll: true });
  document.getElementById("verdict").scrollIntoView();
}

function picker() {
  if (report.problems.length < 2) return null;
  const list = element("select", { id: "problem",
    onchange: event => choose(report.problems[Number(event.target.value)]) },
    report.problems.map((problem, i) => element("option",
      { value: String(i), selected: problem === page.problem }, nameOf(problem))));
  return element("div", { class: "picker" }, element("label", { for: "problem" }, "Problem"), list);
}

function sectionOf(view) {
  const nodes = view.nodes(page.problem);
  return nodes && element("section", { id: view.id, "aria-labelledby": `${view.id}-title` },
    element("h2", { id: `${view.id}-title` }, view.title), nodes);
}

function render() {
  const sections = views.map(sectionOf);
  document.getElementById("main").replaceChildren(
    ...[picker(), ...sections].filter(node => node));
  document.getElementById("contents").replaceChildren(...views.filter((_, i) => sections[i])
    .map(view => element("a", { href: `#${view.id}` }, view.title)));
}

function begin() {
  document.getElementById("origin").textContent =
    `${report.database}, ${plural(report.problems.length, "problem")}, made ${report.made}`;
  document.getElementById("maker").textContent = `${report.tilewright}: ${report.command}`;
  page.problem = problemOfAddress();
  render();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", render);
  let width = innerWidth, timer = 0;
  addEventListener("resize", () => {
    clearTimeout(timer);
    if (width !== innerWidth) timer = setTimeout(() => { width = innerWidth; render(); }, 200);
  });
}

begin();
