// The page of hits as a table. Its order and its pages come from the server: what is asked for goes there.

class Results {
  constructor(root) {
    this.root = root;
    this.head = el("tr");
    this.body = el("tbody");
    this.caption = el("caption");
    this.caption.style.cssText = "position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden";
    this.table = el("table", {}, this.caption, el("thead", {}, this.head), this.body);
    this.scroll = el("div", { class: "scroll", tabindex: "0", role: "region" }, this.table);
    this.scroll.addEventListener("scroll", () => this.scroll.classList.toggle("aside", this.scroll.scrollLeft > 0), { passive: true });
    this.range = el("span");
    this.number = el("span", { class: "page" });
    this.previous = el("button", { type: "button", "data-focus": "previous" }, svg(ICONS.left), (this.back = el("span")));
    this.next = el("button", { type: "button", class: "next", "data-focus": "next" }, (this.forth = el("span")), svg(ICONS.right));
    this.previous.addEventListener("click", () => this.send("page", this.data.page - 1));
    this.next.addEventListener("click", () => this.send("page", this.data.page + 1));
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (row?.dataset.id && String(window.getSelection()) === "") this.send("open", row.dataset.id);
    });
    this.body.addEventListener("keydown", (event) => this.move(event));
    root.replaceChildren(
      el("div", { class: "frame" }, this.scroll),
      el("div", { class: "foot" }, this.range,
        (this.nav = el("nav", { class: "pages" }, this.previous, this.number, this.next))));
    this.fill = fillDown(this.scroll, 56);
  }

  column(column) {
    const { label, sorted, name, number } = column;
    const button = el("button", { type: "button", title: column.title, "data-focus": `sort ${name}` }, el("span", { text: label }),
      sorted ? svg(sorted === "ascending" ? ICONS.up : ICONS.down, 11) : null);
    button.disabled = !column.sortable;
    button.addEventListener("click", () => this.send("sort", sorted === "ascending" ? `-${name}` : name));
    return el("th", { scope: "col", class: number ? "number" : null, "aria-sort": sorted }, button);
  }

  row(row) {
    const cells = row.cells.map((text, index) => {
      const classes = [this.data.columns[index].number ? "number" : "", text === null ? "missing" : ""].join(" ").trim();
      const cell = el("td", { class: classes || null, title: text !== null && text.length > 24 ? text : null });
      if (index === 0) {
        cell.append(el("button", { type: "button", text: text ?? "–", "aria-label": row.label, "data-focus": `open ${row.id}` }));
      } else if (text === null) {
        cell.append(el("span", { "aria-label": say("missing"), role: "img", text: "–" }));
      } else {
        cell.textContent = text;
      }
      return cell;
    });
    return el("tr", { "data-id": row.id, "aria-current": row.open ? "true" : null }, ...cells);
  }

  move(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const other = step && event.target.closest("tr")?.[step]?.querySelector("button");
    if (!other) return;
    event.preventDefault();
    other.focus();
  }

  update({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    speak(data);
    const first = !this.data;
    const turned = !first && this.data.turn !== data.turn;
    this.data = data;
    keepFocus(this.root, () => {
      this.caption.textContent = data.caption;
      this.scroll.setAttribute("aria-label", say("hits"));
      this.nav.setAttribute("aria-label", say("pages"));
      this.back.textContent = say("previous");
      this.forth.textContent = say("next");
      this.head.replaceChildren(...data.columns.map((column) => this.column(column)));
      this.body.replaceChildren(...data.rows.map((row) => this.row(row)));
      this.range.textContent = data.range;
      this.number.textContent = say("page", { n: data.page, pages: grouped.format(data.pages) });
      this.previous.disabled = data.page <= 1;
      this.next.disabled = !data.more;
    });
    if (turned) this.scroll.scrollTo(0, 0);
    this.fill.fit();
    if (first) this.body.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "start" });
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".root");
  const results = remember(root, () => new Results(root));
  results.update(component);
  return () => results.fill.stop();
}
