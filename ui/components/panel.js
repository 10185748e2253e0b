// The frame of what opens below the query bar: a heading, a line about it, and the way to close it.

function panelFrame(title, about, shut, ...content) {
  const close = el("button", { class: "icon", type: "button", title: say("close"), "aria-label": say("close"), "data-focus": "shut" }, svg(ICONS.close, 13));
  close.addEventListener("click", shut);
  const section = el("section", { class: "panel", "aria-label": title },
    el("header", {}, el("h2", { text: title }), about ? el("p", { text: about }) : null, close), ...content);
  section.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) shut();
  });
  return section;
}

// Puts a text on the clipboard, also where the page is not served safely enough for the browser's own way.
async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea", { style: "position:fixed;opacity:0" });
    area.value = text;
    button.after(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  const before = button.textContent;
  button.textContent = say("copied");
  setTimeout(() => (button.textContent = before), 1500);
}
