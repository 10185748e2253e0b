// The choice of cards: those of the rail in their order, and every field that could be one.
class Chooser {
  constructor(rail) {
    this.rail = rail;
    this.open = false;
    this.title = el("h2");
    this.toggle = el("button", { class: "choose", type: "button", "aria-controls": "rail-cards", "data-focus": "cards" },
      svg(ICONS.sliders, 13), (this.name = el("span")));
    this.toggle.addEventListener("click", () => this.show(!this.open));
    this.reset = el("button", { class: "link", type: "button", "data-focus": "reset" });
    this.reset.addEventListener("click", () => this.rail.send("cards", null));
    this.heading = el("h3", { id: "rail-chosen" });
    this.list = el("ol", { class: "places", "aria-labelledby": "rail-chosen" });
    this.find = el("input", { class: "field", type: "search", autocomplete: "off", spellcheck: "false", "data-focus": "find-field" });
    this.find.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), 250);
    });
    this.others = el("ul", { class: "others" });
    this.note = el("p", { class: "note", role: "status" });
    this.said = el("p", { class: "unseen", role: "status" });
    this.panel = el("div", { class: "panel", id: "rail-cards" },
      el("div", { class: "head" }, this.heading, this.reset), this.list, this.find, this.others, this.note, this.said);
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.show(false);
      this.toggle.focus();
    });
    this.element = el("div", { class: "top" }, el("div", { class: "head" }, this.title, this.toggle), this.panel);
  }

  show(open) {
    this.open = open;
    this.paint();
    this.ask();
  }

  ask() {
    this.rail.send("catalogue", { open: this.open, text: this.find.value.trim() });
  }

  get cards() {
    return this.order ?? this.rail.data.cards.map(({ field, label }) => ({ field, label }));
  }

  // The order shows at once; the server's answer confirms it.
  keep(cards, focus) {
    this.order = cards;
    keepFocus(this.rail.root, () => this.paint());
    if (focus) this.panel.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
    this.rail.send("cards", cards.map(({ field }) => field));
  }

  shift(place, to, focus) {
    if (to < 0 || to >= this.cards.length || to === place) return;
    const cards = [...this.cards];
    const [card] = cards.splice(place, 1);
    cards.splice(to, 0, card);
    this.keep(cards, focus);
    this.said.textContent = say("moved", { label: card.label, place: to + 1, places: cards.length });
  }

  update() {
    this.order = null;
    this.paint();
  }

  paint() {
    this.title.textContent = say("rail");
    this.name.textContent = say(this.open ? "done" : "cards");
    this.toggle.title = say("cards_how");
    this.toggle.setAttribute("aria-expanded", String(this.open));
    this.panel.hidden = !this.open;
    if (!this.open) return;
    this.heading.textContent = say("chosen_cards");
    this.reset.textContent = say("reset");
    this.find.placeholder = say("find_field");
    this.find.setAttribute("aria-label", say("find_field"));
    this.list.replaceChildren(...this.cards.map((card, place) => this.place(card, place)));
    const catalogue = this.rail.data.catalogue;
    const text = plain(this.find.value.trim());
    const there = new Set(this.cards.map(({ field }) => field));
    const fits = (entry) => !text || catalogue.text !== "" || plain(`${entry.label} ${entry.field}`).includes(text);
    const listed = (catalogue?.fields ?? []).filter((entry) => !there.has(entry.field) && fits(entry));
    this.others.replaceChildren(...listed.map((entry) => this.other(entry)));
    this.others.setAttribute("aria-label", say("more_fields"));
    this.note.textContent = catalogue && listed.length === 0 ? say("no_field") : "";
    this.note.hidden = !this.note.textContent;
  }

  place({ field, label }, place) {
    const button = (icon, key, act) => {
      const name = say(key, { label });
      const made = el("button", { class: "icon", type: "button", title: name, "aria-label": name, "data-focus": `${key} ${field}` }, svg(icon, 12));
      made.addEventListener("click", act);
      return made;
    };
    const up = button(ICONS.up, "earlier", () => this.shift(place, place - 1, `earlier ${field}`));
    const down = button(ICONS.down, "later", () => this.shift(place, place + 1, `later ${field}`));
    up.disabled = place === 0;
    down.disabled = place === this.cards.length - 1;
    const remove = button(ICONS.close, "remove", () => {
      const next = this.cards[place + 1] ?? this.cards[place - 1];
      this.keep(this.cards.filter((card) => card.field !== field), next && `remove ${next.field}`);
    });
    const row = el("li", { draggable: "true", title: field }, el("span", { class: "grip" }, svg(ICONS.grip, 13)), el("span", { class: "name", text: label }), up, down, remove);
    row.addEventListener("dragstart", (event) => {
      this.dragged = place;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", label);
    });
    row.addEventListener("dragover", (event) => {
      if (this.dragged === undefined) return;
      event.preventDefault();
      row.classList.add("over");
    });
    row.addEventListener("dragleave", () => row.classList.remove("over"));
    row.addEventListener("dragend", () => { this.dragged = undefined; });
    row.addEventListener("drop", (event) => {
      event.preventDefault();
      const from = this.dragged;
      this.dragged = undefined;
      if (from !== undefined) this.shift(from, place);
    });
    return row;
  }

  other({ field, label, tag, private: own }) {
    const name = say("add", { label });
    const add = el("button", { class: "row", type: "button", title: field, "aria-label": name, "data-focus": `add ${field}` },
      svg(ICONS.plus, 12), el("span", { class: "name", text: label }),
      el("span", { class: "count", text: own ? say("private") : tag ?? "" }));
    add.addEventListener("click", () => {
      const next = add.closest("li").nextElementSibling?.querySelector("button")?.dataset.focus;
      this.keep([...this.cards, { field, label }], next ?? "find-field");
    });
    return el("li", {}, add);
  }
}
