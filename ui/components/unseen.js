// What lies out of view has its texts at once, but is laid out and painted only when the page has been quiet for a while,
// or as soon as somebody scrolls or presses a key. Who goes on clicking waits for what can be seen, and for nothing else.
const QUIET = 1000; // milliseconds

class Unseen {
  constructor() {
    this.parts = new Set();
    this.show = () => this.all();
    for (const sign of ["keydown", "wheel", "touchstart", "scroll"])
      document.addEventListener(sign, this.show, { capture: true, passive: true });
    window.addEventListener("resize", this.show);
  }

  // These parts, out of view, may wait; all others are shown.
  put(parts) {
    const waiting = new Set(parts);
    for (const part of this.parts) if (!waiting.has(part)) part.classList.remove("unseen");
    for (const part of waiting) part.classList.add("unseen");
    this.parts = waiting;
    this.wait();
  }

  // Those of them that have come into view are shown.
  keep(away) {
    const waiting = [...this.parts].filter((part) => away.has(part));
    if (waiting.length < this.parts.size) this.put(waiting);
  }

  wait() {
    clearTimeout(this.timer);
    const app = document.querySelector('[data-testid="stApp"]');
    if (this.parts.size > 0)
      this.timer = setTimeout(() => (app?.dataset.testScriptState === "running" ? this.wait() : this.all()), QUIET);
  }

  all() {
    if (this.parts.size > 0) this.put([]);
  }

  stop() {
    clearTimeout(this.timer);
    for (const sign of ["keydown", "wheel", "touchstart", "scroll"]) document.removeEventListener(sign, this.show, { capture: true });
    window.removeEventListener("resize", this.show);
  }
}
