// A card of values: the most frequent at once, the others found by the server.
const FEW = 6; // values a card shows before "Show more"
const SEARCHED = 8; // from so many values on, a card can be searched
const WAIT = 250; // milliseconds after the last letter

class ValueCard extends Card {
  constructor(rail, field) {
    super(rail, field);
    this.all = false;
    this.asked = null; // the text whose values the server was asked for
    this.find = el("input", { class: "find field", type: "search", autocomplete: "off", spellcheck: "false", "data-focus": `find ${field}` });
    this.find.addEventListener("input", () => this.look());
    this.find.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown") return;
      event.preventDefault();
      this.list.querySelector("input")?.focus();
    });
    this.note = el("p", { class: "note", role: "status" });
    this.more = el("button", { class: "more link", type: "button", "data-focus": `more ${field}` });
    this.more.addEventListener("click", () => {
      this.all = !this.all;
      if (this.all && this.card.more) this.ask("");
      this.paint();
    });
    this.body.append(this.find, this.list, this.note, this.more);
  }

  get wanted() {
    return this.find.value.trim();
  }

  // What the server has been asked for and the card still shows.
  get looking() {
    return this.asked !== null && this.asked === this.wanted && (this.asked || this.all) ? { field: this.field, text: this.asked } : null;
  }

  // What the card has at hand answers at once; the server has the rest.
  look() {
    clearTimeout(this.timer);
    if (this.card.more && this.wanted) this.timer = setTimeout(() => this.ask(this.wanted), WAIT);
    this.paint();
  }

  ask(text) {
    this.asked = text;
    this.rail.send("find", { field: this.field, text });
  }

  update(card) {
    super.update(card);
    // With other conditions the values that were found have other counts: the server is asked again with each answer.
    if (this.asked !== null && !this.wanted && !this.all) {
      this.asked = null;
      this.rail.found = null;
    }
  }

  entries() {
    const found = this.rail.found;
    const mine = found && found.field === this.field && found.text === this.wanted ? found : null;
    this.waiting = this.card.more && this.asked !== null && !mine && (this.wanted !== "" || this.all);
    if (!mine || !(this.wanted || this.all)) return { values: this.card.values, more: this.card.more };
    const named = new Set(mine.values.map(({ value }) => keyOf(value)));
    return { values: [...mine.values, ...this.card.values.filter(({ value }) => !named.has(keyOf(value)))], more: mine.more };
  }

  paint() {
    this.paintHead();
    if (this.card.folded) return;
    const { filters, exclude } = this.rail.chosen(this.field);
    const pinned = new Set([...filters, ...exclude].map(keyOf));
    const { values, more } = this.entries();
    const keyed = values.map((entry) => ({ ...entry, key: keyOf(entry.value) }));
    const known = new Set(keyed.map(({ key }) => key));
    const absent = [...filters, ...exclude].filter((value) => !known.has(keyOf(value)))
      .map((value) => ({ value, key: keyOf(value), label: value ?? "–", count: 0 }));
    const text = plain(this.wanted);
    const fits = (entry) => pinned.has(entry.key) || !text || plain(entry.label).includes(text);
    const all = [...absent, ...keyed].filter(fits);
    const ordered = [...all.filter(({ key }) => pinned.has(key)), ...all.filter(({ key }) => !pinned.has(key))];
    const few = Math.max(FEW, pinned.size);
    const shown = ordered.slice(0, this.all || text ? ordered.length : few);
    this.paintRows(shown, Math.max(1, ...keyed.map((entry) => entry.count)));

    const { label } = this.card;
    this.find.hidden = !this.card.more && this.card.values.length < SEARCHED && !this.wanted;
    this.find.placeholder = say("find");
    this.find.setAttribute("aria-label", say("find_in", { label }));
    const nothing = shown.every(({ key }) => pinned.has(key)) && (text !== "" || shown.length === 0);
    const beyond = more && (this.all || text !== "") && !this.waiting;
    this.note.textContent = this.waiting ? say("searching")
      : nothing ? say(text ? "no_match" : this.card.counted ? "no_values" : "not_counted") : beyond ? say("more_there") : "";
    this.note.hidden = !this.note.textContent;
    const hidden = ordered.length - shown.length;
    this.more.hidden = text !== "" || (this.all ? ordered.length <= few : hidden === 0 && !this.card.more);
    this.more.textContent = this.all ? say("fewer") : say("more") + (this.card.more ? "" : ` (${grouped.format(hidden)})`);
    this.more.setAttribute("aria-label", say(this.all ? "fewer_of" : "more_of", { label }));
  }
}
