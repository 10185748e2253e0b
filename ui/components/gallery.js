// Hits as cards with their pictures; arrow keys walk over the grid as it lies.

class Gallery {
  constructor(owner) {
    this.owner = owner;
    this.cards = el("ul", { class: "cards" });
    this.scroll = el("div", { class: "wall" }, this.cards);
    this.element = this.scroll;
    this.cards.addEventListener("keydown", (event) => this.move(event));
    this.cards.addEventListener("focusin", (event) => this.rove(event.target.closest(".card")));
  }

  rove(card) {
    if (!card || card === this.current) return;
    for (const control of this.current?.querySelectorAll("button, input") ?? []) control.tabIndex = -1;
    for (const control of card.querySelectorAll("button, input")) control.tabIndex = 0;
    this.current = card;
  }

  move(event) {
    const cards = [...this.cards.children];
    const card = event.target.closest(".card");
    const across = getComputedStyle(this.cards).gridTemplateColumns.split(" ").length;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across, Home: -cards.length, End: cards.length };
    if (!card || !(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const place = Math.min(Math.max(cards.indexOf(card) + steps[event.key], 0), cards.length - 1);
    cards[place].querySelector(event.target.matches("input") ? "input" : ".show").focus();
  }

  card(row, place) {
    const box = el("input", { type: "checkbox", tabindex: "-1", "aria-label": say("tick", { number: row.label }), "data-focus": `tick ${row.uid}` });
    box.disabled = !row.uid;
    box.addEventListener("click", (event) => this.owner.tick(place, box.checked, event.shiftKey));
    const [first, ...others] = row.facts;
    const show = el("button", { type: "button", class: "show", tabindex: "-1", "aria-label": row.label, "data-focus": `open ${row.id}` },
      thumb(row.picture, row.modality, 256),
      el("span", { class: "says" },
        el("span", { class: "title", title: row.title }, el("span", { class: "kind", text: row.modality ?? "–" }),
          el("span", { class: "text", text: row.title ?? "–" })),
        el("span", { class: "fact" }, el("span", { text: first ?? "–" }), el("span", { text: row.aside ?? "" })),
        el("span", { class: "fact" }, el("span", { text: others.join(" · ") }))));
    show.addEventListener("click", () => row.id && this.owner.open(row.id));
    return el("li", { class: "card", "data-id": row.id, "aria-current": row.open ? "true" : null },
      el("label", { class: "tick" }, box), show);
  }

  paint(data) {
    this.cards.setAttribute("aria-label", say("hits"));
    this.cards.replaceChildren(...data.rows.map((row, place) => this.card(row, place)));
    this.current = null;
    this.rove(this.cards.querySelector("[aria-current]") ?? this.cards.firstElementChild);
    this.ticks();
  }

  ticks() {
    const { ticked, data } = this.owner;
    [...this.cards.children].forEach((card, place) => {
      const on = ticked.has(data.rows[place].uid);
      card.querySelector("input").checked = on;
      card.classList.toggle("ticked", on);
    });
    this.cards.classList.toggle("ticking", ticked.size > 0);
  }
}
