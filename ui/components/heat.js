// A heat map that is a table: cells are buttons with the share written in them, so that colour only repeats it.

function moved(event, table) {
  const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
  const cell = event.target.closest("td");
  if (!step || !cell) return;
  event.preventDefault();
  const row = cell.parentElement;
  const rows = [...table.tBodies[0].rows];
  const other = rows[rows.indexOf(row) + step[0]]?.cells[cell.cellIndex + step[1]]?.querySelector("button");
  if (!other) return;
  cell.querySelector("button").tabIndex = -1;
  other.tabIndex = 0;
  other.focus();
}

function painted(data, send) {
  const heads = data.columns.map((column) => el("th", { scope: "col" },
    el("span", { class: "name", text: column.label, title: column.label }), column.count ? el("span", { class: "count", text: column.count }) : null));
  let first = true;
  const rows = data.rows.map((row) => {
    const name = row.name === null ? el("span", { text: row.label, title: row.label })
      : el("button", { type: "button", text: row.label, title: say("by_year", { label: row.label }), "data-focus": `row ${row.name}`,
        onclick: () => send("row", row.name) });
    const cells = row.cells.map((cell) => {
      if (cell.percent === null) return el("td", { class: "none" });
      const button = el("button", { type: "button", text: cell.share, "aria-label": cell.label, title: cell.label,
        tabindex: first ? "0" : "-1", "data-focus": `cell ${cell.id}`, onclick: () => send("cell", cell.id) });
      first = false;
      button.style.setProperty("--share", `${cell.percent}%`);
      button.classList.toggle("low", cell.percent < 50);
      return el("td", {}, button);
    });
    return el("tr", {}, el("th", { scope: "row" }, name), ...cells);
  });
  const table = el("table", {}, el("caption", { text: data.caption }),
    el("thead", {}, el("tr", {}, el("th", { scope: "col", class: "corner" }, el("span", { text: say("field") })), ...heads)),
    el("tbody", {}, ...rows));
  table.addEventListener("keydown", (event) => moved(event, table));
  return table;
}

export default function ({ data, parentElement, setTriggerValue }) {
  speak(data);
  const root = parentElement.querySelector(".root");
  keepFocus(root, () => root.replaceChildren(
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": data.caption }, painted(data, setTriggerValue)),
    el("div", { class: "scale", "aria-hidden": "true" }, el("span", { text: `${say("scale")}  0 %` }), el("span", { class: "ramp" }), el("span", { text: "100 %" }))));
}
