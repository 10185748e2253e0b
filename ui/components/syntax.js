// How a query is written: examples made of what the lake has; a click asks one.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  speak(data);
  const rows = data.items.map(({ q, text }) => {
    const button = el("button", { class: "example", type: "button", title: q, "data-focus": q }, el("code", { text: q }), el("span", { text }));
    button.addEventListener("click", () => setTriggerValue("run", q));
    return el("li", {}, button);
  });
  keepFocus(root, () => root.replaceChildren(
    panelFrame(say("title"), say("about"), () => setTriggerValue("shut", true),
      el("ul", {}, ...rows), el("p", { class: "join", text: say("join") }))));
}
