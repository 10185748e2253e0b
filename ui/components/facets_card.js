// What every card of the rail has: a head that folds it, how much is chosen, a way to clear it, rows of values.
const compact = (count) =>
  count >= 1e6 ? `${(count / 1e6).toPrecision(3)}M` : count >= 1e4 ? `${Math.round(count / 1e3)}k` : grouped.format(count);
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const keyOf = (value) => JSON.stringify(value);

Object.assign(ICONS, {
  ban: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M4.2 4.2l7.6 7.6",
  sliders: "M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7M10.5 3v3M5.5 10v3",
  grip: "M6 3.5v.01M6 8v.01M6 12.5v.01M10 3.5v.01M10 8v.01M10 12.5v.01",
  plus: "M8 3v10M3 8h10",
});

class Card {
  constructor(rail, field) {
    this.rail = rail;
    this.field = field;
    this.rows = new Map();
    const id = `card-${field}`;
    this.badge = el("span", { class: "badge" });
    this.label = el("span");
    this.toggle = el("button", { class: "fold", type: "button", "aria-controls": id, "data-focus": `fold ${field}` },
      svg(ICONS.open, 11), this.label);
    this.toggle.addEventListener("click", () => this.rail.fold(this.field, !this.card.folded));
    this.clear = el("button", { class: "clear link", type: "button" });
    this.clear.addEventListener("click", () => {
      this.editing = false;
      if (this.card.kind === "range") this.card = { ...this.card, chosen: null, at: null, said: "" };
      this.rail.change(this.field, { filters: [], exclude: [], ranges: [] });
      this.toggle.focus({ preventScroll: true });
    });
    this.list = el("ul");
    this.list.addEventListener("keydown", (event) => this.move(event));
    this.list.addEventListener("focusin", (event) => this.rove(event.target));
    this.body = el("div", { id });
    this.element = el("section", { class: "card", "data-field": field },
      el("div", { class: "head" }, this.toggle, this.badge, this.clear), this.body);
  }

  update(card) {
    this.card = card;
    this.paint();
  }

  paintHead() {
    const { filters, exclude, ranges } = this.rail.chosen(this.field);
    const number = filters.length + exclude.length + ranges.length;
    this.label.textContent = this.card.label;
    this.toggle.setAttribute("aria-expanded", String(!this.card.folded));
    this.badge.hidden = this.clear.hidden = number === 0;
    this.badge.textContent = number;
    this.badge.setAttribute("aria-label", say("selected", { n: number }));
    this.badge.setAttribute("role", "img");
    this.clear.textContent = say("clear");
    this.clear.setAttribute("aria-label", say("clear_card", { label: this.card.label }));
    this.body.hidden = this.card.folded;
    this.list.setAttribute("aria-label", this.card.label);
  }

  row(key, value) {
    if (this.rows.has(key)) return this.rows.get(key);
    const row = {
      input: el("input", { type: "checkbox" }),
      name: el("span", { class: "name" }),
      count: el("span", { class: "count", "aria-hidden": "true" }),
      bar: el("span", { class: "bar" }),
      ban: el("button", { class: "ban", type: "button" }, svg(ICONS.ban, 13)),
    };
    row.input.addEventListener("change", () => this.rail.toggle(this.field, "filters", value, row.input.checked));
    row.ban.addEventListener("click", () => {
      this.rail.toggle(this.field, "exclude", value, row.ban.getAttribute("aria-pressed") !== "true");
      row.input.focus({ preventScroll: true });
    });
    row.box = el("label", { class: "row" }, row.input, row.name, row.count, row.bar);
    row.element = el("li", {}, row.box, row.ban);
    this.rows.set(key, row);
    return row;
  }

  // The rows of these entries, in this order; `most` is the count of a full bar.
  paintRows(entries, most) {
    const { filters, exclude } = this.rail.chosen(this.field);
    const [chosen, excluded] = [filters, exclude].map((values) => new Set(values.map(keyOf)));
    for (const entry of entries) {
      const row = this.row(entry.key, entry.value);
      const isExcluded = excluded.has(entry.key);
      const label = say(this.rail.unit, { n: entry.count, label: entry.label });
      row.input.checked = chosen.has(entry.key);
      row.input.setAttribute("aria-label", isExcluded ? say("excluded_label", { label }) : label);
      row.name.textContent = entry.label;
      row.box.title = label;
      row.count.textContent = this.card.counted ? compact(entry.count) : "";
      row.bar.style.width = `${Math.max(entry.count ? 1 : 0, (100 * entry.count) / most)}%`;
      row.box.className = "row";
      for (const [name, is] of [["chosen", chosen.has(entry.key)], ["excluded", isExcluded], ["none", !entry.count], ["missing", entry.value === null]])
        row.box.classList.toggle(name, is);
      row.ban.setAttribute("aria-pressed", String(isExcluded));
      row.ban.title = say(isExcluded ? "include" : "exclude", { label: entry.label });
      row.ban.setAttribute("aria-label", row.ban.title);
    }
    const wanted = entries.map((entry) => this.rows.get(entry.key).element);
    if (wanted.length !== this.list.children.length || wanted.some((row, place) => this.list.children[place] !== row))
      this.list.replaceChildren(...wanted);
    const current = this.list.querySelector('input[tabindex="0"]');
    const boxes = [...this.list.querySelectorAll("input")];
    if (!boxes.includes(current)) this.rove(boxes[0]);
  }

  // One stop of the tab key for all rows; arrows go on from there.
  rove(target) {
    const row = target?.closest?.("li");
    if (!row) return;
    for (const one of this.list.querySelectorAll("input, .ban")) one.tabIndex = one.closest("li") === row && one.matches("input") ? 0 : -1;
  }

  move(event) {
    const row = event.target.closest("li");
    const rows = [...this.list.children];
    const place = rows.indexOf(row);
    const to = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: rows.length - 1 }[event.key];
    const part = event.target.matches(".ban") ? ".ban" : "input";
    const goal = event.key === "ArrowRight" ? row?.querySelector(".ban")
      : event.key === "ArrowLeft" ? row?.querySelector("input") : to === undefined ? null : rows[to]?.querySelector(part);
    if (to === undefined && !goal) return;
    event.preventDefault();
    goal?.focus();
  }
}
