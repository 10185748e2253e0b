// The box that keeps the search under a name, and leads to what else can be looked at of it.

class Save {
  constructor(send) {
    this.send = send;
    this.name = el("input", { class: "field", type: "text", maxlength: 200, autofocus: true, autocomplete: "off", "data-focus": "save name" });
    this.shared = el("input", { type: "checkbox", "data-focus": "save shared" });
    this.nameLabel = el("span");
    this.sharedLabel = el("span");
    this.now = el("button", { type: "submit", class: "primary", "data-focus": "save now" });
    this.form = el("form", {}, el("label", { class: "name" }, this.nameLabel, this.name),
      el("label", { class: "shared" }, this.shared, this.sharedLabel), this.now);
    this.name.addEventListener("input", () => this.name.setCustomValidity(""));
    this.form.noValidate = true; // the browser would ask in its own language
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = this.name.value.trim();
      if (!name) {
        this.name.setCustomValidity(say("save_name_first"));
        this.name.reportValidity();
        return;
      }
      this.send("save", { name, shared: this.shared.checked });
      this.form.reset();
      this.box.hidePopover();
    });
    this.ways = el("div", { class: "ways" });
    this.box = el("div", { class: "popup save", popover: "auto", id: "save", role: "dialog" }, this.form, this.ways);
    this.box.addEventListener("toggle", (event) => this.toggled(event.newState === "open"));
  }

  toggled(open) {
    this.opener.setAttribute("aria-expanded", String(open));
    if (!open) return;
    under(this.box, this.opener);
  }

  way(name, text, icon) {
    const button = el("button", { type: "button", class: "tool", "data-focus": `see ${name}` }, svg(icon, 14), text);
    button.addEventListener("click", () => this.send("visit", name));
    return button;
  }

  paint(opener) {
    this.opener = opener;
    this.box.setAttribute("aria-label", say("save"));
    this.nameLabel.textContent = say("save_name");
    this.sharedLabel.textContent = say("save_shared");
    this.now.textContent = say("save");
    this.ways.replaceChildren(this.way("saved", say("see_all"), SIGNS.saved), this.way("quality", say("see_quality"), SIGNS.quality));
  }
}
