// Quality codes: what is wrong, the rule behind it, how often, and an instance to look at.

function code(one, send) {
  const counts = el("div", { class: "counts" }, el("span", { text: one.counts }),
    el("span", { class: "track", "aria-hidden": "true" }, (() => {
      const bar = el("span", { class: "bar" });
      bar.style.width = `${Math.max(1, one.percent)}%`;
      return bar;
    })()));
  const show = el("button", { type: "button", class: "act", text: say("search"), "aria-label": say("show", { title: one.title }), "data-focus": `show ${one.code}` });
  show.addEventListener("click", () => send("show", one.code));
  let example = el("p", { class: "quiet", text: say("no_example") });
  if (one.example) {
    const open = el("button", { type: "button", class: "link", text: say("open"), "data-focus": `open ${one.code}` });
    open.addEventListener("click", () => send("open", one.example.open));
    example = el("p", { class: "example" }, el("span", { class: "quiet", text: `${say("example")}: ` }),
      el("span", { class: "where", text: one.example.where }), el("span", { class: "place", text: one.example.location }), open);
  }
  return el("li", { "data-code": one.code },
    el("div", { class: "what" },
      el("h3", { text: one.title }), el("code", { text: one.code }),
      el("p", { text: one.description }),
      el("p", { class: "quiet", text: `${say("rule")}: ${one.standard}` }), example),
    el("div", { class: "side" }, counts, show));
}

export default function ({ data, parentElement, setTriggerValue }) {
  speak(data);
  const root = parentElement.querySelector(".root");
  keepFocus(root, () => root.replaceChildren(el("ul", {}, ...data.codes.map((one) => code(one, setTriggerValue)))));
}
