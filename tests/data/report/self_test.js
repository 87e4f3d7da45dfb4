// Runs in the page of a report, and writes what it finds into an element of the document, which the
// test reads: a line a fact.
(async function () {
  const lines = [];
  const say = (name, value) => lines.push(`${name}=${value}`);
  const count = selector => document.querySelectorAll(selector).length;

  // Drags over an axis of the parallel coordinates, from one part of its length to another.
  function drag(axis, from, to) {
    const overlay = document.querySelector(`.brush[data-axis="${axis}"] .overlay`);
    const box = overlay.getBoundingClientRect();
    const event = (type, part, target) => target.dispatchEvent(new MouseEvent(type, {
      bubbles: true, cancelable: true, view: window, button: 0,
      clientX: box.left + box.width / 2, clientY: box.top + part * box.height,
    }));
    event("mousedown", from, overlay);
    event("mousemove", to, window);
    event("mouseup", to, window);
  }
  const rows = () => count(".configurations tbody tr");
  const status = () => document.querySelector(".configurations [role=status]")?.textContent;

  function input(node, value) {
    node.value = value;
    node.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function views() {
    say("sections", [...document.querySelectorAll("main section")].map(node => node.id).join(","));
    say("facts", count("#verdict .facts > div"));
    say("problem_rows", count("#problems tbody tr"));
    say("convergence_lines", count("#convergence [aria-label=line] path"));
    say("convergence_dots", count("#convergence circle"));
    say("convergence_images", count("#convergence image.points"));
    say("forecast_dots", count("#convergence .forecasts circle"));
    say("trial_marks", count("#trials [aria-label=tick] line"));
    say("parallel_lines", count("#parallel .lines path"));
    say("parallel_canvas", count("#parallel canvas"));
    say("parallel_axes", count("#parallel .axis"));
    say("knob_bars", count("#knobs [aria-label=bar] rect"));
    say("pair_cells", count("#knobs [aria-label=cell] rect"));
    say("race_intervals", count("#race figure [aria-label=rule] line"));
    say("race_rounds", count("#race figure .rounds circle"));
    say("counter_bars", count("#race [aria-label=bar] rect"));
    say("counter_rows", [...document.querySelectorAll("#race caption")]
      .filter(caption => caption.textContent.startsWith("Counters")).length);
    say("roofline_dots", count("#roofline [aria-label=dot] *"));
    say("against_rows", count("#against tbody tr"));
    say("regret_cells", count("#regret [aria-label=cell] rect"));
    say("runs", count("#provenance tbody tr"));
    say("not_a_number", /NaN|undefined|Infinity|\[object/.test(
      document.getElementById("main").textContent));
    say("unnamed_images", count("svg[role=img]:not([aria-label]), section:not([aria-labelledby])"));
  }

  // After a drag, d3 swallows the clicks of the same turn.
  const turn = () => new Promise(resolve => setTimeout(resolve, 20));

  async function brushing() {
    say("rows_before", rows());
    say("status_before", status());
    drag("x", 0.6, 0.9);
    await turn();
    say("rows_brushed", rows());
    say("ticked", count("#parallel fieldset input:checked"));
    document.querySelectorAll("#parallel fieldset input:checked").forEach(box => box.click());
    say("rows_unticked", rows());
    document.querySelector("#parallel fieldset input").click();
    say("rows_ticked", rows());
    document.querySelector("#parallel fieldset input").click();
    input(document.querySelector("#parallel input[type=range]"), "10");
    say("rows_best", rows());
  }

  function sorting() {
    const head = document.querySelector("#problems th button");
    head.click();
    say("sorted", head.closest("th").getAttribute("aria-sort"));
    const names = [...document.querySelectorAll("#problems tbody button")];
    say("first", names[0].textContent);
    names.at(-1).click();
    say("chosen", document.querySelector("#verdict .problem").textContent);
  }

  try {
    views();
    await brushing();
    sorting();
  } catch (error) {
    say("error", `${error.message} ${error.stack}`.replaceAll("\n", " "));
  }
  const result = document.createElement("pre");
  result.id = "self-test";
  result.textContent = `\n${lines.join("\n")}\n`;
  document.body.append(result);
})();
