// The row above the hits: table or gallery, order, columns, link, download.
const SIGNS = {
  table: "M2 3h12v10H2zM2 6.5h12M2 9.8h12M6.5 6.5V13",
  gallery: "M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z",
  columns: "M2 3h12v10H2zM6 3v10M10 3v10",
  link: "M6.5 9.5l3-3M7 4.7l1.3-1.3a2.6 2.6 0 013.7 3.7L10.7 8.6M9 11.3l-1.3 1.3a2.6 2.6 0 01-3.7-3.7L5.3 7.4",
  file: "M8 2.5v7M5 7l3 3 3-3M3 13h10",
  save: "M4 2.5h8v11l-4-3-4 3zM8 4.6v3.8M6.1 6.5h3.8",
  saved: "M4 2.5h8v11l-4-3-4 3z",
  quality: "M2.5 4l1.3 1.3L6 3M2.5 10.5l1.3 1.3L6 9.5M8.5 4.5h5M8.5 11h5",
  plus: "M8 3.5v9M3.5 8h9",
  chevron: "M4.5 6.5L8 10l3.5-3.5",
};

class Tools {
  constructor(root) {
    this.root = root;
    this.row = el("div", { class: "tools" });
    this.find = el("input", { class: "field", type: "search", autofocus: true, autocomplete: "off", spellcheck: "false", "data-focus": "find" });
    this.find.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.send("find", this.find.value.trim()), 220);
    });
    this.lists = el("div", { class: "lists" });
    this.chooser = el("div", { class: "popup chooser", popover: "auto", id: "chooser", role: "dialog" }, this.find, this.lists);
    this.chooser.addEventListener("toggle", (event) => this.toggled(event.newState === "open"));
    this.refused = el("div", { class: "refused", role: "alert" });
    this.save = new Save((name, value) => this.send(name, value));
    root.replaceChildren(this.row, this.chooser, this.save.box);
  }

  toggled(open) {
    this.opener?.setAttribute("aria-expanded", String(open));
    if (!open) return;
    under(this.chooser, this.opener);
    this.send("find", this.find.value.trim());
  }

  order() {
    const select = el("select", { class: "tool", "aria-label": say("sort"), "data-focus": "order" },
      ...this.data.orders.map(({ value, label }) => el("option", { value, text: label })));
    select.value = this.data.sort;
    select.addEventListener("change", () => this.send("sort", select.value));
    return select;
  }

  tool(name, icon, title) {
    return el("button", { type: "button", class: "tool", "data-focus": name, title: title ?? say(name) }, svg(icon, 14), el("span", { text: say(name) }));
  }

  paint() {
    this.opener = opening(this.tool("columns", SIGNS.columns), this.chooser);
    this.save.paint(opening(this.tool("save", SIGNS.save), this.save.box));
    const link = this.tool("link", SIGNS.link);
    link.addEventListener("click", () => this.copy(link));
    const csv = this.tool("csv", SIGNS.file, say("csv_title"));
    csv.addEventListener("click", () => this.send("csv", true));
    const views = this.data.views.map((view) => ({ value: view, label: say(view), icon: SIGNS[view] }));
    const view = segments("view", say("view"), views, this.data.view, (chosen) => this.send("view", chosen));
    this.row.replaceChildren(view, this.order(), this.opener, el("div", { class: "end" }, link, csv, this.save.opener), this.refused);
  }

  copy(link) {
    const text = link.querySelector("span");
    navigator.clipboard.writeText(window.location.href).then(() => {
      text.textContent = say("copied");
      link.classList.add("told");
      setTimeout(() => {
        text.textContent = say("link");
        link.classList.remove("told");
      }, 1600);
    }, () => {});
  }

  change(names) {
    this.send("columns", names);
  }

  small(name, label, icon, act) {
    const title = say(name, { label });
    const button = el("button", { type: "button", class: "icon", title, "aria-label": title, "data-focus": `${name} ${label}` }, svg(icon, 12));
    button.addEventListener("click", act);
    return button;
  }

  said({ label, code }) {
    return el("span", { class: "said", title: code || label }, label, code && code !== label ? el("code", { text: code }) : null);
  }

  shown(column, place, names) {
    const { label } = column;
    const moved = (to) => {
      const others = names.filter((name) => name !== column.name);
      others.splice(to, 0, column.name);
      this.change(others);
    };
    const up = this.small("column_up", label, ICONS.up, () => moved(place - 1));
    const down = this.small("column_down", label, ICONS.down, () => moved(place + 1));
    const remove = this.small("column_remove", label, ICONS.close, () => this.change(names.filter((name) => name !== column.name)));
    up.disabled = place === 0;
    down.disabled = place === names.length - 1;
    remove.disabled = names.length === 1;
    const item = el("li", { draggable: "true" }, el("span", { class: "handle", title: say("columns_drag"), "aria-hidden": "true", text: "⠿" }),
      this.said(column), up, down, remove);
    item.addEventListener("dragstart", (event) => {
      this.dragged = column.name;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", label);
    });
    item.addEventListener("dragover", (event) => {
      if (!this.dragged) return;
      event.preventDefault();
      item.classList.add("over");
    });
    item.addEventListener("dragleave", () => item.classList.remove("over"));
    item.addEventListener("drop", (event) => {
      event.preventDefault();
      const others = names.filter((name) => name !== this.dragged);
      others.splice(place, 0, this.dragged);
      if (this.dragged !== column.name) this.change(others);
    });
    item.addEventListener("dragend", () => (this.dragged = null));
    return item;
  }

  option(column, names) {
    const add = el("button", { type: "button", class: "add", "aria-label": say("column_add", { label: column.code || column.label }),
      "data-focus": `add ${column.name}` }, svg(SIGNS.plus, 12), this.said(column),
      column.tag ? el("span", { class: "quiet", text: column.tag }) : null,
      column.none ? el("span", { class: "quiet", text: say("column_unused") }) : null);
    add.addEventListener("click", () => this.change([...names, column.name]));
    return el("li", {}, add);
  }

  choose() {
    const { columns, most } = this.data;
    const { found } = this;
    const names = columns.map((column) => column.name);
    const reset = el("button", { type: "button", class: "link", text: say("columns_reset"), "data-focus": "reset" });
    reset.addEventListener("click", () => this.change([]));
    const options = found.options.filter((column) => !names.includes(column.name));
    const empty = found.wanted && options.length === 0 ? say("columns_none", { wanted: found.wanted }) : "";
    const more = [
      el("h3", { text: say("columns_more") }),
      names.length >= most ? el("p", { class: "quiet", text: say("columns_full", { n: most }) })
        : empty ? el("p", { class: "quiet", role: "status", text: empty })
        : el("ul", {}, ...options.map((column) => this.option(column, names))),
    ];
    const shown = [
      el("h3", {}, say("columns_shown"), this.data.standard ? null : reset),
      el("ul", {}, ...columns.map((column, place) => this.shown(column, place, names))),
    ];
    this.lists.replaceChildren(...(found.wanted ? [...more, ...shown] : [...shown, ...more]));
    this.find.placeholder = say("columns_find");
    this.find.setAttribute("aria-label", say("columns_find"));
    this.chooser.setAttribute("aria-label", say("columns"));
  }

  download(file) {
    if (!file || file.number === this.file) return;
    this.file = file.number;
    this.refused.textContent = file.refused ?? "";
    if (!file.url) return;
    const link = el("a", { href: address(this.data.api, file.url), download: "", rel: "noreferrer" });
    document.body.append(link);
    link.click();
    link.remove();
  }

  update({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    speak(data);
    this.data = data;
    this.found = data.found ?? this.found ?? { wanted: "", options: [] }; // only what was looked for is sent, once
    keepFocus(this.root, () => {
      this.paint();
      const at = this.lists.scrollTop;
      this.choose();
      this.lists.scrollTop = at;
    });
    this.download(data.file);
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".root");
  remember(root, () => new Tools(root)).update(component);
}
