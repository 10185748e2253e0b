// Saved searches: what each asks for, and what can be done with it.

const remembering = new Map(); // what is being renamed or is about to be deleted, by id

function named(one, send, repaint) {
  if (remembering.get(one.id) !== "rename") return el("h3", { text: one.name });
  const input = el("input", { class: "field", value: one.name, maxlength: 200, "aria-label": say("rename_what", { name: one.name }), "data-focus": `name ${one.id}` });
  const end = (keep) => {
    if (remembering.get(one.id) !== "rename") return;
    remembering.delete(one.id);
    const name = input.value.trim();
    if (keep && name && name !== one.name) send("rename", { id: one.id, name });
    repaint();
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") end(true);
    if (event.key === "Escape") end(false);
  });
  input.addEventListener("blur", () => end(true));
  return input;
}

function actions(one, send, repaint) {
  const act = (name, what, run) => el("button", { type: "button", class: `act ${name}`, text: say(name), "aria-label": say(what, { name: one.name }),
    "data-focus": `${name} ${one.id}`, onclick: run });
  if (remembering.get(one.id) === "forget") {
    const no = act("keep", "keep", () => { remembering.delete(one.id); repaint(); });
    return el("div", { class: "actions" }, act("sure", "forget_what", () => { remembering.delete(one.id); send("forget", one.id); }), no);
  }
  const share = act(one.shared ? "unshare" : "share", "share_what", () => send("share", { id: one.id, shared: !one.shared }));
  share.setAttribute("aria-pressed", String(one.shared));
  return el("div", { class: "actions" },
    act("run", "run_what", () => send("run", one.id)), share,
    act("rename", "rename_what", () => { remembering.set(one.id, "rename"); repaint(`name ${one.id}`); }),
    act("forget", "forget_what", () => { remembering.set(one.id, "forget"); repaint(`sure ${one.id}`); }));
}

function row(one, send, repaint) {
  const tick = el("input", { type: "checkbox", "aria-label": say("tick", { name: one.name }), "data-focus": `tick ${one.id}` });
  tick.checked = one.ticked;
  tick.addEventListener("change", () => send("tick", { id: one.id, ticked: tick.checked }));
  const conditions = one.conditions.map((condition) => el("li", { class: "condition" },
    el("span", { class: "name", text: condition.label }), el("span", { text: condition.value })));
  return el("li", { class: "search", "data-id": one.id }, tick,
    el("div", { class: "what" }, named(one, send, repaint), el("ul", { class: "conditions" }, ...conditions)),
    el("span", { class: "when", text: one.when }), actions(one, send, repaint));
}

export default function ({ data, parentElement, setTriggerValue }) {
  speak(data);
  const root = parentElement.querySelector(".root");
  const repaint = (focus) => {
    keepFocus(root, () => root.replaceChildren(el("ul", { class: "searches", "aria-label": say("title") },
      ...data.searches.map((one) => row(one, setTriggerValue, repaint)))));
    if (focus) root.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
  };
  repaint();
}
