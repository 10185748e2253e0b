// The conditions of a search as chips; with counts, as the choice of one to drop.

function chip(item, act) {
  const value = el("span", { class: item.missing ? "value missing" : "value", text: item.value });
  const name = el("span", { class: "field-name", text: item.label });
  const label = `Remove ${item.label} ${item.value}`;
  if (item.gain === undefined) {
    const drop = el("button", { class: "icon", type: "button", title: "Remove", "aria-label": label }, svg(ICONS.close, 11));
    drop.addEventListener("click", () => act("drop", item.id));
    return el("span", { class: "chip", title: `${item.label}: ${item.value}` }, name, value, drop);
  }
  const drop = el("button", { class: "chip", type: "button", "aria-label": `${label}: ${item.gain}` },
    svg(ICONS.close, 11), name, value, el("span", { class: "gain", text: `→ ${item.gain}` }));
  drop.addEventListener("click", () => act("drop", item.id));
  return drop;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const clear = el("button", { class: "link", type: "button", text: "Clear all" });
  clear.addEventListener("click", () => setTriggerValue("clear", true));
  root.replaceChildren(
    el("div", { class: data.centred ? "chips centred" : "chips", role: "group", "aria-label": "Conditions of the search" },
      data.items.length === 0 ? el("span", { class: "hint", text: data.hint }) : null,
      ...data.items.map((item) => chip(item, setTriggerValue)),
      data.items.length > 0 ? clear : null));
}
