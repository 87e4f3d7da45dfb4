// The inputs that filter the configurations from the keyboard, and the table of what is left.

function filterNodes(view) {
  const knobs = view.knobs.map(knob => knobFilter(view, knob));
  return [
    { node: bestFilter(view) },
    {
      node: element("details", { class: "filters" },
        element("summary", {}, "Filter by the values of knobs"), knobs.map(filter => filter.node)),
      refresh: () => knobs.forEach(filter => filter.refresh()),
    },
  ];
}

function bestFilter(view) {
  const [scale, unit] = timeUnit(view.trials[0].ns);
  const text = element("output", {}, "100 %");
  const best = element("input", { type: "range", min: "1", max: "100", value: "100",
    oninput: () => {
      view.best = Number(best.value);
      text.textContent = `${view.best} %`;
      view.changed();
    } });
  const most = element("input", { type: "number", min: "0", step: "any", placeholder: "any",
    oninput: () => {
      view.time = most.value === "" ? null : [0, Number(most.value) * scale];
      view.changed();
    } });
  return element("div", { class: "controls" },
    element("label", {}, "The best ", best, " ", text),
    element("label", {}, "At most ", most, ` ${unit}`),
    element("button", { type: "button", class: "action", onclick: () => render() }, "Show all"));
}

// Boxes to tick, one for each value of a knob. None ticked shows all.
function knobFilter(view, knob) {
  const boxes = knob.order.map(value => [value, element("input", { type: "checkbox",
    onchange: () => {
      const values = new Set(boxes.filter(([, box]) => box.checked).map(([one]) => one));
      if (values.size) view.chosen.set(knob.index, values);
      else view.chosen.delete(knob.index);
      view.changed();
    } })]);
  return {
    node: element("fieldset", {}, element("legend", {}, knob.name), boxes.map(([value, box]) =>
      element("label", {}, box, ` ${knob.values[value]}`))),
    refresh: () => boxes.forEach(([value, box]) => {
      box.checked = view.chosen.get(knob.index)?.has(value) ?? false;
    }),
  };
}

function configurationTable(view) {
  const most = 50, shown = view.shown;
  const fastest = view.trials[0].ns;
  const rows = shown.slice(0, most).map((trial, i) => ({ trial, place: i + 1 }));
  return element("div", { class: "configurations" },
    element("p", { role: "status", class: "note" },
      `${formatCount(shown.length)} of ${plural(view.trials.length, "configuration")}` +
      (shown.length > most ? `; the ${most} fastest of them are in the table` : "")),
    dataTable({
      caption: "Configurations, by the time of their trial in the search", rows, tall: true,
      columns: [
        { name: "", kind: "right", text: row => String(row.place) },
        { name: "time", kind: "right", text: row => formatTime(row.trial.ns) },
        { name: "x fastest", kind: "right", text: row => formatTimes(row.trial.ns / fastest) },
        ...view.knobs.map(knob => ({ name: knob.name, kind: "right",
          text: row => knob.values[row.trial.values[knob.index]] })),
      ],
    }));
}
