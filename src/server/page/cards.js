// The cards of the processes, and their charts.

import { ask, make, moment, now, number, one, span, trouble, words, write } from "./base.js";

const cards = new Map();
let range = "1h";

/** Makes a card for each process, and takes away those of processes that are gone. */
export function showAll(processes, act) {
  const names = processes.map((process) => process.name);
  for (const [name, card] of cards) {
    if (names.includes(name)) continue;
    card.sizes.disconnect();
    card.sight.disconnect();
    card.element.remove();
    card.glance.remove();
    cards.delete(name);
  }
  for (const process of processes) {
    if (!cards.has(process.name)) cards.set(process.name, begin(process.name, act));
    show(process);
  }
}

function begin(name, act) {
  const element = one("#card").content.firstElementChild.cloneNode(true);
  const id = `process-${name}`;
  element.id = id;
  const title = one("h3", element);
  title.id = `${id}-title`;
  write(title, name);
  element.setAttribute("aria-labelledby", title.id);
  const card = { name, element, process: null, glance: make("li"), width: 0, drawn: 0, inSight: false, due: true };
  const link = make("a", "", make("span", "dot"), " ", make("span", "name", name), " ", make("span", "many"));
  link.href = `#${id}`;
  card.glance.append(link);
  for (const button of element.querySelectorAll("[data-act]")) {
    button.setAttribute("aria-label", `${button.textContent} ${name}`);
    button.addEventListener("click", () => act(button.dataset.act, card.process));
  }
  one("#cards").append(element);
  one("#overview").append(card.glance);
  card.sizes = new ResizeObserver(() => resized(card));
  card.sizes.observe(one(".chart", element));
  card.sight = new IntersectionObserver(([seen]) => {
    card.inSight = seen.isIntersecting;
    if (card.inSight && card.due) draw(card);
  }, { rootMargin: "200px" });
  card.sight.observe(one(".chart", element));
  return card;
}

/** Writes a process's state into its card. */
export function show(process) {
  const card = cards.get(process.name);
  if (!card) return false;
  const before = card.process;
  card.process = process;
  card.seen = now();
  const at = (selector) => one(selector, card.element);
  const interval = process.interval_seconds;
  const every = `scaled by ${process.scaled_by} · every ${interval < 10 ? `${number(interval)} s` : span(interval)}`;
  write(at(".about"), every);
  at(".badges").replaceChildren(...badges(process));
  write(at(".ready"), number(process.ready));
  write(at(".count"), number(process.count));
  at(".ready").classList.toggle("short", process.ready !== null && process.ready < process.count);
  write(at(".bounds"), `${process.min} to ${process.max}`);
  at(".measurements tbody").replaceChildren(...process.measurements.map(measurement));
  at(".orders").replaceChildren(...process.orders.map(order));
  at("[data-act=resume]").hidden = process.orders.length === 0;
  decision(at(".decided"), process.decided);
  at(".challenger").hidden = !process.challenger;
  at(".decisions").classList.toggle("both", Boolean(process.challenger));
  decision(at(".challenger"), process.challenger);
  const apart = differs(process);
  at(".differs").hidden = !apart;
  at(".challenger").classList.toggle("apart", apart);
  const many = process.ready === null || process.ready === process.count
    ? number(process.count) : `${number(process.ready)}/${number(process.count)}`;
  write(one(".many", card.glance), many);
  one(".dot", card.glance).className = `dot ${mood(process)}`;
  one("a", card.glance).title = `${words(process.health)}: ${many} up`;
  count(card);
  const changed = before && (before.count !== process.count || before.ready !== process.ready);
  if (changed) write(one("#said"), `${process.name}: ${number(process.count)} asked for, ${number(process.ready)} up`);
  if (changed || now() - card.drawn > 20_000) draw(card);
  return true;
}

function mood(process) {
  if (process.health === "degraded") return "bad";
  const doubted = process.measurements.some((one) => one.error || (one.trust && one.trust !== "sound"));
  return doubted || process.health !== "working" || process.orders.length ? "odd" : "good";
}

function badges(process) {
  const health = { working: "good", degraded: "bad", switched_off: "odd" }[process.health] ?? "odd";
  const found = [make("span", `badge ${health}`, words(process.health))];
  found.push(make("span", process.mode === "shadow" ? "badge odd" : "badge", process.mode));
  const many = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;
  if (process.skipped) found.push(make("span", "badge odd", `${many(process.skipped, "cycle")} skipped`));
  if (process.restarts) found.push(make("span", "badge odd", many(process.restarts, "restart")));
  return found;
}

function measurement(found) {
  const unit = found.unit ? ` ${found.unit}` : "";
  const name = make("th", "", found.name);
  name.scope = "row";
  if (found.backend !== found.name) name.append(make("span", "faint", ` ${found.backend}`));
  const value = make("td", "number strong", number(found.value), found.value === null ? null : unit);
  const over = found.value !== null && found.high !== null && found.value > found.high;
  const under = found.value !== null && found.low !== null && found.value < found.low;
  if (over || under) value.append(make("span", "mark", over ? " ▲" : " ▼"));
  if (over || under) value.title = over ? "above the upper threshold" : "below the lower threshold";
  if (found.busy !== null && found.busy !== undefined) value.append(make("div", "faint", `${found.busy} busy`));
  const limits = found.low === null && found.high === null ? "–" : `${number(found.low)} to ${number(found.high)}`;
  const age = make("td", "number age", span(found.age_seconds));
  if (found.at) age.dataset.at = found.at;
  const trust = make("td", found.trust && found.trust !== "sound" ? "odd" : "", words(found.trust) || "not judged");
  const row = make("tr", "", name, value, make("td", "number", limits), age, trust);
  if (!found.error && found.doubts.length === 0) return row;
  const why = make("td", "why odd", [found.error, ...found.doubts].filter(Boolean).join("; "));
  why.colSpan = 5;
  const rows = document.createDocumentFragment();
  rows.append(row, make("tr", "more", why));
  return rows;
}

function order(order) {
  const item = make("li", "", order.words);
  item.title = `#${order.id}, until ${moment(order.ends)}`;
  return item;
}

/** What was decided, in words: "scaled to 4", and why. */
export function outcome(decided) {
  const to = decided.to ?? null;
  return {
    held: "held", ordered: `being set to ${to}`, scaled: `scaled to ${to}`, draining: `draining, then ${to}`,
    would: `would be ${to}`, failed: `could not be set to ${to}`, uncounted: "count not read", lost: "lost in the cycle",
  }[decided.outcome] ?? words(decided.outcome);
}

function decision(element, decided) {
  const details = one(".otherwise", element);
  details.hidden = !decided?.otherwise.length;
  one("ul", details).replaceChildren(...(decided?.otherwise ?? []).map((text) => make("li", "", text)));
  const what = one(".what", element);
  if (!decided) {
    what.replaceChildren(make("p", "faint", "Nothing yet."));
    return;
  }
  const head = make("p", "", make("strong", `outcome ${decided.outcome}`, outcome(decided)));
  if (decided.desired !== null) head.append(` · wished for ${decided.desired}`);
  head.append(make("span", "faint", ` · ${moment(decided.at)}`, decided.backend ? ` · ${decided.backend}` : ""));
  what.replaceChildren(head, make("p", "", decided.reason), ...clamps(decided.clamps));
}

/** What the safety rules changed. */
export function clamps(found) {
  if (found.length === 0) return [];
  const items = found.map((clamp) =>
    make("li", "", make("strong", "", words(clamp.rule)), ` ${clamp.from} → ${clamp.to}: ${clamp.why}`));
  return [make("ul", "clamps", ...items)];
}

function differs(process) {
  const [ours, theirs] = [process.decided, process.challenger];
  return Boolean(ours && theirs) && ours.desired !== theirs.desired;
}

/** Ages and waits, once a second. */
export function tick() {
  for (const card of cards.values()) count(card);
}

function count(card) {
  const passed = (now() - card.seen) / 1000;
  const { up_seconds: up, down_seconds: down } = card.process.cooldown;
  const waits = [["up", up - passed], ["down", down - passed]].filter(([, left]) => left > 0);
  write(one(".cooldown", card.element), waits.map(([name, left]) => `${name} ${span(left)}`).join(" · ") || "none");
  for (const age of card.element.querySelectorAll("[data-at]")) {
    write(age, span((now() - new Date(age.dataset.at)) / 1000));
  }
}

/** Shows another time in the charts. */
export function setRange(chosen) {
  range = chosen;
  redraw();
}

/** Draws all charts anew. */
export function redraw() {
  for (const card of cards.values()) draw(card);
}

function resized(card) {
  const width = Math.round(one(".chart", card.element).clientWidth);
  if (width === card.width || width === 0) return;
  clearTimeout(card.later);
  card.later = setTimeout(() => draw(card), card.width ? 200 : 0);
  card.width = width;
}

/** Draws a chart as soon as it is in sight: of a hundred processes, only a few are. */
async function draw(card) {
  card.due = true;
  if (!card.width || !card.inSight) return;
  card.due = false;
  card.drawn = now();
  const asked = `${range} ${card.width}`;
  card.asked = asked;
  const path = `/api/v1/processes/${encodeURIComponent(card.name)}/chart.svg?range=${range}&width=${card.width}`;
  try {
    const answer = await fetch(path);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the chart of ${card.name} is missing (${answer.status})`);
    if (card.asked !== asked) return;
    const picture = drawing(text);
    picture.dataset.range = range;
    one(".chart", card.element).replaceChildren(picture);
  } catch (error) {
    if (card.asked === asked) trouble(error.message);
  }
}

const SHAPES = new Set(["svg", "title", "desc", "g", "path", "rect", "text", "tspan", "polyline", "polygon", "line", "circle"]);

/** The picture of a text: shapes and words alone. Its style stays behind, as the page has its own for the same classes. */
function drawing(text) {
  const plain = text.replace(/<style>[^<]*<\/style>/g, "");
  const read = new DOMParser().parseFromString(plain, "image/svg+xml").documentElement;
  if (read.localName !== "svg") throw new Error("the chart is no picture");
  for (const part of [...read.querySelectorAll("*")]) {
    if (!SHAPES.has(part.localName)) part.remove();
  }
  for (const part of [read, ...read.querySelectorAll("*")]) {
    for (const { name } of [...part.attributes]) {
      if (/^on|^style$|href$/i.test(name)) part.removeAttribute(name);
    }
  }
  return document.importNode(read, true);
}
