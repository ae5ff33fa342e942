// What people order: pause, override, scale and resume, each by a dialog.

import { Refused, ask, make, one, send, write } from "./base.js";

const TITLES = { pause: "Pause", override: "Override the bounds of", scale: "Scale", resume: "Resume" };
const WORDS = {
  pause: "It is measured and decided on, but not scaled.",
  override: "Other bounds than the configuration's. Leave one empty to keep it.",
  scale: "Exactly so many, whatever the load.",
};
/** Where the name is remembered that somebody signs with. */
const OWNER = "autoscalebot.owner";

let kind = "";
let process = null;

const dialog = () => one("#order");
const form = () => one("form", dialog());

export function begin(done) {
  form().addEventListener("submit", async (event) => {
    event.preventDefault();
    wrong(null);
    try {
      await give();
      dialog().close();
      done(process.name);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      wrong(error.message);
    }
  });
  one("[data-close]", dialog()).addEventListener("click", () => dialog().close());
}

/** Opens the dialog. */
export function open(chosen, of) {
  [kind, process] = [chosen, of];
  form().reset();
  wrong(null);
  write(one("#order-title"), `${TITLES[kind]} ${process.name}`);
  write(one("button[type=submit]", form()), kind === "override" ? "Override" : TITLES[kind]);
  const about = one("#order-words");
  if (kind === "resume") {
    const orders = process.orders.map((order) => make("li", "", order.words));
    about.replaceChildren("These orders end now:", make("ul", "", ...orders));
  } else {
    write(about, WORDS[kind]);
  }
  for (const part of form().querySelectorAll("[data-for]")) {
    part.hidden = !part.dataset.for.split(" ").includes(kind);
    const field = one("input, select", part);
    if (field) field.required = !part.hidden && !["min", "max"].includes(field.name);
  }
  const fields = form().elements;
  fields.owner.value = localStorage.getItem(OWNER) ?? "";
  fields.for.value = "2h";
  fields.count.value = process.count ?? "";
  fields.min.value = process.min;
  fields.max.value = process.max;
  dialog().showModal();
}

function give() {
  const path = `/api/v1/processes/${encodeURIComponent(process.name)}/orders`;
  if (kind === "resume") return ask(path, { method: "DELETE" });
  const fields = form().elements;
  const count = (name) => (fields[name].value === "" ? undefined : Number(fields[name].value));
  const order = { process: process.name, kind: kind === "pause" ? fields.direction.value : kind };
  if (kind === "override") Object.assign(order, { min: count("min"), max: count("max") });
  if (kind === "scale") order.count = count("count");
  const owner = fields.owner.value.trim();
  localStorage.setItem(OWNER, owner);
  return send("/api/v1/orders", { ...order, for: fields.for.value.trim(), because: fields.because.value.trim(), owner });
}

function wrong(words) {
  const box = one("#order-wrong");
  box.hidden = !words;
  write(box, words ?? "");
}
