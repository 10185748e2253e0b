// A choice of one among a few, side by side: radio buttons that look like one control.
function segments(name, label, options, chosen, choose) {
  return el("div", { class: "segments", role: "radiogroup", "aria-label": label }, ...options.map(({ value, label, icon }) => {
    const box = el("input", { type: "radio", name, value, "data-focus": `${name} ${value}` });
    box.checked = value === chosen;
    box.addEventListener("change", () => choose(value));
    return el("label", { title: icon ? label : null }, box, icon ? svg(icon, 14) : null, el("span", { text: label }));
  }));
}
