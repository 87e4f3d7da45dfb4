// Elements, tables and figures. All text becomes text nodes: nothing here reads markup.

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  node.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined));
  return node;
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const outcomeColours = {
  ok: "good", pruned: "dot", compile_failed: "warm", launch_failed: "warm", timed_out: "warm",
  wrong_result: "bad", faulted: "bad",
};

function outcomeColour(outcome) {
  return colour(outcomeColours[outcome] ?? "bad");
}

function bar(text, part, kind = "", mark = null) {
  const percent = value => `${Math.max(0, Math.min(100, 100 * value)).toFixed(1)}%`;
  const fill = element("span", { class: `fill ${kind}`, style: `width:${percent(part)}` });
  const track = element("span", { class: "track", "aria-hidden": "true" }, fill);
  if (mark !== null) {
    track.append(element("span", { class: "mark", style: `left:${percent(mark)}` }));
  }
  return element("span", { class: "bar" }, text, track);
}

// Makes a table. A column has `name`, `text` (of a row: text or a node), perhaps `sort` (of a row:
// a number or a text; makes the column sortable) and a class `kind`.
function dataTable({ caption, columns, rows, chosen = () => false, tall = false }) {
  const body = element("tbody");
  const heads = columns.map(column => headOf(column, () => sortBy(column)));
  let order = { column: null, down: false };

  function fill(list) {
    body.replaceChildren(...list.map(row =>
      element("tr", { class: chosen(row) ? "chosen" : null },
        columns.map(column => element("td", { class: column.kind }, column.text(row))))));
  }
  function sortBy(column) {
    const down = order.column === column && !order.down;
    order = { column, down };
    heads.forEach((head, i) => {
      if (columns[i] === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    fill(rows.slice().sort((a, b) => compare(column.sort(a), column.sort(b), down)));
  }
  fill(rows);
  return element("div", { class: tall ? "scroll tall" : "scroll", tabindex: tall ? "0" : null,
    role: tall ? "region" : null, "aria-label": tall ? caption : null },
    element("table", {}, element("caption", {}, caption),
      element("thead", {}, element("tr", {}, heads)), body));
}

function headOf(column, onclick) {
  const right = column.kind === "right" ? "right" : null;
  const label = column.sort ? element("button", { type: "button", onclick }, column.name)
    : column.name;
  return element("th", { scope: "col", class: right }, label);
}

// Unknown values come last.
function compare(a, b, down) {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
  if (b === null || b === undefined) return -1;
  return down ? d3.descending(a, b) : d3.ascending(a, b);
}

// Makes a figure: a title, a caption, a chart that says what it shows, and its numbers as a table.
function figure({ title, caption = "", chart, label, table = null }) {
  const svg = chart.matches("svg") ? chart : chart.querySelector("svg");
  if (svg) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label ?? title);
  }
  return element("figure", {},
    element("figcaption", {}, element("h3", {}, title), caption ? element("p", {}, caption) : null),
    element("div", { class: "chart" }, chart),
    table ? element("details", {}, element("summary", {}, "The numbers as a table"), table) : null);
}

function note(text) {
  return element("p", { class: "note" }, text);
}

function select(label, options, chosen, onchange) {
  const list = element("select", { onchange: event => onchange(event.target.value) },
    options.map(([value, text]) => element("option", { value, selected: value === chosen }, text)));
  return element("label", {}, `${label} `, list);
}

// Options of Plot.dot that draw many points on a canvas, which the figure shows as one image.
function manyPoints(count) {
  return count <= mostPoints ? {} : { render: drawnPoints };
}

function drawnPoints(index, scales, values, dimensions) {
  const scale = 2, radius = 1.7;
  const canvas = element("canvas", {
    width: dimensions.width * scale, height: dimensions.height * scale,
  });
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  for (const i of index) {
    context.fillStyle = values.fill ? values.fill[i] : colour("dot");
    context.globalAlpha = 0.55;
    context.beginPath();
    context.arc(values.x[i], values.y[i], radius, 0, 2 * Math.PI);
    context.fill();
  }
  return d3.create("svg:image").attr("href", canvas.toDataURL()).attr("class", "points")
    .attr("width", dimensions.width).attr("height", dimensions.height).node();
}

const widthOf = columns => {
  const whole = Math.min(1110, document.getElementById("main").clientWidth || 1110);
  return columns === 2 && whole > 880 ? Math.floor((whole - 24) / 2) : whole;
};

// What all plots share. The margins leave room for the axis's name below its ticks.
const plotFrame = columns => ({ width: widthOf(columns), marginBottom: 44, style: plotStyle() });

const plotStyle = () => ({
  background: "transparent", color: colour("ink"), fontFamily: "inherit", fontSize: "12px",
});
