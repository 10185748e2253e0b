// The facet rail: one card a field. What is clicked shows at once; counts follow with the next answer.
class Rail {
  constructor(root) {
    this.root = root;
    this.cards = new Map();
    this.selected = { filters: {}, exclude: {}, ranges: {} };
    this.clicks = 0;
    this.found = null;
    this.chooser = new Chooser(this);
    this.list = el("div", { class: "cards" });
    this.unseen = new Unseen();
    this.away = new Set();
    this.watch = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) this.away[isIntersecting ? "delete" : "add"](target);
      this.unseen.keep(this.away);
    }, { scrollMargin: "240px 0px" });
    root.replaceChildren(this.chooser.element, this.list);
  }

  get unit() {
    return this.data.unit;
  }

  // What is chosen, excluded and ranged in a card.
  chosen(field) {
    const of = (part) => this.selected[part][field] ?? [];
    return { filters: of("filters"), exclude: of("exclude"), ranges: of("ranges") };
  }

  // A value is chosen, excluded, or neither.
  toggle(field, part, value, on) {
    const other = part === "filters" ? "exclude" : "filters";
    const now = this.chosen(field);
    const without = (values) => values.filter((one) => keyOf(one) !== keyOf(value));
    const changes = { [part]: on ? [...without(now[part]), value] : without(now[part]) };
    if (on) changes[other] = without(now[other]);
    this.change(field, changes);
  }

  // The whole selection goes along, so that clicks faster than the server's answers add up.
  change(field, changes) {
    for (const [part, values] of Object.entries(changes))
      this.selected = { ...this.selected, [part]: { ...this.selected[part], [field]: values } };
    this.clicks += 1;
    keepFocus(this.root, () => this.cards.get(field).paint());
    const finding = [...this.cards.values()].find((card) => card.looking)?.looking ?? null;
    this.send("choose", { ...this.selected, click: this.clicks, finding });
  }

  fold(field, folded) {
    const card = this.cards.get(field);
    card.card = { ...card.card, folded };
    keepFocus(this.root, () => card.paint());
    this.send("fold", { field, folded });
  }

  set(field, card) {
    const before = this.cards.get(field)?.element;
    if (before) this.watch.unobserve(before);
    this.away.delete(before);
    this.watch.observe(card.element);
    this.cards.set(field, card);
  }

  update({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    this.data = data;
    this.found = data.found;
    speak(data);
    if (data.click >= this.clicks || data.click === 0) {
      this.clicks = data.click;
      this.selected = data.selection;
    }
    const focused = this.root.getRootNode().activeElement;
    this.unseen.put([...this.away].filter((card) => card.isConnected && !card.contains(focused)));
    keepFocus(this.root, () => {
      this.chooser.update();
      for (const card of data.cards) {
        const known = this.cards.get(card.field);
        const kind = card.kind === "range" ? RangeCard : ValueCard;
        if (!(known instanceof kind)) this.set(card.field, new kind(this, card.field));
        this.cards.get(card.field).update(card);
      }
      const wanted = data.cards.map(({ field }) => this.cards.get(field).element);
      if (wanted.length !== this.list.children.length || wanted.some((element, place) => this.list.children[place] !== element))
        this.list.replaceChildren(...wanted);
    });
    // For whoever measures: which click these counts answer, and how long the search took.
    this.root.dataset.click = data.click;
    this.root.dataset.took = data.took ?? "";
  }

  stop() {
    this.unseen.stop();
    this.watch.disconnect();
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".root");
  const rail = remember(root, () => new Rail(root));
  rail.update(component);
  return () => rail.stop();
}
