// Parallel coordinates: a line a configuration, an axis a knob, and the time. Brushes on the axes,
// and the inputs below the figure, filter the table of configurations.

function parallelView(problem) {
  const sets = problem.sets.filter(set => set.trials.some(worked));
  if (!sets.length) return [note("No configuration has a time.")];
  const place = element("div");
  const show = set => place.replaceChildren(...parallelNodes(set));
  const main = mainSet(problem);
  const first = sets.includes(main) ? main : sets[0];
  show(first);
  const options = sets.map((set, i) => [String(i),
    [`${set.kernel}: ${plural(set.trials.length, "trial")}`, set.driver && `driver ${set.driver}`,
      set.toolchain].filter(text => text).join(", ")]);
  return [
    sets.length > 1 ? element("div", { class: "controls" }, select("Trials of", options,
      String(sets.indexOf(first)), i => show(sets[Number(i)]))) : null,
    place,
  ];
}

function parallelNodes(set) {
  const view = {
    set,
    trials: d3.sort(latestTrials(set).filter(worked), trial => trial.ns),
    knobs: set.knobs.map((knob, index) => ({ ...knob, index, order: valueOrder(knob) }))
      .filter(knob => knob.values.length > 1),
    chosen: new Map(),  // of a knob's index: the set of values that are shown
    time: null,         // the shortest and the longest time that are shown
    best: 100,          // per cent of the configurations that are shown, the fastest first
    changed: () => {},
  };
  if (!view.trials.length) return [note("No trial of a search has a time.")];
  if (!view.knobs.length) return [note("No knob has two values.")];
  const figureNode = parallelFigure(view);
  const filters = filterNodes(view);
  const table = element("div");
  view.changed = () => {
    view.shown = shownTrials(view);
    figureNode.redraw();
    filters.forEach(filter => filter.refresh?.());
    table.replaceChildren(configurationTable(view));
  };
  view.changed();
  const constant = set.knobs.filter(knob => knob.values.length === 1)
    .map(knob => `${knob.name}=${knob.values[0]}`);
  return [
    note("Drag along an axis to keep only the lines through that part; click beside the box to " +
      "take the box away. The inputs below do the same from the keyboard." +
      (constant.length ? ` All have ${constant.join(", ")}.` : "")),
    figureNode.node, ...filters.map(filter => filter.node), table,
  ];
}

// Returns the latest trial of each configuration, without races.
function latestTrials(set) {
  const latest = new Map();
  for (const trial of set.trials) {
    if (!trial.race) latest.set(trial.values.join(), trial);
  }
  return [...latest.values()];
}

function shownTrials(view) {
  const most = Math.max(1, Math.ceil(view.trials.length * view.best / 100));
  return view.trials.slice(0, most).filter(trial =>
    (!view.time || (trial.ns >= view.time[0] && trial.ns <= view.time[1])) &&
    [...view.chosen].every(([knob, values]) => values.has(trial.values[knob])));
}

function parallelFigure(view) {
  const width = Math.max(widthOf(1), 60 * (view.knobs.length + 1)), height = 400;
  const margin = { top: 86, bottom: 16, left: 40, right: 78 };
  const axes = axesOf(view, [margin.top, height - margin.bottom],
    [margin.left, width - margin.right]);
  const svg = d3.create("svg").attr("viewBox", [0, 0, width, height]).attr("width", width)
    .attr("height", height).attr("font-size", 11);
  const lines = view.trials.length > mostPoints ? canvasLines(view, axes, width, height)
    : svgLines(view, axes, svg);
  axes.forEach(axis => drawAxis(svg, axis));
  axes.forEach(axis => addBrush(svg, axis, view));
  const node = figure({
    title: "Knobs and time",
    chart: element("div", { class: "parallel", style: `width:${width}px` },
      lines.canvas ?? null, svg.node()),
    label: `Parallel coordinates of ${plural(view.trials.length, "configuration")} over ` +
      `${plural(view.knobs.length, "knob")} and the time`,
    caption: "The fastest are drawn last and strongest. The axis of time is logarithmic.",
  });
  svg.attr("role", "group");  // the brushes inside are not one image
  return { node, redraw: lines.redraw };
}

// An axis knows its place, and where on it a trial is.
function axesOf(view, [top, bottom], [left, right]) {
  const x = d3.scalePoint(d3.range(view.knobs.length + 1), [left, right]);
  const axes = view.knobs.map((knob, i) => {
    const y = d3.scalePoint(knob.order, [bottom, top]).padding(0.3);
    const spread = Math.min(14, y.step() * 0.4);
    const at = (trial, n) => y(trial.values[knob.index]) + spread * ((n * 37 % 101) / 100 - 0.5);
    return { knob, y, at, x: x(i), name: knob.name };
  });
  const times = [view.trials[0].ns, view.trials.at(-1).ns];
  const y = d3.scaleLog(times[0] === times[1] ? [times[0], times[0] * 1.01] : times, [top, bottom]);
  const time = { knob: null, y, at: trial => y(trial.ns), x: x(view.knobs.length), name: "time" };
  return [...axes, time];
}

// Returns the colour of the n-th fastest configuration.
function lineColours(view) {
  return d3.scalePow([0, 0.2 * view.trials.length, view.trials.length],
    [colour("first"), colour("ramp-high"), colour("ramp-low")]).exponent(0.7)
    .interpolate(d3.interpolateRgb);
}

// Many lines are drawn faintly, so that the bundles show.
const opacityOf = view => Math.max(0.2, Math.min(0.8, 0.8 * Math.sqrt(300 / view.trials.length)));

const pathOf = axes => {
  const line = d3.line().x(point => point[0]).y(point => point[1]).curve(d3.curveMonotoneX);
  return (trial, n, context) =>
    line.context(context)(axes.map(axis => [axis.x, axis.at(trial, n)]));
};

function svgLines(view, axes, svg) {
  const path = pathOf(axes), scale = lineColours(view), opacity = opacityOf(view);
  const paths = svg.append("g").attr("fill", "none").attr("class", "lines").selectAll("path")
    .data(view.trials.map((trial, n) => ({ trial, n }))).join("path")
    .attr("d", ({ trial, n }) => path(trial, n, null));
  const redraw = () => {
    const shown = new Set(view.shown);
    paths.attr("stroke", ({ trial, n }) => (shown.has(trial) ? scale(n) : colour("line")))
      .attr("stroke-opacity", ({ trial }) => (shown.has(trial) ? opacity : opacity / 4))
      .sort((a, b) => shown.has(a.trial) - shown.has(b.trial) || b.n - a.n);
  };
  return { redraw };
}

function canvasLines(view, axes, width, height) {
  const path = pathOf(axes), scale = lineColours(view), density = 2;
  const canvas = element("canvas", { width: width * density, height: height * density,
    style: "width:100%" });
  const context = canvas.getContext("2d");
  context.scale(density, density);
  const draw = (trial, n, stroke, alpha) => {
    context.strokeStyle = stroke;
    context.globalAlpha = alpha;
    context.beginPath();
    path(trial, n, context);
    context.stroke();
  };
  const redraw = () => {
    const shown = new Set(view.shown), faint = colour("line");
    context.clearRect(0, 0, width, height);
    view.trials.forEach((trial, n) => { if (!shown.has(trial)) draw(trial, n, faint, 0.1); });
    for (let n = view.trials.length - 1; n >= 0; --n) {
      if (shown.has(view.trials[n])) draw(view.trials[n], n, scale(n), opacityOf(view));
    }
  };
  return { canvas, redraw };
}

function drawAxis(svg, axis) {
  const ticks = axis.knob
    ? d3.axisLeft(axis.y).tickValues(someOf(axis.knob.order)).tickSize(3)
      .tickFormat(i => axis.knob.values[i])
    : d3.axisRight(axis.y).tickValues(timeTicks(axis.y)).tickFormat(formatTick);
  const group = svg.append("g").attr("class", "axis").attr("transform", `translate(${axis.x},0)`)
    .call(ticks);
  group.append("text").attr("class", "name").attr("text-anchor", "start")
    .attr("transform", `translate(-4,${d3.min(axis.y.range()) - 12}) rotate(-32)`).text(axis.name);
}

// Returns at most 24 of the values, evenly.
function someOf(values) {
  const step = Math.ceil(values.length / 24);
  return values.filter((_, i) => i % step === 0);
}

// Returns round times that are far enough apart for their texts.
function timeTicks(scale) {
  const [low, high] = scale.domain();
  const round = high / low > 4 ? scale.ticks(20) : d3.ticks(low, high, 12);
  const ticks = [];
  for (const tick of round) {
    if (!ticks.length || scale(tick) - scale(ticks.at(-1)) > 20) ticks.push(tick);
  }
  return ticks;
}

function addBrush(svg, axis, view) {
  const [low, high] = d3.extent(axis.y.range());
  const brush = d3.brushY().extent([[-13, low - 4], [13, high + 4]]).on("brush end", event => {
    if (!event.sourceEvent) return;
    chooseBetween(axis, view, event.selection);
    view.changed();
  });
  svg.append("g").attr("class", "brush").attr("data-axis", axis.name)
    .attr("transform", `translate(${axis.x},0)`).call(brush);
}

function chooseBetween(axis, view, selection) {
  if (!axis.knob) {
    view.time = selection ? selection.map(axis.y.invert) : null;
  } else if (!selection) {
    view.chosen.delete(axis.knob.index);
  } else {
    view.chosen.set(axis.knob.index, new Set(axis.knob.order.filter(value =>
      axis.y(value) >= selection[0] && axis.y(value) <= selection[1])));
  }
}
