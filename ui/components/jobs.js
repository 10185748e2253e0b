// Jobs: what runs, how far it is, what came of it.

function painted(job, send) {
  const stop = el("button", { type: "button", class: "icon", "data-focus": `stop ${job.id}`,
    title: say(job.active ? "cancel" : "remove"), "aria-label": say(job.active ? "cancel_what" : "remove_what", { title: job.title }) }, svg(ICONS.close));
  stop.disabled = job.status === "cancelling";
  stop.addEventListener("click", () => send("stop", job.id));
  const bar = job.active ? el("progress", { max: 100, value: job.percent === null ? null : job.percent, "aria-label": say("progress", { title: job.title }) }) : null;
  let quarantine = null;
  if (job.quarantined) {
    quarantine = el("button", { type: "button", class: "link", text: say("quarantine", { n: job.quarantined }), "data-focus": `quarantine ${job.id}` });
    quarantine.addEventListener("click", () => send("quarantine", job.id));
  }
  return el("li", { "data-job": job.id, class: job.status },
    el("div", { class: "head" }, el("h3", { text: job.title }), el("span", { class: "state", text: say(job.status) }),
      el("span", { class: "when", text: job.when }), stop),
    job.about ? el("p", { class: "about", text: job.about }) : null,
    bar, job.progress ? el("p", { class: "numbers", text: job.progress }) : null,
    job.result ? el("p", { class: "numbers", text: job.result }) : null, quarantine,
    job.error ? el("p", { class: "error", role: "alert", lang: job.lang, text: job.error }) : null);
}

export default function ({ data, parentElement, setTriggerValue }) {
  speak(data);
  const root = parentElement.querySelector(".root");
  keepFocus(root, () => root.replaceChildren(
    el("ul", { "aria-label": say("list") }, ...data.jobs.map((job) => painted(job, setTriggerValue)))));
}
