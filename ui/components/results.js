// The page of hits, as a table or a gallery. Its order and its pages come from the server: what is asked for goes there.
// What is ticked is kept here, over the pages of one search.
const MOST_TICKED = 1000; // values that one filter may have

class Results {
  constructor(root) {
    this.root = root;
    this.views = { table: new Table(this), gallery: new Gallery(this) };
    for (const { scroll } of Object.values(this.views))
      scroll.addEventListener("scroll", () => this.scrolled(scroll), { passive: true });
    this.ticked = new Set();
    this.unseen = new Unseen();
    this.place = el("div");
    this.range = el("span");
    this.selection = el("span", { class: "selection", role: "status" });
    this.nav = el("nav", { class: "pages" });
    root.replaceChildren(this.place, el("div", { class: "foot" }, this.selection, this.range, this.nav));
    this.developing = developing(root);
    document.addEventListener("dicomlake-closed", (this.closed = (event) => this.back(event.detail)));
  }

  scrolled({ scrollTop, scrollLeft }) {
    this.moved = scrollTop > 0 || scrollLeft > 0;
    this.unseen.all();
  }

  // Where a closed detail gives the focus back to.
  back(id) {
    this.unseen.all();
    const named = (one) => one && this.root.querySelector(`[data-focus="open ${CSS.escape(one)}"]`);
    (named(id) ?? named(this.opened) ?? this.view.current?.querySelector("button"))?.focus();
  }

  // Bring the open hit into view, once the detail beside it has taken its place.
  reveal(id) {
    if (!id || id === this.revealed) return;
    this.revealed = id;
    setTimeout(() => this.place.querySelector(`[aria-current="true"]`)?.scrollIntoView({ block: "nearest" }), 150);
  }

  open(id) {
    album.entering = true; // the detail takes the focus when it is there
    this.opened = id;
    this.send("open", id);
  }

  // Tick a row; with Shift all from the last one on.
  tick(place, on, range) {
    const from = range && this.last !== undefined ? this.last : place;
    for (let at = Math.min(from, place); at <= Math.max(from, place); at += 1) this.set(this.data.rows[at].uid, on);
    this.last = place;
    this.ticks();
  }

  tickAll(on) {
    this.data.rows.forEach((row) => this.set(row.uid, on));
    this.ticks();
  }

  set(uid, on) {
    if (!uid || (on && this.ticked.size >= MOST_TICKED)) return;
    this.ticked[on ? "add" : "delete"](uid);
  }

  ticks() {
    this.view.ticks();
    const number = this.ticked.size;
    this.range.hidden = number > 0;
    const button = (name, act) => {
      const one = el("button", { type: "button", text: say(name), "data-focus": name });
      one.addEventListener("click", act);
      return one;
    };
    keepFocus(this.root, () => this.selection.replaceChildren(...(number === 0 ? [] : [
      el("b", { text: say("selected", { n: number }) }),
      button("only", () => this.send("only", [...this.ticked])),
      button("csv", () => this.send("csv", [...this.ticked])),
      button("clear", () => {
        this.ticked.clear();
        this.ticks();
        this.view.current?.querySelector("button")?.focus();
      }),
    ])));
  }

  // First, last, the current page and its neighbours.
  pages() {
    const { page, pages } = this.data;
    const step = (to, icon, name) => {
      const one = el("button", { type: "button", "aria-label": say(name), title: say(name), "data-focus": name }, svg(icon, 14));
      one.disabled = to < 1 || to > pages;
      one.addEventListener("click", () => this.send("page", to));
      return one;
    };
    const near = [page - 1, page, page + 1, ...(page <= 3 ? [2, 3, 4] : []), ...(page >= pages - 2 ? [pages - 1, pages - 2, pages - 3] : [])];
    const numbers = [...new Set([1, ...near, pages])].filter((one) => one >= 1 && one <= pages).sort((a, b) => a - b);
    const listed = numbers.flatMap((number, index) => {
      const text = grouped.format(number);
      const one = el("button", { type: "button", text, "aria-label": say("page", { number: text }), "data-focus": `page ${number}`,
        "aria-current": number === page ? "page" : null });
      one.addEventListener("click", () => number !== page && this.send("page", number));
      return index && number > numbers[index - 1] + 1 ? [el("span", { text: "…", "aria-hidden": "true" }), one] : [one];
    });
    return [step(page - 1, ICONS.left, "previous"), ...listed, step(page + 1, ICONS.right, "next")];
  }

  update({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    speak(data);
    album.api = data.api;
    const first = !this.data;
    const turned = !first && this.data.turn !== data.turn;
    if (!first && this.data.search !== data.search) this.ticked.clear();
    if (turned) this.last = undefined;
    this.data = data;
    const view = this.views[data.view];
    keepFocus(this.root, () => {
      if (this.view !== view) {
        this.view = view;
        this.fill?.stop();
        this.place.replaceChildren(view.element);
        this.fill = fillDown(view.scroll, 56, () => this.unseen.all());
      }
      view.paint(data);
      this.range.textContent = data.range;
      this.nav.setAttribute("aria-label", say("pages"));
      this.nav.replaceChildren(...this.pages());
      this.ticks();
    });
    this.developing.all();
    if (turned && this.moved) view.scroll.scrollTo(0, 0);
    this.fill.fit();
    this.reveal(data.rows.find((row) => row.open)?.id);
  }

  stop() {
    this.fill.stop();
    this.unseen.stop();
    this.developing.stop();
    document.removeEventListener("dicomlake-closed", this.closed);
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".root");
  const results = remember(root, () => new Results(root));
  results.update(component);
  return () => results.stop();
}
