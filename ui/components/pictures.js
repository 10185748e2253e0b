// Nothing to see: takes the addresses of pictures into the album, tells the parts that show them, and asks for more.
const MOST_LINKS = 6000;

export default function ({ data, setTriggerValue }) {
  const { links } = album;
  album.api = data.api;
  for (const [id, link] of Object.entries(data.links ?? {})) {
    links.delete(id);
    links.set(id, link);
  }
  for (const id of links.keys()) {
    if (links.size <= MOST_LINKS) break;
    links.delete(id);
  }
  if (data.series !== undefined) {
    album.series = data.series;
    album.listing = data.images ?? album.listing;
    album.ask = (wanted) => setTriggerValue("ask", wanted);
  }
  document.dispatchEvent(new CustomEvent(ARRIVED));
}
