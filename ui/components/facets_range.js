// A card of numbers, dates, times or ages: bars, a range to draw over them or to type, and those without a value.
const SETTLE = 450; // milliseconds after the last arrow key
const FORMS = {
  number: /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i,
  age: /^\d{1,3}(\.\d{1,6}|\s*[dwmy])?$/i,
  date: /^\d{4}(-\d\d(-\d\d)?|\d\d(\d\d)?)?$/,
  datetime: /^\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d(:\d\d)?)?)?)?)?$/,
  time: /^\d\d?(:\d\d(:\d\d)?)?$/,
};

class RangeCard extends Card {
  constructor(rail, field) {
    super(rail, field);
    this.handles = ["lowest", "highest"].map((end, side) => {
      const handle = el("div", { class: `handle ${end}`, role: "slider", tabindex: "0", "data-focus": `${end} ${field}` });
      handle.addEventListener("keydown", (event) => this.step(event, side));
      handle.addEventListener("pointerdown", (event) => this.grab(event, side));
      handle.addEventListener("blur", () => this.settle());
      return handle;
    });
    this.bars = el("div", { class: "bars", "aria-hidden": "true" });
    this.plot = el("div", { class: "plot" }, this.bars, ...this.handles);
    this.plot.addEventListener("pointerdown", (event) => this.grab(event, null));
    this.plot.addEventListener("pointermove", (event) => this.hover(event));
    this.plot.addEventListener("pointerleave", () => this.paintSaid());
    this.axis = el("div", { class: "axis", "aria-hidden": "true" }, el("span"), (this.said = el("span", { class: "said" })), el("span"));
    this.inputs = ["from", "to"].map((end) => {
      const input = el("input", { class: "field", type: "text", autocomplete: "off", spellcheck: "false", "data-focus": `${end} ${field}` });
      input.addEventListener("keydown", (event) => { if (event.key === "Enter") this.typed(); });
      input.addEventListener("input", () => { this.editing = true; });
      input.addEventListener("change", () => this.typed());
      return input;
    });
    this.words = this.inputs.map(() => el("span", { class: "word" }));
    this.unit = el("span", { class: "word" });
    this.error = el("p", { class: "note wrong", role: "alert", hidden: true });
    this.ends = el("div", { class: "ends" }, this.words[0], this.inputs[0], this.words[1], this.inputs[1], this.unit);
    this.caption = el("caption");
    this.cells = el("tbody");
    this.columns = ["range", "count"].map(() => el("th", { scope: "col" }));
    this.table = el("table", { class: "aside" }, this.caption, el("thead", {}, el("tr", {}, ...this.columns)), this.cells);
    this.note = el("p", { class: "note" });
    this.body.append(this.plot, this.axis, this.ends, this.error, this.list, this.note, this.table);
  }

  update(card) {
    this.draft = null;
    clearTimeout(this.timer);
    super.update(card);
  }

  // The bars in the range: what is being drawn, else what is chosen, else all.
  get span() {
    return this.draft ?? this.card.at ?? [0, this.card.bins.length];
  }

  paint() {
    this.paintHead();
    if (this.card.folded) return;
    const { bins, values, counted, label } = this.card;
    const drawn = bins.length > 0;
    for (const part of [this.plot, this.axis, this.ends, this.table]) part.hidden = !drawn;
    this.note.hidden = drawn;
    this.note.textContent = say(counted ? "no_values" : "not_counted");
    this.paintRows(values.map((entry) => ({ ...entry, key: keyOf(entry.value) })), Math.max(1, ...values.map(({ count }) => count), this.card.valued));
    if (!drawn) return;
    const most = Math.max(1, ...bins.map((bin) => bin.count));
    while (this.bars.children.length > bins.length) this.bars.lastChild.remove();
    while (this.bars.children.length < bins.length) this.bars.append(el("i"));
    bins.forEach((bin, place) => {
      this.bars.children[place].style.height = bin.count ? `max(2px, ${(100 * bin.count) / most}%)` : "0";
    });
    this.axis.firstChild.textContent = this.card.ends[0];
    this.axis.lastChild.textContent = this.card.ends[1];
    this.words.forEach((word, side) => { word.textContent = say(["from", "to"][side]); });
    this.unit.textContent = this.card.unit === "By" ? "B" : this.card.unit;
    this.inputs.forEach((input, side) => {
      input.placeholder = say("any");
      input.setAttribute("aria-label", say(["lowest", "highest"][side], { label }));
      if (!this.editing) input.value = this.spelled(this.card.chosen?.[side]);
    });
    if (!this.editing) this.complain("");
    this.paintSpan();
    this.paintTable();
  }

  paintSpan() {
    const { bins, label } = this.card;
    const [start, end] = this.span;
    const active = this.draft !== null || this.card.chosen !== null;
    this.plot.classList.toggle("active", active);
    [...this.bars.children].forEach((bar, place) => bar.classList.toggle("inside", !active || (place >= start && place < end)));
    [start, end].forEach((place, side) => {
      const handle = this.handles[side];
      handle.style.left = `${(100 * place) / bins.length}%`;
      const bin = bins[Math.min(bins.length - 1, Math.max(0, side ? place - 1 : place))];
      handle.setAttribute("aria-label", say(["lowest", "highest"][side], { label }));
      handle.setAttribute("aria-valuemin", 0);
      handle.setAttribute("aria-valuemax", bins.length);
      handle.setAttribute("aria-valuenow", place);
      handle.setAttribute("aria-valuetext", this.spelled(side ? bin.high : bin.low) || bin.label);
    });
    if (this.draft) [start, end - 1].forEach((place, side) => { this.inputs[side].value = this.spelled(this.bound(place, side)); });
    this.paintSaid();
  }

  // An end as people of the language write it; what they type is read either way.
  spelled(end) {
    const comma = this.rail.data.language === "es" && (this.card.form === "number" || this.card.form === "age");
    return comma ? (end ?? "").replace(".", ",") : end ?? "";
  }

  // A range that begins with the first bar or ends with the last is open there.
  bound(place, side) {
    const { bins } = this.card;
    return place === (side ? bins.length - 1 : 0) ? null : side ? bins[place].high : bins[place].low;
  }

  paintSaid(place) {
    const { bins, said } = this.card;
    const sum = () => bins.slice(...this.span).reduce((total, bin) => total + bin.count, 0);
    this.said.textContent = place !== undefined ? `${bins[place].label}: ${compact(bins[place].count)}`
      : this.draft ? say("about", { n: sum() }) : said;
  }

  paintTable() {
    const { bins, label } = this.card;
    this.caption.textContent = say("histogram", { label });
    this.columns.forEach((head, place) => { head.textContent = say(["range", "count"][place]); });
    while (this.cells.children.length > bins.length) this.cells.lastChild.remove();
    while (this.cells.children.length < bins.length) this.cells.append(el("tr", {}, el("th", { scope: "row" }), el("td")));
    bins.forEach((bin, place) => {
      const [head, cell] = this.cells.children[place].children;
      const count = grouped.format(bin.count);
      if (head.textContent !== bin.label) head.textContent = bin.label;
      if (cell.textContent !== count) cell.textContent = count;
    });
  }

  place(event, edges) {
    const box = this.bars.getBoundingClientRect();
    const at = ((event.clientX - box.left) / Math.max(1, box.width)) * this.card.bins.length;
    const place = edges ? Math.round(at) : Math.floor(at);
    return Math.min(this.card.bins.length - (edges ? 0 : 1), Math.max(0, place));
  }

  hover(event) {
    if (!this.dragging && event.pointerType === "mouse") this.paintSaid(this.place(event, false));
  }

  // Draw a range over the bars, or pull one of its ends.
  grab(event, side) {
    if (event.button !== 0) return;
    event.stopPropagation();
    const target = event.currentTarget;
    const before = [...this.span];
    const anchor = this.place(event, false);
    this.dragging = true;
    target.setPointerCapture(event.pointerId);
    const pull = (moved) => {
      if (side === null) {
        const other = this.place(moved, false);
        this.draft = [Math.min(anchor, other), Math.max(anchor, other) + 1];
      } else {
        const edge = this.place(moved, true);
        this.draft = side ? [before[0], Math.max(edge, before[0] + 1)] : [Math.min(edge, before[1] - 1), before[1]];
      }
      this.paintSpan();
    };
    if (side === null) pull(event);
    target.addEventListener("pointermove", pull);
    const end = (last) => {
      target.removeEventListener("pointermove", pull);
      this.dragging = false;
      if (last.type === "pointerup") this.commit();
      else this.drop();
    };
    target.addEventListener("pointerup", end, { once: true });
    target.addEventListener("pointercancel", end, { once: true });
  }

  step(event, side) {
    const { length } = this.card.bins;
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5, Home: -length, End: length }[event.key];
    if (event.key === "Enter") this.settle();
    if (event.key === "Escape") this.drop();
    if (!by) return;
    event.preventDefault();
    const [start, end] = this.span;
    const limit = (place, low, high) => Math.min(high, Math.max(low, place));
    this.draft = side ? [start, limit(end + by, start + 1, length)] : [limit(start + by, 0, end - 1), end];
    this.paintSpan();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.settle(), SETTLE);
  }

  settle() {
    clearTimeout(this.timer);
    if (this.draft && !this.dragging) this.commit();
  }

  drop() {
    clearTimeout(this.timer);
    this.draft = null;
    this.paint();
  }

  commit() {
    const [start, end] = this.draft;
    const range = [this.bound(start, 0), this.bound(end - 1, 1)];
    this.choose(range[0] === null && range[1] === null ? [] : [range]);
  }

  choose(ranges) {
    if (keyOf(this.rail.chosen(this.field).ranges) === keyOf(ranges)) return this.paintSaid();
    // Until the answer comes the card shows what was asked for.
    this.card = { ...this.card, chosen: ranges[0] ?? null, at: ranges.length ? this.draft ?? this.card.at : null, said: "" };
    this.rail.change(this.field, { ranges });
  }

  typed() {
    const ends = this.inputs.map((input) => {
      const text = input.value.trim();
      return (this.card.form === "number" || this.card.form === "age" ? text.replace(",", ".") : text) || null;
    });
    const wrong = ends.map((end) => end !== null && !FORMS[this.card.form].test(end));
    this.inputs.forEach((input, side) => input.setAttribute("aria-invalid", String(wrong[side])));
    if (wrong.includes(true)) return this.complain(`bad_${this.card.form === "datetime" ? "date" : this.card.form}`);
    if (ends[0] !== null && ends[1] !== null && this.beyond(...ends)) return this.complain("bad_order");
    this.editing = false; // what cannot be read stays, with what is wrong with it, until it is mended
    this.complain("");
    this.choose(ends[0] === null && ends[1] === null ? [] : [ends]);
  }

  beyond(low, high) {
    if (this.card.form === "number") return Number(low) > Number(high);
    const [first, last] = [low, high].map((end) => end.replace(/\D/g, ""));
    return this.card.form === "age" ? /^\d+$/.test(low + high) && Number(low) > Number(high) : first.slice(0, last.length) > last.slice(0, first.length);
  }

  complain(key) {
    this.error.hidden = key === "";
    this.error.textContent = key ? { bad_number: say("bad_number"), bad_date: say("bad_date"), bad_time: say("bad_time"),
      bad_age: say("bad_age"), bad_order: say("bad_order") }[key] : "";
    if (key === "") this.inputs.forEach((input) => input.removeAttribute("aria-invalid"));
  }
}
