// The conditions of a search as chips; with counts, as the choice of one to drop. Before them what a hit is, where
// that can be chosen.

class Conditions {
  constructor(root) {
    this.root = root;
    root.addEventListener("keydown", (event) => this.key(event));
  }

  // Where a condition is changed: the query bar, or the card of its field.
  edit(item) {
    if (item.kind === "query") return document.dispatchEvent(new CustomEvent("dicomlake-query"));
    card(item.field)?.classList.remove("unseen"); // else nothing in it takes the focus
    card(item.field)?.scrollIntoView({ block: "nearest" });
    card(item.field)?.querySelector("input, button")?.focus();
  }

  drop(id) {
    const places = [...this.root.querySelectorAll("[data-drop]")];
    this.place = places.findIndex((button) => button.dataset.drop === id);
    this.send("drop", id);
  }

  chip(item) {
    const shown = [el("span", { class: "field-name", text: item.label }), el("span", { class: item.missing ? "value missing" : "value", text: item.value })];
    const names = { label: item.label, value: item.value };
    const about = { type: "button", "data-drop": item.id, "data-focus": item.id };
    const title = `${item.label}: ${item.value}`;
    if (item.gain !== undefined) {
      const drop = el("button", { ...about, class: `chip ${item.kind}`, title, "aria-label": `${say("remove", names)}: ${item.gain}` },
        svg(ICONS.close, 11), ...shown, el("span", { class: "gain", text: `→ ${item.gain}` }));
      drop.addEventListener("click", () => this.drop(item.id));
      return drop;
    }
    const drop = el("button", { ...about, class: "icon", title: say("remove_how"), "aria-label": say("remove", names) }, svg(ICONS.close, 11));
    drop.addEventListener("click", () => this.drop(item.id));
    const edit = el("button", { class: "said", type: "button", title, "aria-label": say("edit", names), "data-focus": `edit ${item.id}` }, ...shown);
    edit.addEventListener("click", () => this.edit(item));
    return el("span", { class: `chip ${item.kind}` }, edit, drop);
  }

  key(event) {
    const chip = event.target.closest(".chip");
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (chip && (event.key === "Delete" || event.key === "Backspace")) this.drop(chip.querySelector("[data-drop]")?.dataset.drop ?? chip.dataset.drop);
    else if (step) {
      if (event.target.closest(".segments")) return; // arrows choose there
      const buttons = [...this.root.querySelectorAll("button")];
      buttons[buttons.indexOf(event.target) + step]?.focus();
    } else return;
    event.preventDefault();
  }

  update({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    speak(data);
    const clear = el("button", { class: "link", type: "button", text: say("clear"), "data-focus": "clear" });
    clear.addEventListener("click", () => setTriggerValue("clear", true));
    const had = this.root.getRootNode().activeElement;
    const several = data.items.length > 0;
    const { levels, title } = data;
    if (title && document.title !== title) document.title = title;
    keepFocus(this.root, () => this.root.replaceChildren(
      ...(levels ? [segments("level", levels.label, levels.options, levels.chosen, (level) => setTriggerValue("level", level))] : []),
      el("div", { class: data.centred ? "chips centred" : "chips", role: "group", "aria-label": say("group") },
        data.items.length === 0 ? el("span", { class: "hint", text: data.hint }) : null,
        ...data.items.map((item) => this.chip(item)),
        several ? clear : null)));
    // Without the chip that had the focus, the one in its place has it.
    if (had && !had.isConnected && this.root.getRootNode().activeElement === null) {
      const places = [...this.root.querySelectorAll("[data-drop]")];
      places[Math.min(Math.max(this.place ?? 0, 0), places.length - 1)]?.focus({ preventScroll: true });
    }
  }
}

function card(field) {
  const hosts = [...document.querySelectorAll(".st-key-facets *")];
  const roots = hosts.map((host) => host.shadowRoot).filter(Boolean);
  return roots.map((root) => root.querySelector(`[data-field="${CSS.escape(field)}"]`)).find(Boolean);
}

export default function (component) {
  const root = component.parentElement.querySelector(".root");
  remember(root, () => new Conditions(root)).update(component);
}
