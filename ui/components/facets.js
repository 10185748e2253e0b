// The facet rail: one card a field. Boxes answer at once; counts follow with the next answer.
const FEW = 6; // values a card shows before "Show more"
const MANY = 200; // values a card shows at once, whatever is asked for: the search within finds the others
const SEARCHED = 8; // from so many values on, a card can be searched

const compact = (count) =>
  count >= 1e6 ? `${(count / 1e6).toPrecision(3)}M` : count >= 1e4 ? `${Math.round(count / 1e3)}k` : grouped.format(count);
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

class Card {
  constructor(rail, field) {
    this.rail = rail;
    this.field = field;
    this.open = true;
    this.all = false;
    this.rows = new Map();
    const id = `card-${field}`;
    this.badge = el("span", { class: "badge" });
    this.label = el("span");
    this.toggle = el("button", { class: "fold", type: "button", "aria-controls": id, "data-focus": `fold ${field}` },
      svg(ICONS.open, 11), this.label);
    this.toggle.addEventListener("click", () => { this.open = !this.open; this.paint(); });
    this.clear = el("button", { class: "clear link", type: "button", text: "Clear" });
    this.clear.addEventListener("click", () => this.rail.choose(this.field, []));
    this.find = el("input", { class: "find field", type: "search", autocomplete: "off", spellcheck: "false" });
    this.find.addEventListener("input", () => this.paint());
    this.list = el("ul", { role: "group" });
    this.list.addEventListener("keydown", (event) => this.move(event));
    this.note = el("p", { class: "note" });
    this.more = el("button", { class: "more link", type: "button" });
    this.more.addEventListener("click", () => { this.all = !this.all; this.paint(); });
    this.body = el("div", { id }, this.find, this.list, this.note, this.more);
    this.element = el("section", { class: "card", "data-field": field },
      el("div", { class: "head" }, this.toggle, this.badge, this.clear), this.body);
  }

  update(card) {
    this.card = card;
    this.paint();
  }

  row(key, value) {
    if (this.rows.has(key)) return this.rows.get(key);
    const input = el("input", { type: "checkbox" });
    const row = {
      input,
      name: el("span", { class: "name" }),
      count: el("span", { class: "count", "aria-hidden": "true" }),
      bar: el("span", { class: "bar" }),
    };
    input.addEventListener("change", () => {
      const chosen = this.rail.chosen(this.field).filter((other) => JSON.stringify(other) !== key);
      this.rail.choose(this.field, input.checked ? [...chosen, value] : chosen);
    });
    row.element = el("li", {}, (row.box = el("label", { class: "row" }, input, row.name, row.count, row.bar)));
    this.rows.set(key, row);
    return row;
  }

  paint() {
    const { label, unit, values, counted } = this.card;
    const chosen = new Set(this.rail.chosen(this.field).map((value) => JSON.stringify(value)));
    const keyed = values.map((entry) => ({ ...entry, key: JSON.stringify(entry.value) }));
    const wanted = fold(this.find.value.trim());
    const found = wanted ? keyed.filter((entry) => fold(entry.label).includes(wanted)) : keyed;
    const ordered = [...found.filter((entry) => chosen.has(entry.key)), ...found.filter((entry) => !chosen.has(entry.key))];
    const few = Math.max(FEW, wanted ? MANY : 0, ordered.filter((entry) => chosen.has(entry.key)).length);
    const shown = ordered.slice(0, this.all ? MANY : few);
    const most = Math.max(1, ...keyed.map((entry) => entry.count));

    this.label.textContent = label;
    this.toggle.setAttribute("aria-expanded", String(this.open));
    this.badge.hidden = this.clear.hidden = chosen.size === 0;
    this.badge.textContent = chosen.size;
    this.badge.setAttribute("aria-label", `${chosen.size} selected`);
    this.clear.setAttribute("aria-label", `Clear ${label}`);
    this.body.hidden = !this.open;
    this.find.hidden = values.length < SEARCHED;
    this.find.placeholder = `Search ${grouped.format(values.length)} values`;
    this.find.setAttribute("aria-label", `Search values of ${label}`);
    this.list.setAttribute("aria-label", label);

    for (const entry of shown) {
      const row = this.row(entry.key, entry.value);
      const isChosen = chosen.has(entry.key);
      row.input.checked = isChosen;
      row.input.setAttribute("aria-label", `${entry.label}, ${grouped.format(entry.count)} ${unit}`);
      row.name.textContent = entry.label;
      row.box.title = `${entry.label}: ${grouped.format(entry.count)} ${unit}`;
      row.count.textContent = counted ? compact(entry.count) : "";
      row.bar.style.width = `${Math.max(entry.count ? 1 : 0, (100 * entry.count) / most)}%`;
      row.box.className = "row";
      row.box.classList.toggle("chosen", isChosen);
      row.box.classList.toggle("none", entry.count === 0);
      row.box.classList.toggle("missing", entry.value === null);
    }
    this.list.replaceChildren(...shown.map((entry) => this.rows.get(entry.key).element));
    const hidden = ordered.length - shown.length;
    this.note.hidden = shown.length > 0 && !(this.all && hidden > 0);
    this.note.textContent = shown.length === 0
      ? wanted ? "No value matches" : counted ? "No values" : "Not counted"
      : `${grouped.format(hidden)} more: search to find them`;
    this.more.hidden = wanted !== "" || (this.all ? ordered.length <= few : hidden === 0);
    this.more.textContent = this.all ? "Show fewer" : `Show more (${grouped.format(hidden)})`;
    this.more.setAttribute("aria-label", this.all ? `Show fewer values of ${label}` : `Show ${hidden} more values of ${label}`);
  }

  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.target.type !== "checkbox") return;
    event.preventDefault();
    const boxes = [...this.list.querySelectorAll("input")];
    boxes[boxes.indexOf(event.target) + step]?.focus();
  }
}

class Rail {
  constructor(root) {
    this.root = root;
    this.cards = new Map();
    this.selected = {};
    this.clicks = 0;
  }

  chosen(field) {
    return this.selected[field] ?? [];
  }

  // The whole selection goes along, so that clicks faster than the server's answers add up.
  choose(field, values) {
    this.selected = { ...this.selected, [field]: values };
    this.clicks += 1;
    keepFocus(this.root, () => this.cards.get(field).paint());
    this.send("choose", { selected: this.selected, click: this.clicks });
  }

  update({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    if (data.click >= this.clicks || data.click === 0) {
      this.clicks = data.click;
      this.selected = Object.fromEntries(
        data.cards.map(({ field, values }) => [field, values.filter((entry) => entry.selected).map((entry) => entry.value)]));
    }
    keepFocus(this.root, () => {
      for (const card of data.cards) {
        if (!this.cards.has(card.field)) this.cards.set(card.field, new Card(this, card.field));
        this.cards.get(card.field).update(card);
      }
      const wanted = data.cards.map(({ field }) => this.cards.get(field).element);
      if (wanted.some((element, index) => this.root.children[index] !== element)) this.root.replaceChildren(...wanted);
    });
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".root");
  remember(root, () => new Rail(root)).update(component);
}
