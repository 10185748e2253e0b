// A plain table of texts; a row whose first cell can be chosen reports it.

export default function ({ data, parentElement, setTriggerValue }) {
  speak(data);
  const root = parentElement.querySelector(".root");
  const heads = data.columns.map((column) => el("th", { scope: "col", class: column.number ? "number" : null, text: column.label }));
  const rows = data.rows.map((row) => el("tr", {}, ...row.cells.map((text, place) => {
    const cell = el("td", { class: data.columns[place].number ? "number" : data.columns[place].whole ? "whole" : null });
    if (place === 0 && row.id !== undefined) {
      cell.append(el("button", { type: "button", class: "link", text, "data-focus": `row ${row.id}`, onclick: () => setTriggerValue("open", row.id) }));
    } else cell.textContent = text;
    return cell;
  })));
  keepFocus(root, () => root.replaceChildren(
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": data.title },
      el("table", {}, el("caption", { text: data.title }), el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows)))));
}
