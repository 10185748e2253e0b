// What all components share. Text enters the page through textContent alone, attributes through setAttribute.

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function svg(path, size) {
  const space = "http://www.w3.org/2000/svg";
  const icon = document.createElementNS(space, "svg");
  icon.setAttribute("viewBox", "0 0 16 16");
  icon.setAttribute("width", size ?? 12);
  icon.setAttribute("height", size ?? 12);
  icon.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  line.setAttribute("fill", "none");
  line.setAttribute("stroke", "currentColor");
  line.setAttribute("stroke-width", "1.6");
  line.setAttribute("stroke-linecap", "round");
  line.setAttribute("stroke-linejoin", "round");
  icon.append(line);
  return icon;
}

const ICONS = {
  close: "M4 4l8 8M12 4l-8 8",
  open: "M6 4l4 4-4 4",
  up: "M8 13V3M4 7l4-4 4 4",
  down: "M8 3v10M4 9l4 4 4-4",
  left: "M10 4L6 8l4 4",
  right: "M6 4l4 4-4 4",
};

// The language and the texts of the last painting: every component calls `speak(data)` before it paints.
let grouped = new Intl.NumberFormat("en-US");
let texts = {};

function speak(data) {
  // A point groups from four digits on, as in the page's other numbers.
  grouped = new Intl.NumberFormat(data.language === "es" ? "es-ES" : "en-US", { useGrouping: "always" });
  texts = data.words ?? {};
}

// A text with its {names} filled in; `n` chooses between its forms for one and for others, and is written grouped.
function say(key, values) {
  let text = texts[key] ?? key;
  if (typeof text === "object") text = values.n === 1 ? text.one : text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) =>
    name === "n" ? grouped.format(values.n) : name in (values ?? {}) ? String(values[name]) : whole);
}

// What a component keeps between two runs of the script, by its root element.
const remembered = new WeakMap();

function remember(root, create) {
  if (!remembered.has(root)) remembered.set(root, create());
  return remembered.get(root);
}

// Run a repaint and give the focus back to what had it: known by its name, or else by its place.
function keepFocus(root, repaint) {
  const before = root.getRootNode().activeElement;
  const name = before?.dataset?.focus;
  repaint();
  if (!before) return;
  const same = before.isConnected && before.dataset.focus === name;
  const named = same || !name ? null : root.querySelector(`[data-focus="${CSS.escape(name)}"]`);
  const after = named ?? (before.isConnected ? before : null);
  if (after && root.getRootNode().activeElement !== after) after.focus({ preventScroll: true });
}

// Let a box reach down to the window's lower edge, `below` pixels spared, and follow what moves above it.
function fillDown(box, below, changed) {
  const main = document.querySelector('[data-testid="stMain"]') ?? document.scrollingElement;
  const fit = () => {
    if (!box.isConnected) return;
    const top = box.getBoundingClientRect().top + main.scrollTop;
    const height = `${Math.max(260, Math.floor(window.innerHeight - top - below))}px`;
    if (box.style.maxHeight === height) return;
    box.style.maxHeight = height;
    changed?.();
  };
  const observer = new ResizeObserver(fit);
  observer.observe(main.firstElementChild ?? main);
  window.addEventListener("resize", fit);
  fit();
  return {
    fit,
    stop: () => {
      observer.disconnect();
      window.removeEventListener("resize", fit);
    },
  };
}
