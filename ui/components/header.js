// A header as a tree that folds and can be searched; each value has a menu: filter, exclude, column.
const MOST = 400; // nodes painted below one fold, or found by one search

const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

// The text with the searched part marked; folding may change lengths, then nothing is marked.
function marked(text, wanted) {
  const folded = fold(text);
  const at = wanted && folded.length === text.length ? folded.indexOf(wanted) : -1;
  if (at < 0) return [text];
  return [text.slice(0, at), el("mark", { text: text.slice(at, at + wanted.length) }), text.slice(at + wanted.length)];
}

// The same with places where a long keyword may break.
const breaking = (parts) => parts.flatMap((part) =>
  typeof part === "string" ? part.split(/(?<=[a-z])(?=[A-Z])/).flatMap((word, index) => (index ? [el("wbr"), word] : [word])) : [part]);

// What can be done with a value, beside the value.
class Menu {
  constructor(act) {
    this.act = act;
    this.element = el("div", { class: "menu", popover: "auto", role: "menu" });
    this.element.addEventListener("toggle", (event) => {
      if (event.newState !== "closed") return;
      this.opener?.setAttribute("aria-expanded", "false");
    });
    this.element.addEventListener("keydown", (event) => this.move(event));
  }

  move(event) {
    const items = [...this.element.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") event.stopPropagation();
    if (event.key === "Tab") this.element.hidePopover();
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    items[(items.indexOf(this.element.getRootNode().activeElement) + step + items.length) % items.length].focus();
  }

  item(text, act) {
    const button = el("button", { type: "button", role: "menuitem", text, title: text.length > 36 ? text : null });
    button.addEventListener("click", () => {
      this.element.hidePopover();
      act();
    });
    return button;
  }

  show(opener, node) {
    const filters = (node.values ?? []).map((value) => ({ path: node.path, value }));
    if (node.canonical && !node.canonical.includes(" \\ ")) filters.unshift({ path: `${node.path}.canonical`, value: node.canonical });
    const doing = (what, key) => filters.map((one) => this.item(say(key, { value: one.value }), () => this.act({ do: what, ...one })));
    this.element.replaceChildren(
      ...doing("only", "only"), ...doing("without", "without"), ...(filters.length ? [el("hr")] : []),
      this.item(say("add_column"), () => this.act({ do: "column", path: node.path })),
      this.item(say("sort_up"), () => this.act({ do: "sort", path: node.path })),
      ...(node.value === null ? [] : [this.item(say("copy_value"), () => navigator.clipboard.writeText(node.value))]));
    this.opener = opener;
    opener.setAttribute("aria-expanded", "true");
    this.element.setAttribute("aria-label", say("menu", { label: node.key }));
    this.element.showPopover();
    const at = opener.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.element;
    const left = Math.min(at.left + at.width / 3, window.innerWidth - offsetWidth - 8);
    const below = at.bottom + 2 + offsetHeight < window.innerHeight;
    this.element.style.left = `${Math.max(8, left)}px`;
    this.element.style.top = `${Math.max(8, below ? at.bottom + 2 : at.top - offsetHeight - 2)}px`;
    this.element.querySelector("button").focus();
  }
}

class Tree {
  constructor(element, menu) {
    this.element = element;
    this.menu = menu;
    this.open = new Set();
    element.addEventListener("keydown", (event) => this.move(event));
    element.addEventListener("focusin", (event) => this.rove(event.target));
  }

  // One line takes part in the order of the Tab key, the arrow keys lead to the others.
  rove(line) {
    if (line === this.line) return;
    if (this.line) this.line.tabIndex = -1;
    line.tabIndex = 0;
    this.line = line;
  }

  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const fold = event.target.closest("summary")?.parentElement;
    if (fold && event.key === "ArrowRight") fold.open = true;
    if (fold && event.key === "ArrowLeft") fold.open = false;
    if (!step) return;
    event.preventDefault();
    const lines = [...this.element.querySelectorAll("summary, button.node")].filter((line) => line.offsetParent !== null);
    lines[lines.indexOf(event.target) + step]?.focus();
  }

  // The nodes that match, with all that lies below a match, and the way down to it.
  matching(nodes) {
    const found = [];
    for (const node of nodes) {
      const digits = (node.address ?? "").replace(/[(),]/g, "");
      const parts = [node.key, node.address, digits, node.name, node.note ? "" : node.value, node.canonical];
      const own = fold(parts.filter(Boolean).join(" "));
      if (own.includes(this.wanted)) {
        this.found += 1;
        found.push({ ...node, unfold: false });
      } else if (node.children) {
        const below = this.matching(node.children);
        if (below.length > 0) found.push({ ...node, children: below, unfold: true });
      }
    }
    return found;
  }

  leaf(node) {
    const value = el("span", { class: `value${node.value === null ? " missing" : node.note ? " note" : ""}` },
      ...(node.value === null ? [say("empty")] : marked(node.value, this.wanted)));
    if (node.canonical) {
      value.append(el("span", { class: "canonical", title: say("canonical", { rule: node.rule ?? "" }), text: `→ ${node.canonical}` }));
    }
    const classes = ["node", node.private ? "private" : "", node.issue ? "broken" : ""].join(" ").trim();
    const line = el(node.path ? "button" : "div", { class: classes, title: [node.name, node.vr, node.issue].filter(Boolean).join(" · ") },
      el("span", { class: "address" }, ...marked(node.address ?? "", this.wanted)),
      el("span", { class: "key" }, ...breaking(marked(node.key, this.wanted))),
      value);
    if (node.path) {
      line.type = "button";
      line.tabIndex = -1;
      line.setAttribute("aria-haspopup", "menu");
      line.setAttribute("aria-expanded", "false");
      line.addEventListener("click", () => String(window.getSelection()) === "" && this.menu.show(line, node));
    }
    return line;
  }

  branch(node, path) {
    const children = el("div", { class: "children" });
    const details = el("details", {},
      el("summary", { "data-focus": path, title: node.name ?? null, tabindex: "-1" }, svg(ICONS.open, 10),
        node.address ? el("span", { class: "address" }, ...marked(node.address, this.wanted)) : null,
        el("span", { class: node.private ? "creator" : null }, ...marked(node.key, this.wanted)),
        el("span", { class: "quiet", text: node.value ?? "" })),
      children);
    const paint = () => {
      if (details.open && !children.firstChild) this.paintInto(children, node.children, path);
    };
    details.addEventListener("toggle", () => {
      if (!this.wanted) this.open[details.open ? "add" : "delete"](path);
      paint();
    });
    details.open = node.unfold ?? this.open.has(path);
    paint();
    return details;
  }

  paintInto(element, nodes, path) {
    const shown = nodes.slice(0, MOST).map((node, index) =>
      node.children ? this.branch(node, `${path}/${node.key}.${index}`) : this.leaf(node));
    element.replaceChildren(...shown);
    if (nodes.length > MOST) element.append(el("p", { class: "note", text: say("more_nodes", { n: nodes.length - MOST }) }));
  }

  paint(nodes, wanted) {
    this.wanted = wanted;
    this.found = 0;
    const shown = wanted ? this.matching(nodes) : nodes;
    this.paintInto(this.element, shown, "");
    if (shown.length === 0) this.element.append(el("p", { class: "note", text: say("nothing") }));
    this.line = null;
    const first = this.element.querySelector("summary, button.node");
    if (first) this.rove(first);
    return this.found;
  }
}
