// Hits as a table: rows open with a click, are ticked in the first column, and are walked through with the arrow keys.
// Its rows are boxes of their own (table.css), so that the browser lays out and paints those in view only; the roles say
// that they are a table all the same.
const PICTURE = 48;
const TICK = 36;
const ROW = 42;

class Table {
  constructor(owner) {
    this.owner = owner;
    this.head = el("tr", { role: "row" });
    this.body = el("tbody", { role: "rowgroup" });
    this.caption = el("caption", { class: "hidden" });
    this.table = el("table", { role: "table" }, this.caption, el("thead", { role: "rowgroup" }, this.head), this.body);
    this.scroll = el("div", { class: "scroll", tabindex: "0", role: "region" }, this.table);
    this.scroll.addEventListener("scroll", () => this.scroll.classList.toggle("aside", this.scroll.scrollLeft > 0), { passive: true });
    this.element = el("div", { class: "frame" }, this.scroll);
    this.body.addEventListener("click", (event) => this.click(event));
    this.body.addEventListener("keydown", (event) => this.move(event));
    this.body.addEventListener("focusin", (event) => this.rove(event.target.closest("tr")));
  }

  click(event) {
    const row = event.target.closest("tr");
    if (!row || event.target.closest(".tick")) return;
    if (row.dataset.id && (String(window.getSelection()) === "" || event.detail === 0)) this.owner.open(row.dataset.id);
  }

  // One row takes part in the order of the Tab key, the arrow keys lead to the others.
  rove(row) {
    if (!row || row === this.current) return;
    for (const control of this.current?.querySelectorAll("button, input") ?? []) control.tabIndex = -1;
    for (const control of row.querySelectorAll("button, input")) control.tabIndex = 0;
    this.current = row;
  }

  move(event) {
    const row = event.target.closest("tr");
    const rows = [...this.body.children];
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -rows.length, End: rows.length };
    if (!row || !(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const place = Math.min(Math.max(rows.indexOf(row) + steps[event.key], 0), rows.length - 1);
    const kind = event.target.matches("input") ? "input" : ".name";
    if (event.shiftKey && kind === "input") this.owner.tick(place, true, true);
    rows[place].querySelector(kind).focus();
  }

  setWidth(index, width) {
    const wide = Math.round(Math.min(Math.max(width, 48), 900));
    this.widths[index] = wide;
    for (const row of [this.head, ...this.body.children]) this.widen(row.children[this.before + index], wide);
    this.table.style.width = `${this.total()}px`;
    return wide;
  }

  // A cell of this width; what the page has room for beyond all widths is shared out by them.
  widen(cell, width) {
    cell.style.flex = `${width} 0 ${width}px`;
    return cell;
  }

  total() {
    return TICK + (this.before > 1 ? PICTURE : 0) + this.widths.reduce((sum, width) => sum + width, 0);
  }

  grip(index, name) {
    const grip = el("span", { class: "grip", "aria-hidden": "true" });
    grip.addEventListener("click", (event) => event.stopPropagation());
    grip.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      event.stopPropagation();
      grip.setPointerCapture(event.pointerId);
      const start = event.clientX;
      const width = this.widths[index];
      const drag = (moved) => this.setWidth(index, width + moved.clientX - start);
      grip.addEventListener("pointermove", drag);
      grip.addEventListener("lostpointercapture", () => {
        grip.removeEventListener("pointermove", drag);
        if (this.widths[index] !== width) this.owner.send("widths", { [name]: this.widths[index] });
      }, { once: true });
    });
    return grip;
  }

  // Alt with an arrow key changes the width, with Shift the place: what the mouse does by dragging.
  keys(event, index, name) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !event.altKey) return;
    event.preventDefault();
    if (event.shiftKey) {
      this.place(name, index + step);
    } else {
      this.owner.send("widths", { [name]: this.setWidth(index, this.widths[index] + 24 * step) });
    }
  }

  place(name, to) {
    const names = this.owner.data.columns.map((column) => column.name);
    const from = names.indexOf(name);
    if (from < 0 || to < 0 || to >= names.length || to === from) return;
    names.splice(from, 1);
    names.splice(to, 0, name);
    this.owner.send("columns", names);
  }

  column(column, index) {
    const { label, sorted, name, number } = column;
    const button = el("button", { type: "button", class: "sort", title: say("sort_by", { label: column.title }), "data-focus": `sort ${name}` },
      el("span", { text: label }), sorted ? svg(sorted === "ascending" ? ICONS.up : ICONS.down, 11) : null);
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => column.sortable && this.owner.send("sort", sorted === "ascending" ? `-${name}` : name));
    button.addEventListener("keydown", (event) => this.keys(event, index, name));
    if (!column.sortable) button.title = column.title;
    const cell = el("th", { scope: "col", role: "columnheader", class: [index ? "" : "lead", number ? "number" : ""].join(" ").trim() || null,
      "aria-sort": sorted, draggable: "true" }, button, this.grip(index, name));
    cell.addEventListener("dragstart", (event) => {
      this.dragged = name;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", label);
    });
    cell.addEventListener("dragover", (event) => {
      if (!this.dragged || this.dragged === name) return;
      event.preventDefault();
      cell.classList.add("over");
    });
    cell.addEventListener("dragleave", () => cell.classList.remove("over"));
    cell.addEventListener("drop", (event) => {
      event.preventDefault();
      cell.classList.remove("over");
      this.place(this.dragged, index);
    });
    cell.addEventListener("dragend", () => (this.dragged = null));
    return this.widen(cell, this.widths[index]);
  }

  amount(text, percent) {
    const gauge = el("span", { class: "gauge" }, el("i"));
    gauge.firstChild.style.width = `${percent}%`;
    return el("span", { class: "amount" }, gauge, el("span", { text }));
  }

  // A row of the page, empty; what it shows changes from page to page.
  row(place) {
    const box = el("input", { type: "checkbox", tabindex: "-1" });
    box.addEventListener("click", (event) => this.owner.tick(place, box.checked, event.shiftKey));
    const picture = this.before > 1 ? thumb("", "", 36) : null;
    const classes = (column, index) => [index ? "" : "lead", column.number ? "number" : ""].join(" ").trim() || null;
    const cells = this.owner.data.columns.map((column, index) =>
      this.widen(el("td", { role: "cell", class: classes(column, index) }), this.widths[index]));
    const name = el("button", { type: "button", class: "name", tabindex: "-1" });
    cells[0].append(name);
    const element = el("tr", { role: "row" }, el("td", { role: "cell", class: "tick" }, el("label", {}, box)),
      picture && el("td", { role: "cell", class: "pic" }, picture), ...cells);
    return { element, box, picture, cells, name, shown: [] };
  }

  show(line, row) {
    line.box.setAttribute("aria-label", say("tick", { number: row.label }));
    line.box.dataset.focus = `tick ${row.uid}`;
    line.box.disabled = !row.uid;
    line.element.dataset.id = row.id ?? "";
    if (row.open) line.element.setAttribute("aria-current", "true");
    else line.element.removeAttribute("aria-current");
    line.name.setAttribute("aria-label", row.label);
    line.name.dataset.focus = `open ${row.id}`;
    if (line.picture) frame(line.picture, row.picture, row.modality);
    row.cells.forEach((text, index) => this.cell(line, index, text, row.bars[index]));
  }

  cell(line, index, text, percent) {
    const shown = `${percent ?? ""} ${text === null ? "" : `=${text}`}`;
    if (line.shown[index] === shown) return;
    line.shown[index] = shown;
    const cell = line.cells[index];
    cell.classList.toggle("missing", text === null);
    if (text !== null && text.length > 14) cell.title = text;
    else cell.removeAttribute("title");
    if (index === 0) line.name.textContent = text ?? "–";
    else if (text === null) cell.replaceChildren(el("span", { "aria-label": say("missing"), role: "img", text: "–" }));
    else if (percent !== undefined) cell.replaceChildren(this.amount(text, percent));
    else cell.textContent = text;
  }

  paint(data) {
    // Another page of the same columns is the same table with other texts: rows made anew cost the browser twice as much.
    const shape = JSON.stringify([data.columns, data.level, data.language]);
    if (this.shape !== shape) {
      this.shape = shape;
      this.frame(data);
    }
    while (this.lines.length > data.rows.length) this.lines.pop().element.remove();
    while (this.lines.length < data.rows.length) {
      const line = this.row(this.lines.length);
      this.lines.push(line);
      this.body.append(line.element);
    }
    data.rows.forEach((row, place) => this.show(this.lines[place], row));
    this.owner.unseen.put(this.below());
    this.rove(this.body.querySelector("[aria-current]") ?? this.body.firstElementChild);
    this.ticks();
  }

  // Rows below the lower edge, of a table that has its place already.
  below() {
    const height = parseFloat(this.scroll.style.maxHeight);
    if (!height || this.owner.moved) return [];
    const focused = this.owner.root.getRootNode().activeElement;
    const rows = this.lines.slice(Math.ceil(height / ROW) + 1).map(({ element }) => element);
    return rows.filter((row) => row.getAttribute("aria-current") === null && !row.contains(focused));
  }

  // What stands around the rows, which go.
  frame(data) {
    const pictures = data.level !== "patient";
    this.before = pictures ? 2 : 1;
    this.widths = data.columns.map((column) => column.width);
    this.table.style.setProperty("--lead", `${TICK + (pictures ? PICTURE : 0)}px`);
    this.table.style.width = `${this.total()}px`;
    this.caption.textContent = say("hits");
    this.scroll.setAttribute("aria-label", say("hits"));
    this.all = el("input", { type: "checkbox", "aria-label": say("tick_page"), "data-focus": "tick page" });
    this.all.addEventListener("click", () => this.owner.tickAll(this.all.checked));
    this.head.replaceChildren(...[
      el("th", { scope: "col", role: "columnheader", class: "tick" }, el("label", {}, this.all)),
      pictures ? el("th", { scope: "col", role: "columnheader", class: "pic" }, el("span", { class: "hidden", text: say("picture") })) : null,
      ...data.columns.map((one, index) => this.column(one, index)),
    ].filter(Boolean));
    this.lines = [];
    this.body.replaceChildren();
    this.current = null;
  }

  // Show what is ticked, without painting the rows anew.
  ticks() {
    const { ticked, data } = this.owner;
    this.lines.forEach(({ box, element }, place) => {
      box.checked = ticked.has(data.rows[place].uid);
      element.classList.toggle("ticked", box.checked);
    });
    const some = this.lines.filter(({ box }) => box.checked).length;
    this.all.checked = some > 0 && some === this.lines.filter(({ box }) => !box.disabled).length;
    this.all.indeterminate = some > 0 && !this.all.checked;
  }
}
