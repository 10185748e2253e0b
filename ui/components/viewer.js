// The images of a series. They come as pictures from the API, frame by frame under a window: addresses are asked for in
// parts, neighbours are loaded ahead, and while a window is dragged the browser's filter stands in for the next picture.
const AHEAD = 3; // neighbours that are loaded on each side
const FAR = 12; // frames before the end of the known addresses at which more are asked for

class Viewer {
  constructor(send) {
    this.send = send;
    this.old = el("img", { alt: "", draggable: "false" });
    this.corners = { a: el("span", { class: "corner a" }), b: el("span", { class: "corner b" }), c: el("span", { class: "corner c" }) };
    this.says = el("span", { class: "says" });
    this.lens = el("span", { class: "lens" });
    this.stage = el("div", { class: "stage", tabindex: "0", role: "group", "data-focus": "stage" },
      this.old, this.says, ...Object.values(this.corners), this.lens);
    this.slider = el("input", { type: "range", min: "0", step: "1", "data-focus": "slider" });
    this.count = el("span", { class: "count" });
    this.panes = el("div", { class: "panes" });
    this.reel = el("div", { class: "reel" }, this.slider, this.count);
    this.element = el("div", { class: "viewer" }, this.stage, this.reel, this.panes);
    this.stage.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.stage.addEventListener("pointerdown", (event) => this.grab(event));
    this.stage.addEventListener("dblclick", () => this.zoomTo(1));
    this.slider.addEventListener("input", () => this.show(Number(this.slider.value)));
    this.reset();
  }

  reset() {
    Object.assign(this, { series: null, listing: null, at: 0, total: 0, window: "default", own: null, zoom: 1, x: 0, y: 0, asked: null });
    this.old.removeAttribute("src");
    this.fit();
  }

  // The frame with this number among all frames of the series: its instance, and its number there.
  frame(at) {
    let rest = at;
    for (const image of this.listing.images) {
      if (rest < image.frames) return { image, number: rest };
      rest -= image.frames;
    }
    return null;
  }

  start(viewer) {
    const { images, thumbnail } = this.listing;
    const opened = viewer.opened.startsWith("instance:") ? images.findIndex((one) => one.instance === viewer.instance) : -1;
    const place = opened >= 0 ? opened : thumbnail;
    const before = images.slice(0, place).reduce((sum, one) => sum + one.frames, 0);
    return opened >= 0 ? before : before + Math.floor((images[place]?.frames ?? 1) / 2);
  }

  // What is known of the series has come, or more addresses have.
  update(viewer, listing) {
    if (this.series !== viewer.series) this.reset();
    this.viewer = viewer;
    this.series = viewer.series;
    const moved = this.opened !== viewer.opened;
    this.opened = viewer.opened;
    const fresh = listing && this.listing !== listing && this.listing?.SeriesInstanceUID !== listing.SeriesInstanceUID;
    this.listing = listing ?? this.listing;
    if (!this.listing) return;
    if (fresh) {
      this.total = this.listing.images.reduce((sum, one) => sum + one.frames, 0);
      this.at = this.start(viewer);
    } else if (moved && viewer.opened.startsWith("instance:")) {
      this.at = this.start(viewer);
    }
    this.controls();
    this.show(this.at);
  }

  controls() {
    const icon = (name, path, act) => {
      const button = el("button", { type: "button", title: say(name), "aria-label": say(name) }, svg(path, 13));
      button.addEventListener("click", act);
      button.addEventListener("pointerdown", (event) => event.stopPropagation());
      return button;
    };
    this.lens.replaceChildren(
      icon("zoom_out", "M3.5 8h9", () => this.zoomTo(this.zoom / 1.5)),
      icon("zoom_fit", "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3", () => this.zoomTo(1)),
      icon("zoom_in", "M8 3.5v9M3.5 8h9", () => this.zoomTo(this.zoom * 1.5)));
    this.stage.setAttribute("aria-label", say("stage"));
    this.slider.setAttribute("aria-label", say("frame_slider"));
    this.slider.max = String(Math.max(0, this.total - 1));
    this.slider.disabled = this.total < 2;
    this.reel.hidden = this.total < 2;
    const { windows } = this.listing;
    const select = el("select", { "aria-label": say("window"), "data-focus": "window" }, ...windows.map((one) =>
      el("option", { value: one.window, text: this.called(one) })));
    if (this.own) {
      const [center, width] = this.own.map((number) => grouped.format(Math.round(number)));
      select.append(el("option", { value: this.own.join(","), text: say("window_own", { center, width }) }));
    }
    select.value = this.window === "default" ? this.listing.default : this.window;
    select.addEventListener("change", () => this.choose(select.value));
    const number = (name, index) => {
      const box = el("input", { type: "number", step: "any", "data-focus": name, value: Math.round(this.numbers()[index]) });
      box.addEventListener("change", () => {
        const numbers = this.numbers();
        numbers[index] = Number(box.value);
        if (Number.isFinite(numbers[index]) && numbers[1] > 0) this.choose(numbers.join(","));
      });
      return el("label", {}, say(name), box);
    };
    this.header = el("button", { type: "button", class: "link", text: say("image_header"), "data-focus": "image header" });
    this.header.addEventListener("click", () => this.send("open", `instance:${this.frame(this.at).image.instance}`));
    this.panes.replaceChildren(...(windows.length ? [el("label", {}, say("window"), select), number("window_center", 0), number("window_width", 1)] : []),
      this.header);
  }

  // A window by its name: the header's own explanation, else words of ours.
  called({ window, label, source }) {
    if (source === "values") return say("window_auto");
    const plain = /^Header (\d+)$/.exec(label);
    if (plain) return say("window_header", { n: Number(plain[1]) });
    const key = `window_${window.replaceAll("-", "_")}`;
    return source === "preset" && key in texts ? say(key) : label;
  }

  // Centre and width in force; where only the values tell, some to begin with.
  numbers() {
    if (this.own && this.window === this.own.join(",")) return [...this.own];
    const name = this.window === "default" ? this.listing.default : this.window;
    const chosen = this.listing.windows.find((one) => one.window === name);
    const known = chosen?.width ? chosen : this.listing.windows.find((one) => one.width);
    return known ? [known.center, known.width] : [128, 256];
  }

  choose(window) {
    this.window = window;
    if (window.includes(",")) this.own = window.split(",").map(Number);
    this.asked = null;
    this.controls();
    this.show(this.at);
  }

  name(at) {
    const { image, number } = this.frame(at);
    return `${image.instance}/${number}@${this.window}`;
  }

  link(at) {
    const link = at >= 0 && at < this.total ? album.links.get(this.name(at)) : null;
    return link ? address(album.api, link.url) : null;
  }

  ask() {
    const wanted = { series: this.series, place: this.at, window: this.window };
    const name = JSON.stringify(wanted);
    if (this.asked === name || !album.ask || album.series !== this.series) return;
    this.asked = name;
    clearTimeout(this.asking);
    this.asking = setTimeout(() => album.ask(wanted), 60);
  }

  show(at) {
    if (!this.total) return;
    this.at = Math.min(Math.max(at, 0), this.total - 1);
    const { image, number } = this.frame(this.at);
    this.slider.value = String(this.at);
    const of = grouped.format(this.total);
    const text = say("frame", { at: grouped.format(this.at + 1), of });
    this.slider.setAttribute("aria-valuetext", text);
    this.count.textContent = text;
    this.corners.a.textContent = text;
    this.corners.b.textContent = [image.frames > 1 ? `#${image.number ?? ""}/${number + 1}` : image.number === null ? "" : `#${image.number}`,
      image.position === null ? "" : `${image.position.toFixed(1)} mm`].filter(Boolean).join(" · ");
    this.header.hidden = image.instance === this.viewer.instance;
    this.label();
    const edges = [this.at - FAR, this.at + FAR].map((edge) => Math.min(Math.max(edge, 0), this.total - 1));
    const url = this.link(this.at);
    if (!url || edges.some((edge) => !this.link(edge))) this.ask();
    if (url) this.load(url);
    else this.stage.classList.add("waiting");
  }

  label() {
    if (!this.listing.windows.length) return (this.corners.c.textContent = "");
    const [center, width] = this.drag?.numbers ?? this.numbers();
    const round = (number) => grouped.format(Math.abs(number) < 10 ? Number(number.toPrecision(3)) : Math.round(number));
    this.corners.c.textContent = `C ${round(center)} · W ${round(width)}`;
  }

  // Swap the picture when the next one is there; only the last one asked for counts.
  load(url) {
    if (this.coming?.src === url || this.old.src === url) return;
    if (this.coming) this.coming.src = "";
    const next = el("img", { alt: "", draggable: "false", decoding: "async" });
    this.coming = next;
    this.stage.classList.add("waiting");
    next.addEventListener("load", () => this.coming === next && this.swap(next, ""));
    next.addEventListener("error", () => this.coming === next && this.swap(next, say("undecoded")));
    next.src = url;
  }

  swap(next, text) {
    this.coming = null;
    this.stage.classList.remove("waiting");
    this.says.textContent = text;
    if (text) next.removeAttribute("src");
    next.style.transform = this.old.style.transform;
    if (this.drag?.moved) next.style.filter = this.old.style.filter;
    this.old.replaceWith(next);
    this.old = next;
    this.ahead = [];
    for (let step = 1; step <= AHEAD; step += 1) {
      for (const near of [this.at + step, this.at - step]) {
        const url = this.link(near);
        if (!url) continue;
        const image = new Image();
        image.src = url;
        this.ahead.push(image);
      }
    }
  }

  key(event) {
    if (event.target !== this.stage || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -this.total, End: this.total };
    const zooms = { "+": this.zoom * 1.5, "=": this.zoom * 1.5, "-": this.zoom / 1.5, 0: 1 };
    if (event.key in steps) this.show(this.at + steps[event.key]);
    else if (event.key in zooms) this.zoomTo(zooms[event.key]);
    else return;
    event.preventDefault();
  }

  wheel(event) {
    event.preventDefault();
    if (event.ctrlKey) {
      this.zoomTo(this.zoom * Math.exp(-event.deltaY / 200));
      return;
    }
    this.rolled = (this.rolled ?? 0) + event.deltaY * (event.deltaMode ? 30 : 1);
    const steps = Math.trunc(this.rolled / 40);
    this.rolled -= steps * 40;
    if (steps) this.show(this.at + steps);
  }

  // A mouse drags the window, or with Shift or the right button the picture; a finger scrolls through the images.
  grab(event) {
    this.stage.focus({ preventScroll: true });
    const { clientX, clientY, pointerId } = event;
    const how = event.pointerType === "touch" ? (this.zoom > 1 ? "pan" : "scroll") : event.shiftKey || event.button ? "pan" : "window";
    if (how === "window" && !this.listing?.windows.length) return;
    const from = { x: this.x, y: this.y, at: this.at, numbers: this.listing ? this.numbers() : null };
    this.drag = { moved: false, numbers: null };
    this.stage.setPointerCapture(pointerId);
    const move = (moved) => {
      const across = moved.clientX - clientX;
      const down = moved.clientY - clientY;
      if (!this.drag.moved && Math.hypot(across, down) < 4) return;
      this.drag.moved = true;
      if (how === "pan") Object.assign(this, { x: from.x + across, y: from.y + down });
      else if (how === "scroll") this.show(from.at + Math.round(down / 14));
      else this.stretch(from.numbers, across, down);
      this.fit();
    };
    const end = () => {
      this.stage.removeEventListener("pointermove", move);
      const { numbers } = this.drag;
      this.drag = null;
      if (numbers) this.choose(numbers.map((number) => Number(number.toPrecision(5))).join(","));
    };
    this.stage.addEventListener("pointermove", move);
    this.stage.addEventListener("lostpointercapture", end, { once: true });
    this.stage.oncontextmenu = (menu) => menu.preventDefault();
  }

  // To the right the window widens, downwards its centre rises. A filter shows about what the API will.
  stretch([center, width], across, down) {
    const wide = Math.max(width * Math.exp(across / 160), width / 1000, 1e-3);
    const middle = center + (down * Math.max(width, wide)) / 400;
    this.drag.numbers = [middle, wide];
    const slope = width / wide;
    const lift = (center - width / 2 - middle + wide / 2) / wide;
    const bright = Math.max(slope + 2 * lift, 0.01);
    this.old.style.filter = `contrast(${slope / bright}) brightness(${bright})`;
    this.label();
  }

  zoomTo(zoom) {
    this.zoom = Math.min(Math.max(zoom, 1), 12);
    if (this.zoom === 1) Object.assign(this, { x: 0, y: 0 });
    this.fit();
  }

  fit() {
    this.old.style.transform = this.zoom === 1 && !this.x && !this.y ? "" : `translate(${this.x}px, ${this.y}px) scale(${this.zoom})`;
  }
}
