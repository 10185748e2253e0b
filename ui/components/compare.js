// Two searches side by side: what each found, and how it is distributed. Every chart is a table with bars in it.

function bars(percents, texts, titles) {
  return percents.map((percent, side) => {
    const bar = el("span", { class: `bar side${side}`, "aria-hidden": "true" });
    bar.style.width = `${Math.max(percent > 0 ? 0.6 : 0, percent)}%`;
    return el("td", { title: titles?.[side] }, el("span", { class: "track" }, bar), el("span", { class: "number", text: texts[side] }));
  });
}

function table(caption, names, rows) {
  return el("table", {}, el("caption", { text: caption }),
    el("thead", {}, el("tr", {}, el("th", { scope: "col", class: "value" }, el("span", { class: "quiet", text: say("value") })),
      ...names.map((name, side) => el("th", { scope: "col", class: `head${side}`, text: name })))),
    el("tbody", {}, ...rows));
}

export default function ({ data, parentElement, setTriggerValue }) {
  speak(data);
  const root = parentElement.querySelector(".root");
  const sides = data.names.map((name, side) => el("section", { class: `card head${side}` }, el("h3", { text: name }),
    el("ul", {}, ...data.conditions[side].map((one) => el("li", {}, el("span", { class: "quiet", text: `${one.label} ` }), one.value))),
    el("button", { type: "button", class: "link", text: say("open"), "aria-label": say("open_what", { name }), "data-focus": `open ${side}`,
      onclick: () => setTriggerValue("open", data.ids[side]) })));
  const totals = table(say("totals"), data.names, data.totals.map((one) =>
    el("tr", {}, el("th", { scope: "row", text: one.label }), ...bars(one.percents, one.numbers))));
  const fields = data.fields.map((field) => table(field.label, data.names, field.values.map((value) =>
    el("tr", {}, el("th", { scope: "row", text: value.label, title: value.label }), ...bars(value.percents, value.shares, value.counts)))));
  keepFocus(root, () => root.replaceChildren(el("div", { class: "sides" }, ...sides), totals,
    el("p", { class: "quiet", text: say("shares") }), el("div", { class: "fields" }, ...fields)));
}
