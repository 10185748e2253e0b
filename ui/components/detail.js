// The detail of a hit: summary, what is wrong with it, its header as a tree that folds and can be searched.
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

class Tree {
  constructor(element) {
    this.element = element;
    this.open = new Set();
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
    const value = el("div", { class: `value${node.value === null ? " missing" : node.note ? " note" : ""}` },
      ...(node.value === null ? ["empty"] : marked(node.value, this.wanted)));
    if (node.canonical) {
      value.append(el("span", { class: "canonical", title: `Canonical form, by the rule "${node.rule ?? ""}"`, text: `→ ${node.canonical}` }));
    }
    const classes = ["node", node.private ? "private" : "", node.issue ? "broken" : ""].join(" ").trim();
    return el("div", { class: classes, title: [node.name, node.vr, node.issue].filter(Boolean).join(" · ") },
      el("div", { class: "address" }, ...marked(node.address ?? "", this.wanted)),
      el("div", { class: "key" }, ...breaking(marked(node.key, this.wanted))),
      value);
  }

  branch(node, path) {
    const children = el("div", { class: "children" });
    const details = el("details", {},
      el("summary", { "data-focus": path, title: node.name ?? null }, svg(ICONS.open, 10),
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
    if (nodes.length > MOST) {
      element.append(el("p", { class: "note", text: `${grouped.format(nodes.length - MOST)} more: search to find them` }));
    }
  }

  paint(nodes, wanted) {
    this.wanted = wanted;
    this.found = 0;
    const shown = wanted ? this.matching(nodes) : nodes;
    this.paintInto(this.element, shown, "");
    if (shown.length === 0) this.element.append(el("p", { class: "note", text: "Nothing in this header matches." }));
    return this.found;
  }
}

class Detail {
  constructor(root) {
    this.root = root;
    this.kind = el("div", { class: "kind" });
    this.title = el("h2");
    const close = el("button", { class: "icon", type: "button", title: "Close", "aria-label": "Close the detail", "data-focus": "close" },
      svg(ICONS.close, 14));
    close.addEventListener("click", () => this.send("shut", true));
    this.body = el("div", { class: "body", tabindex: "0", role: "group", "aria-label": "Detail" });
    this.panel = el("section", { class: "panel" },
      el("div", { class: "top" }, el("div", { class: "titles" }, this.kind, this.title), close), this.body);
    this.panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && event.target.type !== "search") this.send("shut", true);
    });
    this.find = el("input", { class: "find field", type: "search", autocomplete: "off", spellcheck: "false",
      placeholder: "Search keyword, tag, value or creator", "aria-label": "Search in the header", "data-focus": "find" });
    this.find.addEventListener("input", () => this.search());
    this.found = el("span", { class: "quiet", role: "status" });
    this.nodes = el("div", { class: "tree" });
    this.tree = new Tree(this.nodes);
    root.replaceChildren(this.panel);
    this.fill = fillDown(this.panel, 56);
  }

  search() {
    const { header } = this.data;
    const found = this.tree.paint(header.nodes, fold(this.find.value.trim()));
    const all = `${grouped.format(header.count)} attributes`;
    this.found.textContent = this.find.value.trim() ? `${grouped.format(found)} of ${all}` : all;
  }

  summary() {
    return el("dl", {}, ...this.data.summary.flatMap(({ label, value, raw, code }) => [
      el("dt", { text: label }),
      el("dd", { class: code ? "uid" : null }, value, raw ? el("span", { class: "raw", text: `raw: ${raw}` }) : null),
    ]));
  }

  issues() {
    const { issues } = this.data;
    const text = `${issues.length} quality ${issues.length === 1 ? "issue" : "issues"}`;
    return el("details", { class: "issues" }, el("summary", { "data-focus": "issues" }, svg(ICONS.open, 10), text),
      el("ul", {}, ...issues.map((issue) =>
        el("li", {}, issue.path ? el("span", { class: "path", text: `${issue.path} ` }) : null, issue.text))));
  }

  link(id, label, icon) {
    const button = el("button", { class: "icon", type: "button", title: label, "aria-label": label, "data-focus": label }, svg(icon));
    button.disabled = !id;
    button.addEventListener("click", () => this.send("open", id));
    return button;
  }

  list({ label, items }) {
    return el("div", { class: "section" }, el("h3", { text: label }), el("ul", { class: "list" }, ...items.map((item) => {
      const button = el("button", { type: "button", "data-focus": item.id },
        el("span", { class: "text", text: item.text, title: item.text }), el("span", { class: "aside", text: item.aside }));
      button.addEventListener("click", () => this.send("open", item.id));
      return el("li", {}, button);
    })));
  }

  header({ place }) {
    return el("div", { class: "section" },
      el("div", { class: "bar" },
        el("div", { class: "line" }, el("h3", { text: "Header" }), this.found,
          place ? el("span", { class: "pager" }, this.link(place.previous, "Previous instance", ICONS.left),
            el("span", { class: "quiet", text: place.text }), this.link(place.next, "Next instance", ICONS.right)) : null),
        this.find),
      this.nodes);
  }

  update({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    const other = this.data?.id !== data.id;
    this.data = data;
    keepFocus(this.root, () => {
      this.panel.setAttribute("aria-label", `${data.kind} ${data.title}`);
      this.kind.textContent = data.kind;
      this.title.textContent = data.title;
      const parts = [
        data.tags.length > 0 ? el("div", { class: "tags" }, ...data.tags.map((text) => el("span", { class: "tag", text }))) : null,
        data.issues.length > 0 ? this.issues() : null,
        this.summary(),
        data.list ? this.list(data.list) : null,
        data.header ? this.header(data.header) : null,
        data.note ? el("p", { class: "note", text: data.note }) : null,
      ];
      this.body.replaceChildren(...parts.filter(Boolean));
      if (data.header) this.search();
    });
    if (other && !data.header?.place) this.body.scrollTo(0, 0);
    this.fill.fit();
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".root");
  const detail = remember(root, () => new Detail(root));
  detail.update(component);
  return () => detail.fill.stop();
}
