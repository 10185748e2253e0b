// Pictures of hits. Their addresses arrive after the rows, from the component `pictures`, for all parts of the page: a
// part shows a frame of fixed size with the modality in it, and a picture over it as soon as there is one.

const album = (window.dicomlakeAlbum ??= { links: new Map(), api: "" });
const ARRIVED = "dicomlake-pictures";

// The API's address as this browser knows it: a page that calls the machine "localhost" must call the API so, too.
function address(api, path) {
  const url = new URL(path, api);
  const own = ["localhost", "127.0.0.1", "[::1]"];
  if (own.includes(url.hostname) && own.includes(location.hostname)) url.hostname = location.hostname;
  return url.href;
}

function thumb(id, modality, size) {
  const glyph = el("span", { class: "glyph", text: modality || "–", "aria-hidden": "true" });
  return el("span", { class: "thumb", "data-picture": id, "data-size": size }, glyph);
}

// Have a frame stand for another picture.
function frame(node, id, modality) {
  if (node.dataset.picture !== id) {
    node.querySelector("img")?.remove();
    node.classList.remove("developed");
    node.removeAttribute("title");
    delete node.dataset.shown;
    node.dataset.picture = id;
  }
  node.firstChild.textContent = modality || "–";
}

// Put the picture over its frame, once. What cannot be loaded leaves the frame as it is.
function develop(frame) {
  const link = album.links.get(frame.dataset.picture);
  if (!link || frame.dataset.shown === (link.url ?? link.none)) return;
  frame.dataset.shown = link.url ?? link.none;
  frame.querySelector("img")?.remove();
  if (!link.url) {
    frame.title = link.none;
    return;
  }
  const size = frame.dataset.size;
  const image = el("img", { loading: "lazy", decoding: "async", alt: "", width: size, height: size, draggable: "false" });
  image.addEventListener("load", () => frame.classList.add("developed"));
  image.addEventListener("error", () => image.remove());
  image.src = address(album.api, link.url);
  frame.append(image);
}

// Develop the frames of a part of the page now, and again whenever addresses arrive. Gives what ends that.
function developing(root) {
  const all = () => root.querySelectorAll(".thumb").forEach(develop);
  document.addEventListener(ARRIVED, all);
  return { all, stop: () => document.removeEventListener(ARRIVED, all) };
}
