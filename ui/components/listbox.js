// A list of suggestions under a text field: the combobox of the ARIA Authoring Practices, with the focus always in the
// field. An option is {text, label, aside, count, code}; `typed` is what its label may begin a word with.

let listboxes = 0;

class Listbox {
  constructor(input, host, { pick, label, wanted }) {
    this.input = input;
    this.pick = pick;
    this.wanted = wanted; // asks for options when ArrowDown finds none
    this.options = [];
    this.active = -1;
    const id = `dl-options-${(listboxes += 1)}`;
    this.heading = el("div", { class: "heading", "aria-hidden": "true" });
    this.list = el("ul", { id, role: "listbox", "aria-label": label });
    this.foot = el("div", { class: "foot", hidden: true });
    this.box = el("div", { class: "options", hidden: true }, this.heading, this.list, this.foot);
    // The field keeps the focus while the list is used with a pointer.
    this.box.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const at = [...this.list.children].indexOf(event.target.closest("li"));
      if (at >= 0) this.choose(at);
    });
    for (const [name, value] of Object.entries({
      role: "combobox", "aria-autocomplete": "list", "aria-controls": id, "aria-expanded": "false", autocomplete: "off",
    })) input.setAttribute(name, value);
    input.addEventListener("blur", () => this.close());
    input.addEventListener("input", () => this.activate(-1)); // Enter means what is typed, until an option is chosen again
    host.append(this.box);
  }

  get open() {
    return !this.box.hidden;
  }

  show(options, { heading = "", typed = "", foot = null } = {}) {
    const chosen = this.options[this.active]?.text;
    this.options = options;
    if (options.length === 0) return this.close();
    this.heading.textContent = heading;
    this.heading.hidden = heading === "";
    this.list.replaceChildren(...options.map((option, index) => this.row(option, index, typed)));
    this.foot.replaceChildren(...(foot ? [foot] : []));
    this.foot.hidden = !foot;
    this.box.hidden = false;
    this.box.scrollTop = 0;
    this.input.setAttribute("aria-expanded", "true");
    // A list that comes late does not take away the option that the next key is meant for.
    this.activate(chosen === undefined ? -1 : options.findIndex((option) => option.text === chosen));
  }

  row(option, index, typed) {
    const name = el("span", { class: option.code ? "text code" : "text" }, ...marked(option.label, typed));
    const count = option.count === null || option.count === undefined ? null : grouped.format(option.count);
    return el("li", { class: option.count === 0 ? "option none" : "option", role: "option", id: `${this.list.id}-${index}`, "aria-selected": "false", title: option.title },
      name, el("span", { class: "aside", text: option.aside ?? "" }), count === null ? null : el("span", { class: "count", text: count }));
  }

  close() {
    this.box.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  move(step) {
    const many = this.options.length;
    // From nothing down to the first, from the first up to nothing, where Enter means what is typed.
    this.activate(this.active + step < -1 ? many - 1 : this.active + step >= many ? -1 : this.active + step);
  }

  activate(index) {
    this.active = index;
    [...this.list.children].forEach((row, index) => row.setAttribute("aria-selected", String(index === this.active)));
    const row = this.list.children[this.active];
    if (!row) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", row.id);
    row.scrollIntoView({ block: "nearest" });
  }

  choose(index) {
    const option = this.options[index];
    this.close();
    this.pick(option);
  }

  // True for a key that the list has used up.
  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      if (this.open) this.move(step);
      else this.wanted(step);
    } else if ((event.key === "Enter" || event.key === "Tab") && this.open && this.active >= 0 && !event.shiftKey) {
      this.choose(this.active);
    } else if (event.key === "Escape" && this.open) {
      this.close();
    } else {
      return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}

// A label with the beginning of a word that is typed in bold.
function marked(label, typed) {
  const flat = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const wanted = flat(typed.replace(/^[-+!("]+/, ""));
  const at = wanted && flat(label).length === label.length ? flat(label).indexOf(wanted) : -1;
  if (at < 0) return [label];
  const end = at + wanted.length;
  return [label.slice(0, at), el("b", { text: label.slice(at, end) }), label.slice(end)];
}

// Whether a key belongs to the text that is being written there.
function writes(node) {
  return node instanceof HTMLElement && (node.isContentEditable || node.tagName === "TEXTAREA" || node.tagName === "SELECT"
    || (node.tagName === "INPUT" && !["checkbox", "radio", "button", "range"].includes(node.type)));
}

// What is written in a component is no shortcut of the page around it, which sees the component but not the field.
function keepKeys(root) {
  root.addEventListener("keydown", (event) => writes(event.target) && event.stopPropagation());
}
