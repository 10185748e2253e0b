// The counts row: what matches, and which part of the whole lake that is.

class Counts {
  constructor(root) {
    this.tiles = [];
    this.row = el("div", { class: "counts", role: "status" });
    root.replaceChildren(this.row);
  }

  tile(index) {
    if (!this.tiles[index]) {
      const tile = { number: el("div", { class: "number" }), label: el("div", { class: "label" }), share: el("div", { class: "share" }),
        bar: el("div", { class: "bar" }) };
      tile.element = el("div", { class: "tile" }, tile.number, tile.label, tile.share, el("div", { class: "track" }, tile.bar));
      this.row.append(tile.element);
      this.tiles[index] = tile;
    }
    return this.tiles[index];
  }

  update(tiles) {
    tiles.forEach((data, index) => {
      const tile = this.tile(index);
      tile.number.textContent = data.number;
      tile.label.textContent = data.label;
      tile.share.textContent = data.share;
      tile.bar.style.width = `${data.percent}%`;
      tile.element.title = data.title;
    });
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  speak(data);
  const counts = remember(root, () => new Counts(root));
  counts.row.setAttribute("aria-label", say("matches"));
  counts.update(data.tiles);
}
