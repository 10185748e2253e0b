// The query bar: a text field that colours what is typed, completes the name or value at the caret, marks the character
// at fault, and remembers what was asked. Completions come through a rerun of the bar's fragment: the browser talks to
// the page's server alone.

const PAUSE = 70; // milliseconds without typing until completions are asked for
const TOOLS = {
  builder: "M2 4h8M13 4h1M2 8h2M7 8h7M2 12h6M11 12h3M11.5 2.5v3M5.5 6.5v3M9.5 10.5v3",
  syntax: "M6 6a2 2 0 1 1 2.6 1.9c-.5.2-.6.6-.6 1.1M8 11.6v.1M8 1.7a6.3 6.3 0 1 1 0 12.6A6.3 6.3 0 0 1 8 1.7z",
  explain: "M5 3L2 8l3 5M11 3l3 5-3 5M9.3 2.5l-2.6 11",
};
const PIECES = /"(?:\\.|[^"\\])*"?|\b(?:AND|OR|NOT|TO)\b|\bin_study(?=\()|(?:\([0-9A-Fa-f]{4},"[^"]*",[0-9A-Fa-f]{2,4}\)|[\p{L}_][\p{L}\p{N}_.]*)(?=:)/gu;

// The server counts characters, the browser UTF-16 units.
const counted = (text, units) => [...text.slice(0, units)].length;
const units = (text, characters) => [...text].slice(0, characters).join("").length;

class Bar {
  constructor(root) {
    this.root = root;
    this.asked = 0;
    this.typing = 0;
    this.panels = {};
    this.input = el("input", {
      type: "text", role: "combobox", maxlength: 8000, spellcheck: "false", autocapitalize: "off", "data-focus": "query",
      "aria-keyshortcuts": "/", enterkeyhint: "search",
    });
    this.mirror = el("div", { class: "mirror", "aria-hidden": "true" });
    this.search = el("button", { type: "button", "data-focus": "ask" }, svg("M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.4 10.4L14 14", 15));
    this.empty = el("button", { type: "button", "data-focus": "empty" }, svg(ICONS.close, 13));
    this.slash = el("kbd", { class: "hint-key", "aria-hidden": "true", text: "/" });
    this.entry = el("div", { class: "entry" }, this.search, el("div", { class: "text-box" }, this.mirror, this.input), this.empty, this.slash);
    this.line = el("div", { class: "line", role: "search" }, this.entry);
    this.problem = el("div", { class: "problem", id: "dl-problem", role: "alert", hidden: true });
    this.tools = el("div", { class: "tools" }, ...Object.keys(TOOLS).map((name) => this.tool(name)));
    keepKeys(root);
    root.replaceChildren(el("div", { class: "bar" }, this.line, this.tools), this.problem);
    this.listbox = new Listbox(this.input, this.line, {
      pick: (option) => this.pick(option), label: "", wanted: (step) => this.wanted(step),
    });
    this.listen();
  }

  tool(name) {
    const text = el("span");
    const button = el("button", { class: "tool", type: "button", "data-focus": name, "aria-expanded": "false" }, svg(TOOLS[name], 15), text);
    button.addEventListener("click", () => this.send("panel", name));
    this.panels[name] = { button, text };
    return button;
  }

  listen() {
    const { input } = this;
    input.addEventListener("input", () => this.typed());
    input.addEventListener("scroll", () => this.follow());
    input.addEventListener("focus", () => input.value === "" && this.past());
    input.addEventListener("click", () => (input.value === "" ? this.listbox.open || this.past() : this.listbox.close()));
    input.addEventListener("keyup", (event) => {
      if (/^(Arrow(Left|Right)|Home|End)$/.test(event.key) && input.value) this.listbox.close(); // it was about another place
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Escape") this.forgo(); // no list after the one that is closed
      if (this.listbox.key(event)) return;
      if (event.key === "Enter") this.ask();
      else if (event.key === "Escape") input.value === "" ? input.blur() : this.write("");
    });
    this.search.addEventListener("click", () => this.ask());
    this.empty.addEventListener("click", () => {
      this.write("");
      this.ask();
      input.focus();
    });
    // On the document: `/` from anywhere outside a text field, and other parts of the page that want a query edited.
    this.shortcut = (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || writes(event.composedPath()[0])) return;
      event.preventDefault();
      this.reach();
    };
    this.called = () => this.reach();
  }

  start() {
    document.addEventListener("keydown", this.shortcut);
    document.addEventListener("dicomlake-query", this.called);
  }

  stop() {
    document.removeEventListener("keydown", this.shortcut);
    document.removeEventListener("dicomlake-query", this.called);
  }

  reach() {
    this.input.focus();
    this.input.select();
    this.input.scrollIntoView({ block: "nearest" });
  }

  write(text, caret = text.length) {
    this.input.value = text;
    this.input.setSelectionRange(caret, caret);
    this.paint();
  }

  ask(text = this.input.value) {
    this.forgo();
    this.listbox.close();
    this.asked = Math.max(this.asked + 1, Date.now());
    this.q = text.trim();
    this.send("ask", { q: this.q, number: this.asked });
  }

  // Completions on their way come too late.
  forgo() {
    clearTimeout(this.timer);
    this.typing += 1;
  }

  typed() {
    this.paint();
    clearTimeout(this.timer);
    if (this.input.value.trim() === "") return this.past();
    if (this.listbox.options[0]?.whole) this.listbox.close();
    this.timer = setTimeout(() => this.complete(), PAUSE);
  }

  complete() {
    const { value, selectionStart } = this.input;
    this.typing += 1;
    this.sent = performance.now();
    this.text = value;
    this.send("complete", { q: value, position: counted(value, selectionStart), number: this.typing });
  }

  wanted(step) {
    if (this.input.value.trim() === "" || step < 0) this.past();
    else this.complete();
  }

  past() {
    const foot = el("button", { class: "link", type: "button", tabindex: "-1", text: say("forget") });
    foot.addEventListener("click", () => {
      this.listbox.close();
      this.send("forget", true);
    });
    this.listed = String(this.data.history);
    this.listbox.show(this.data.history.map((q) => ({ text: q, label: q, code: true, whole: true })), { heading: say("history"), foot });
  }

  pick(option) {
    if (option.whole) {
      this.write(option.text);
      return this.ask();
    }
    const { value } = this.input;
    // Whoever types on chooses from the list of a moment ago: what was added at the caret is replaced as well.
    const { start, end, text: before } = this.offer;
    const from = units(before, start);
    const to = units(before, end) + value.length - before.length;
    if (to < from || value.slice(0, from) !== before.slice(0, from)) return;
    const rest = value.slice(to);
    const goesOn = /[:(]$/.test(option.text);
    const text = option.text + (goesOn || /^[\s)]/.test(rest) ? "" : " ");
    this.write(value.slice(0, from) + text + rest, from + text.length);
    this.input.focus();
    if (goesOn) this.complete();
  }

  // The mirror shows the text that the field holds, in colours, below the field's own caret and selection.
  paint() {
    const text = this.input.value;
    const wrong = this.data?.problem?.q === text ? this.data.problem : null;
    const marks = wrong && wrong.start !== null ? [units(text, wrong.start), Math.max(units(text, wrong.end), units(text, wrong.start) + 1)] : null;
    const pieces = [];
    const plain = (from, to, kind) => {
      const cuts = [from, ...(marks ?? []).filter((at) => at > from && at < to), to];
      cuts.slice(1).forEach((end, index) => {
        const node = el(marks && cuts[index] >= marks[0] && cuts[index] < marks[1] ? "mark" : "span", { class: kind, text: text.slice(cuts[index], end) });
        pieces.push(node);
      });
    };
    let at = 0;
    for (const found of text.matchAll(PIECES)) {
      if (found.index > at) plain(at, found.index, null);
      at = found.index + found[0].length;
      plain(found.index, at, found[0][0] === '"' ? "quoted" : /^(AND|OR|NOT|TO)$/.test(found[0]) ? "word" : "name");
    }
    if (at < text.length) plain(at, text.length, null);
    if (marks && marks[0] >= text.length) pieces.push(el("mark", { text: "\u00a0\u00a0" }));
    this.mirror.replaceChildren(...pieces);
    this.empty.hidden = text === "";
    this.slash.hidden = text !== "";
    this.entry.classList.toggle("wrong", wrong !== null);
    this.fault(wrong);
    this.follow();
  }

  follow() {
    this.mirror.style.transform = `translateX(${-this.input.scrollLeft}px)`;
  }

  fault(wrong) {
    this.input.setAttribute("aria-invalid", String(wrong !== null));
    const key = wrong && JSON.stringify([wrong, texts]);
    if (this.faulty === key) return; // an alert is said again when its content is written again
    this.faulty = key;
    this.problem.hidden = wrong === null;
    this.problem.replaceChildren();
    if (!wrong) return;
    const fixes = wrong.fixes.map((fix) => {
      const button = el("button", { class: "fix", type: "button", text: fix.label, "aria-label": say("replace", { name: fix.label }) });
      button.addEventListener("click", () => {
        this.write(fix.q);
        this.input.focus();
        this.ask();
      });
      return button;
    });
    this.problem.append(el("span", { class: "what", text: `${wrong.title}. ` }), el("span", { text: wrong.detail, lang: wrong.lang }));
    if (fixes.length) this.problem.append(el("span", { class: "fixes" }, el("span", { text: say("meant") }), ...fixes));
  }

  update({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    speak(data);
    const { completion } = data;
    const fresh = !this.data;
    this.data = data;
    // A painting that was on its way when something else was asked does not take the text back.
    const late = data.asked < this.asked && Date.now() - this.asked < 5000;
    if (fresh || (!late && data.q !== this.q)) {
      this.q = data.q;
      this.listbox.close();
      if (this.input.value !== data.q) this.write(data.q);
    }
    this.input.placeholder = data.placeholder;
    for (const [node, key] of [[this.input, "query"], [this.search, "ask"], [this.empty, "empty"], [this.listbox.list, "suggestions"]]) {
      node.setAttribute("aria-label", say(key));
    }
    this.search.title = say("ask");
    this.empty.title = say("empty");
    for (const [name, { button, text }] of Object.entries(this.panels)) {
      text.textContent = say(name);
      button.title = say(`${name}_how`);
      button.setAttribute("aria-label", say(name));
      button.setAttribute("aria-expanded", String(data.panel === name));
    }
    this.paint();
    const here = this.root.getRootNode().activeElement === this.input;
    if (here && this.input.value === "" && !fresh && this.listed !== undefined && this.listed !== String(data.history)) this.past();
    if (completion && completion.number === this.typing && completion.number !== this.shown && here) {
      this.shown = completion.number;
      this.offer = { start: completion.start, end: completion.end, text: this.text };
      this.root.dataset.took = Math.round(performance.now() - this.sent);
      const heading = completion.kind === "value" ? say("values", { field: completion.label }) : completion.kind === "field" ? say("fields") : "";
      this.listbox.show(completion.items, { heading, typed: completion.typed });
    }
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".root");
  const bar = remember(root, () => new Bar(root));
  bar.start();
  bar.update(component);
  return () => bar.stop();
}
