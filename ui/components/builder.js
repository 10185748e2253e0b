// A query in rows and groups. The tree is kept here; every change goes to the server, which writes the query text and
// counts, and suggests fields and values while somebody types.

const WAIT = 120; // milliseconds without a change before the draft is counted
const NEW = () => ({ field: "", label: "", unit: null, kind: "", op: "words", values: [] });
const MOMENTS = { date: "2019-03", time: "10:30", datetime: "2019-03-14" };

class Builder {
  constructor(root) {
    this.root = root;
    this.number = 0;
    this.looks = 0;
    this.ids = 0;
    keepKeys(root);
  }

  // Tree

  changed({ repaint = true, focus = null } = {}) {
    if (repaint) this.paint(focus);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.number += 1;
      this.send("draft", { tree: this.tree, number: this.number });
    }, WAIT);
    this.footer(true);
  }

  add(group, part, focus) {
    group.parts.push(part);
    this.changed({ focus });
  }

  name(part, what) {
    part.id ??= (this.ids += 1);
    return `${what} ${part.id}`;
  }

  // Painting

  paint(focus = null) {
    const built = this.group(this.tree, null);
    keepFocus(this.root, () => this.place.replaceChildren(built));
    if (focus) this.root.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
  }

  group(group, above) {
    const name = this.name(group, "join");
    const side = (join) => {
      const radio = el("input", { type: "radio", name, value: join, "data-focus": `${name} ${join}` });
      radio.checked = group.join === join;
      radio.addEventListener("change", () => {
        group.join = join;
        this.changed();
      });
      return el("label", {}, radio, el("span", { text: say(join === "and" ? "all_of" : "any_of") }));
    };
    const tick = (key) => {
      const box = el("input", { type: "checkbox", "data-focus": this.name(group, key) });
      box.checked = group[key];
      box.addEventListener("change", () => {
        group[key] = box.checked;
        this.changed({ repaint: false });
      });
      return el("label", { class: "tick", title: say(`${key}_how`) }, box, say(key));
    };
    const adding = (key, make) => {
      const button = el("button", { class: "link", type: "button", text: say(key), "data-focus": this.name(group, key) });
      button.addEventListener("click", () => {
        const part = make();
        this.add(group, part, this.name(part.parts ? part.parts[0] : part, "field"));
      });
      return button;
    };
    const inner = () => ({ join: group.join === "and" ? "or" : "and", not: false, study: false, parts: [NEW()] });
    return el("div", { class: "group", role: "group", "aria-label": say("group") },
      el("div", { class: "group-head" },
        el("div", { class: "join", role: "radiogroup", "aria-label": say("join") }, side("and"), side("or")),
        tick("not"), tick("study"),
        above ? this.dropping(above, group, say("drop_group")) : null),
      el("div", { class: "parts" }, ...group.parts.map((part) => (part.parts ? this.group(part, group) : this.row(part, group)))),
      el("div", { class: "adds" }, adding("add_row", NEW), adding("add_group", inner)));
  }

  dropping(group, part, label) {
    const button = el("button", { class: "icon drop", type: "button", title: label, "aria-label": label, "data-focus": this.name(part, "drop") }, svg(ICONS.close, 12));
    button.addEventListener("click", () => {
      const at = group.parts.indexOf(part);
      group.parts.splice(at, 1);
      const next = group.parts[Math.min(at, group.parts.length - 1)];
      this.changed({ focus: next && !next.parts ? this.name(next, "field") : this.name(group, "add_row") });
    });
    return button;
  }

  row(row, group) {
    const drop = this.dropping(group, row, say("drop_row"));
    if (row.op === "raw") {
      const input = el("input", { class: "field code", "aria-label": say("raw"), "data-focus": this.name(row, "field"), value: row.values[0] ?? "" });
      input.addEventListener("input", () => this.value(row, 0, input.value));
      return el("div", { class: "row raw" }, el("div", { class: "cell" }, input), drop);
    }
    const select = el("select", { class: "field", "aria-label": say("operator"), "data-focus": this.name(row, "op") },
      ...(this.data.operators[row.kind] ?? []).map((op) => el("option", { value: op, text: say(`op_${op}`) })));
    select.value = row.op;
    select.addEventListener("change", () => {
      row.op = select.value;
      if (row.op !== "one_of") row.values = row.values.slice(0, row.op === "between" ? 2 : 1);
      this.changed();
    });
    return el("div", { class: "row" }, this.fieldCell(row), el("div", { class: "cell" }, select), this.valueCell(row), drop);
  }

  fieldCell(row) {
    const input = el("input", {
      class: "field", type: "text", "aria-label": say("field"), placeholder: say("field_how"), spellcheck: "false",
      "data-focus": this.name(row, "field"), value: row.label || row.field,
    });
    const cell = el("div", { class: "cell" }, input, el("span", { class: "path", text: row.field && row.field !== row.label ? row.field : "" }));
    const chosen = (option) => {
      const operators = this.data.operators[option.kind] ?? [];
      const kept = operators.includes(row.op) && row.field ? row.op : operators[0];
      Object.assign(row, { field: option.text, label: option.label, unit: option.unit, kind: option.kind, op: kept, values: [] });
      this.changed({ focus: kept === "has" || kept === "missing" ? this.name(row, "op") : this.name(row, "value 0") });
    };
    this.suggest(input, cell, chosen, () => ({ text: input.value === row.label ? "" : input.value }), say("fields"));
    input.addEventListener("focus", () => input.select());
    input.addEventListener("blur", () => {
      if (input.value.trim() !== "") input.value = row.label || row.field;
      else if (row.field) Object.assign(row, NEW(), { id: row.id }) && this.changed();
    });
    return cell;
  }

  valueCell(row) {
    const cell = el("div", { class: "cell values" });
    if (row.op === "has" || row.op === "missing") return cell;
    if (row.op === "one_of") {
      row.values.forEach((text, index) => {
        const drop = el("button", { class: "icon", type: "button", "aria-label": say("drop_value", { value: text }), "data-focus": this.name(row, `token ${index}`) }, svg(ICONS.close, 9));
        drop.addEventListener("click", () => {
          row.values.splice(index, 1);
          this.changed({ focus: this.name(row, "value 0") });
        });
        cell.append(el("span", { class: "token", title: text }, el("span", { text }), drop));
      });
    }
    const fields = row.op === "between" ? 2 : 1;
    for (let index = 0; index < fields; index += 1) {
      if (index) cell.append(el("span", { class: "and", text: say("and") }));
      cell.append(this.valueField(row, index, cell));
    }
    if (row.unit && row.unit !== "By" && row.unit !== "1") cell.append(el("span", { class: "unit", text: row.unit }));
    return cell;
  }

  valueField(row, index, cell) {
    const several = row.op === "one_of";
    const input = el("input", {
      class: "field", type: "text", spellcheck: "false", "data-focus": this.name(row, `value ${index}`),
      "aria-label": say(row.op === "between" ? (index ? "value_to" : "value_from") : "value"),
      placeholder: MOMENTS[row.kind] ?? (several ? say("value_add") : row.field ? say("value") : say("words_how")),
      inputmode: row.kind === "integer" || row.kind === "float" ? "decimal" : null, value: several ? "" : row.values[index] ?? "",
    });
    const take = (text) => {
      if (!several) this.value(row, index, text);
      else if (text.trim() && !row.values.includes(text)) row.values.push(text.trim());
    };
    if (row.field && row.op !== "matches") {
      const holder = el("span", { class: "cell", style: "flex:1;display:flex" }, input);
      this.suggest(input, holder, (option) => {
        input.value = several ? "" : option.text;
        take(option.text);
        if (several) this.changed({ focus: this.name(row, "value 0") });
      }, () => ({ text: input.value, field: row.field }), say("values"));
      cell = holder;
    }
    input.addEventListener("input", () => !several && this.value(row, index, input.value));
    input.addEventListener("keydown", (event) => {
      if (event.defaultPrevented) return;
      if (event.key === "Enter" && several && input.value.trim()) {
        take(input.value);
        this.changed({ focus: this.name(row, "value 0") });
      } else if (event.key === "Enter") this.apply();
      else if (event.key === "Backspace" && several && input.value === "" && row.values.pop() !== undefined) {
        this.changed({ focus: this.name(row, "value 0") });
      }
    });
    input.addEventListener("blur", () => {
      if (several && input.value.trim()) {
        take(input.value);
        this.changed();
      }
    });
    return input.parentElement ?? input;
  }

  value(row, index, text) {
    row.values[index] = text;
    for (let before = 0; before < index; before += 1) row.values[before] ??= "";
    this.changed({ repaint: false });
  }

  // Suggestions of the field that has the focus

  suggest(input, host, pick, asked, label) {
    const listbox = new Listbox(input, host, { pick, label, wanted: () => look() });
    const look = () => {
      this.looks += 1;
      this.looking = { listbox, input, number: this.looks };
      this.send("look", { ...asked(), number: this.looks });
    };
    let timer;
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(look, 70);
    });
    input.addEventListener("click", () => !listbox.open && look());
    input.addEventListener("blur", () => clearTimeout(timer));
    input.addEventListener("keydown", (event) => listbox.key(event));
  }

  // Foot: the query text, what it finds, and applying it

  footer(waiting = false) {
    const { draft } = this;
    this.text.textContent = draft.text || (draft.refused ? "" : say("nothing"));
    this.text.classList.toggle("none", !draft.text);
    this.hits.textContent = waiting ? "…" : draft.count;
    this.refused.textContent = waiting ? "" : draft.refused;
    this.button.disabled = Boolean(draft.refused);
  }

  apply() {
    clearTimeout(this.timer);
    this.send("apply", { tree: this.tree });
  }

  frame() {
    this.place = el("div", { class: "groups" });
    this.text = el("code", { class: "query-text" });
    this.hits = el("span", { class: "hits", role: "status" });
    this.refused = el("span", { class: "refused", role: "alert" });
    this.button = el("button", { class: "act first", type: "button", text: say("apply"), "data-focus": "apply" });
    this.button.addEventListener("click", () => this.apply());
    const note = this.data.refused ? el("p", { class: "note", text: say("unreadable", { why: this.data.refused }) }) : null;
    this.root.replaceChildren(panelFrame(say("title"), say("about"), () => this.send("shut", true), note, this.place,
      el("div", { class: "foot" }, this.text, this.refused, this.hits, this.button)));
  }

  update({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    speak(data);
    const first = !this.data;
    const other = first || data.q !== this.data.q || data.language !== this.data.language;
    this.data = data;
    if (other) {
      clearTimeout(this.timer);
      this.tree = structuredClone(data.tree);
      if (this.tree.parts.length === 0) this.tree.parts.push(NEW());
      this.number = Math.max(this.number, data.draft.number);
      this.frame();
      this.paint(first ? this.name(this.tree.parts.find((part) => !part.parts) ?? this.tree, "field") : null);
    }
    if (other || data.draft.number === this.number) {
      this.draft = data.draft;
      this.footer();
    }
    if (data.found && this.looking && data.found.number === this.looking.number && this.root.getRootNode().activeElement === this.looking.input) {
      const { listbox } = this.looking;
      this.looking = null;
      listbox.show(data.found.items, { typed: data.found.typed });
    }
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".root");
  remember(root, () => new Builder(root)).update(component);
}
