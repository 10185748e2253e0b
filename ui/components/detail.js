// The detail of a hit: pictures, summary, what is wrong with it, its neighbours, its header.
const SIGNS = {
  link: "M6.5 9.5l3-3M7 4.7l1.3-1.3a2.6 2.6 0 013.7 3.7L10.7 8.6M9 11.3l-1.3 1.3a2.6 2.6 0 01-3.7-3.7L5.3 7.4",
  copy: "M6 6h7v7H6zM3 10V3h7",
  alike: "M7 12A5 5 0 107 2a5 5 0 000 10zM10.6 10.6L14 14",
};

class Detail {
  constructor(root) {
    this.root = root;
    this.kind = el("div", { class: "kind" });
    this.title = el("h2", { tabindex: "-1", "data-focus": "title" });
    this.walk = el("div", { class: "walk" });
    this.body = el("div", { class: "body", tabindex: "0", role: "group", "data-focus": "body" });
    this.menu = new Menu((act) => this.send("act", act));
    this.panel = el("section", { class: "panel" },
      el("div", { class: "top" }, el("div", { class: "titles" }, this.kind, this.title), this.walk), this.body, this.menu.element);
    this.panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && event.target.type !== "search" && !event.defaultPrevented) this.shut();
    });
    this.find = el("input", { class: "find field", type: "search", autocomplete: "off", spellcheck: "false", "data-focus": "find" });
    this.find.addEventListener("input", () => this.search());
    this.found = el("span", { class: "quiet", role: "status" });
    this.nodes = el("div", { class: "tree" });
    this.tree = new Tree(this.nodes, this.menu);
    this.viewer = new Viewer((trigger, value) => this.send(trigger, value));
    root.replaceChildren(this.panel);
    this.fill = fillDown(this.panel, 56);
    this.developing = developing(root);
    document.addEventListener(ARRIVED, (this.arrived = () => this.picture()));
  }

  shut() {
    const hit = this.data.id;
    this.send("shut", true);
    document.dispatchEvent(new CustomEvent("dicomlake-closed", { detail: hit }));
  }

  icon(name, path, act) {
    const button = el("button", { class: "icon", type: "button", title: say(name), "aria-label": say(name), "data-focus": name }, svg(path, 14));
    button.disabled = !act;
    button.addEventListener("click", () => act(button));
    return button;
  }

  copied(button, text) {
    navigator.clipboard.writeText(text).then(() => {
      const title = button.title;
      button.title = say("copied");
      button.classList.add("link");
      setTimeout(() => {
        button.title = title;
        button.classList.remove("link");
      }, 1500);
    }, () => {});
  }

  walking() {
    const { around } = this.data;
    const step = (id, more, way) => (id ? () => this.send("open", id) : more && (() => this.send("turn", way)));
    this.walk.replaceChildren(...[
      around ? this.icon("previous_hit", ICONS.up, step(around.previous, around.before, -1)) : null,
      around ? el("span", { text: around.text }) : null,
      around ? this.icon("next_hit", ICONS.down, step(around.next, around.behind, 1)) : null,
      this.icon("copy_link", SIGNS.link, (button) => this.copied(button, window.location.href)),
      this.icon("close", ICONS.close, () => this.shut()),
    ].filter(Boolean));
  }

  search() {
    const { header } = this.data;
    const wanted = fold(this.find.value.trim());
    const found = this.tree.paint(header.nodes, wanted);
    const all = say("attributes", { n: header.count });
    this.found.textContent = wanted ? say("attributes_of", { found: grouped.format(found), all }) : all;
  }

  summary() {
    return el("dl", {}, ...this.data.summary.flatMap(({ label, value, raw, code }) => {
      const copy = code ? el("button", { class: "icon", type: "button", "aria-label": say("copy", { label }), title: say("copy", { label }),
        "data-focus": `copy ${label}` }, svg(SIGNS.copy, 12)) : null;
      copy?.addEventListener("click", () => this.copied(copy, value));
      return [
        el("dt", { text: label }),
        el("dd", { class: code ? "uid" : null }, code ? el("span", { text: value }) : value,
          raw ? el("span", { class: "raw", text: say("raw", { value: raw }) }) : null, copy),
      ];
    }));
  }

  issues() {
    const { issues } = this.data;
    return el("details", { class: "issues" }, el("summary", { "data-focus": "issues" }, svg(ICONS.open, 10), say("issues", { n: issues.length })),
      el("ul", {}, ...issues.map(({ path, title, text, rule }) =>
        el("li", {}, path ? el("span", { class: "path", text: `${path} ` }) : null, text ? `${title}: ${text}` : title,
          rule ? el("span", { class: "rule", text: say("standard", { text: rule }) }) : null))));
  }

  does() {
    const { similar, viewer } = this.data;
    if (!similar) return null;
    const button = el("button", { type: "button", class: "do", title: similar, "data-focus": "similar" }, svg(SIGNS.alike, 13), say("similar"));
    button.addEventListener("click", () => this.send("similar", viewer.series));
    return el("div", { class: "does" }, button);
  }

  link(id, label, icon) {
    const button = el("button", { class: "icon", type: "button", title: label, "aria-label": label, "data-focus": label }, svg(icon));
    button.disabled = !id;
    button.addEventListener("click", () => this.send("open", id));
    return button;
  }

  list({ label, items }) {
    const study = this.data.study ? el("button", { type: "button", class: "link", text: say("open_study"), "data-focus": "study" }) : null;
    study?.addEventListener("click", () => this.send("open", this.data.study));
    return el("div", { class: "section" }, el("div", { class: "line" }, el("h3", { text: label }), study), el("ul", { class: "list" }, ...items.map((item) => {
      const button = el("button", { type: "button", "data-focus": item.id, "aria-current": item.current ? "true" : null },
        item.picture ? thumb(item.picture, item.modality, 36) : null,
        item.modality ? el("span", { class: "kind", text: item.modality }) : null,
        el("span", { class: "text", text: item.text, title: item.text }), el("span", { class: "aside", text: item.aside }));
      button.addEventListener("click", () => this.send("open", item.id));
      return el("li", {}, button);
    })));
  }

  header({ place }) {
    this.find.placeholder = say("search_hint");
    this.find.setAttribute("aria-label", say("search"));
    return el("div", { class: "section" },
      el("div", { class: "bar" },
        el("div", { class: "line" }, el("h3", { text: say("header") }), this.found,
          place ? el("span", { class: "pager" }, this.link(place.previous, say("previous_instance"), ICONS.left),
            el("span", { class: "quiet", text: place.text }), this.link(place.next, say("next_instance"), ICONS.right)) : null),
        this.find),
      this.nodes);
  }

  // The pictures of the open series, when what is known of them has come; in their place why there are none.
  picture() {
    const { viewer } = this.data;
    if (!viewer || !this.place) return;
    const listing = album.listing?.SeriesInstanceUID === viewer.series ? album.listing : null;
    speak(this.data);
    if (listing?.none) {
      this.place.replaceChildren(el("div", { class: "without", text: listing.none }));
      return;
    }
    if (this.viewer.element.parentElement !== this.place) this.place.replaceChildren(this.viewer.element);
    this.viewer.update(viewer, listing);
  }

  update({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    speak(data);
    album.api = data.api;
    const other = this.data?.id !== data.id;
    this.data = data;
    keepFocus(this.root, () => {
      this.panel.setAttribute("aria-label", `${data.kind} ${data.title}`);
      this.body.setAttribute("aria-label", say("region"));
      this.kind.textContent = data.kind;
      this.title.textContent = data.title;
      this.walking();
      this.place = data.viewer ? el("div") : null;
      if (this.place && this.viewer.series === data.viewer.series) this.place.replaceChildren(this.viewer.element);
      const parts = [
        this.place,
        data.tags.length > 0 ? el("div", { class: "tags" }, ...data.tags.map((text) => el("span", { class: "tag", text }))) : null,
        this.does(),
        data.issues.length > 0 ? this.issues() : null,
        this.summary(),
        data.list ? this.list(data.list) : null,
        data.header ? this.header(data.header) : null,
        data.note ? el("p", { class: "note", lang: data.lang, text: data.note }) : null,
      ];
      const at = this.body.scrollTop;
      this.body.replaceChildren(...parts.filter(Boolean));
      if (data.header) this.search();
      this.body.scrollTop = at;
    });
    this.picture();
    this.developing.all();
    if (other && !data.header?.place) this.body.scrollTo(0, 0);
    this.fill.fit();
    if (album.entering) {
      album.entering = false;
      this.title.focus({ preventScroll: true });
    }
  }

  stop() {
    this.fill.stop();
    this.developing.stop();
    document.removeEventListener(ARRIVED, this.arrived);
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".root");
  const detail = remember(root, () => new Detail(root));
  detail.update(component);
  return () => detail.stop();
}
