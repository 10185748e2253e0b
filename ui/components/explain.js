// What a search means: how its text was read, what each name stands for, what the engine runs, how long it took.

const KINDS = new Set(["node", "position", "value_position", "value_positions", "parts", "part"]);
const BOUNDS = new Set(["low", "high", "include_low", "include_high"]);
const end = (part) => (part === null ? "*" : value(part));
const bounds = (node) =>
  `${node.include_low ? "[" : "{"}${end(node.low)} TO ${end(node.high)}${node.include_high ? "]" : "}"}`;

function value(part) {
  if (part === null) return "∅";
  if (typeof part !== "object") return String(part);
  if (Array.isArray(part)) return part.map(value).join(" · ");
  return "value" in part ? `${value(part.value)}` : JSON.stringify(part);
}

function tree(node) {
  const inner = node.parts ?? (node.part ? [node.part] : []);
  const span = "include_low" in node;
  const parts = Object.entries(node).filter(([name, part]) => part !== null && !KINDS.has(name) && !(span && BOUNDS.has(name)));
  return el("li", {},
    el("span", { class: "node", text: say(`node_${node.node}`) }),
    ...parts.flatMap(([name, part]) => [el("span", { class: "part", text: `${say(`part_${name}`).replace(/^part_/, "")} ` }), el("code", { text: value(part) })]),
    span ? el("code", { text: bounds(node) }) : null,
    inner.length ? el("ul", {}, ...inner.map(tree)) : null);
}

function fold(key, aside, open, ...content) {
  const box = el("details", { open, "data-part": key }, el("summary", {}, say(key), aside ? el("span", { class: "aside", text: aside }) : null), ...content);
  return box;
}

function names(listed, labels) {
  const head = ["name", "path", "label", "kind", "vr"];
  return el("table", {},
    el("thead", {}, el("tr", {}, ...head.map((key) => el("th", { scope: "col", text: say(`head_${key}`) })))),
    el("tbody", {}, ...listed.map((one) => el("tr", {}, ...head.map((key) =>
      el("td", {}, key === "name" || key === "path" ? el("code", { text: one[key] }) : (key === "label" && labels?.[one.path]) || (one[key] ?? "–")))))));
}

const pretty = (engine) => (typeof engine === "string" ? engine : JSON.stringify(engine, null, 2));

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  speak(data);
  const { answer, times } = data;
  const opened = new Set([...root.querySelectorAll("details[open]")].map((box) => box.dataset.part));
  const first = root.childElementCount === 0;
  const open = (key, otherwise) => (first ? otherwise : opened.has(key));
  const milliseconds = (amount) => `${grouped.format(Math.round(amount * 10) / 10)} ms`;
  const body = JSON.stringify(data.asked, null, 2);
  const copyBody = el("button", { class: "act", type: "button", "data-focus": "copy-body", text: say("copy_request") });
  copyBody.addEventListener("click", () => copyText(body, copyBody));
  const copyAll = el("button", { class: "act", type: "button", "data-focus": "copy-all", text: say("copy_all") });
  copyAll.addEventListener("click", () => copyText(JSON.stringify(answer ?? data.asked, null, 2), copyAll));
  const filters = answer ? Object.entries({ ...answer.filters, ...answer.exclude }) : [];
  const parts = answer === null ? [el("p", { class: "refused", text: data.refused })] : [
    fold("read", null, open("read", true), el("div", {}, el("code", { class: "normal", text: answer.normal || "*:*" })), el("ul", { class: "tree" }, tree(answer.query))),
    fold("fields", answer.names.length ? grouped.format(answer.names.length) : say("none"), open("fields", answer.names.length > 0), names(answer.names, data.labels)),
    fold("conditions", filters.length ? say("with_filters", { n: filters.length }) : null, open("conditions", false),
      el("ul", { class: "tree" }, tree(answer.conditions)),
      ...filters.map(([path, condition]) => el("ul", { class: "tree" }, el("li", {}, el("code", { text: path }), el("ul", {}, tree(condition)))))),
    fold("engine", null, open("engine", false), el("pre", { text: pretty(answer.engine), tabindex: "0" })),
    fold("request", "POST /api/v1/search", open("request", false), el("pre", { text: body, tabindex: "0" })),
    fold("time", times.map(([, amount]) => milliseconds(amount)).slice(0, 1).join(""), open("time", false),
      el("table", {}, el("tbody", {}, ...times.map(([key, amount]) => el("tr", {}, el("th", { scope: "row", text: say(`time_${key}`) }), el("td", { text: milliseconds(amount) })))))),
  ];
  keepFocus(root, () => {
    const frame = panelFrame(say("title"), null, () => setTriggerValue("shut", true), ...parts);
    frame.querySelector("header .icon").before(el("div", { class: "tools" }, copyBody, copyAll));
    root.replaceChildren(frame);
  });
}
