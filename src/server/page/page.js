// The page: reads all once, and then shows what the server tells of by server-sent events.

import { ask, make, moment, now, one, setClock, trouble, words, write } from "./base.js";
import * as cards from "./cards.js";
import * as ledger from "./ledger.js";
import * as orders from "./orders.js";

/** Reads everything anew: at the start, and whenever something may have been missed. */
async function readAll() {
  try {
    const found = await ask("/api/v1/processes");
    setClock(found.now, found.time_zone);
    write(one("#version"), `${found.version} · ${found.time_zone}${found.leads ? "" : " · stands by, another replica leads"}`);
    cards.showAll(found.processes, orders.open);
    ledger.choices(found.processes.map((process) => process.name));
    cards.redraw();
    trouble(null);
    await Promise.all([ledger.read(), readSources(), readSettings()]);
  } catch (error) {
    trouble(error.message);
  }
}

async function readOne(name) {
  try {
    const process = await ask(`/api/v1/processes/${encodeURIComponent(name)}`);
    if (!cards.show(process)) await readAll();
  } catch (error) {
    trouble(error.message);
  }
}

async function readSettings() {
  const found = await ask("/api/v1/settings");
  write(one("#settings-text"), toml(found.settings).trim());
}

/** Settings as they would stand in the file. */
function toml(table, path = "") {
  const isTable = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const entries = Object.entries(table).filter(([, value]) => value !== null);
  const own = entries.filter(([, value]) => !isTable(value)).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`);
  const inner = entries.filter(([, value]) => isTable(value));
  const title = path && own.length ? `\n[${path}]\n` : "";
  return title + own.join("") + inner.map(([name, value]) => toml(value, path ? `${path}.${name}` : name)).join("");
}

async function readSources() {
  const { sources } = await ask("/api/v1/sources");
  if (sources.length === 0) {
    one("#source-list").replaceChildren(make("p", "faint", "No source is configured: what is measured is asked for, not sent."));
    return;
  }
  one("#source-list").replaceChildren(...sources.map(source));
}

/** A source: its name, and all that is known of it. */
function source(found) {
  const { name, ...rest } = found;
  const shown = make("dl", "");
  for (const [label, value] of Object.entries(rest)) {
    if (value === null || (Array.isArray(value) && value.length === 0)) continue;
    shown.append(make("div", "", make("dt", "", words(label)), make("dd", "", told(value))));
  }
  return make("div", "source", make("h3", "", name), shown);
}

function told(value) {
  if (Array.isArray(value)) return make("ul", "", ...value.map((item) => make("li", "", told(item))));
  if (value !== null && typeof value === "object") {
    return Object.entries(value).filter(([, inner]) => inner !== null)
      .map(([name, inner]) => `${words(name)} ${typeof inner === "object" ? JSON.stringify(inner) : plain(inner)}`).join(" · ");
  }
  return plain(value);
}

const plain = (value) => (/^\d{4}-\d\d-\d\dT/.test(value) ? moment(value) : String(value));

/** Since when nothing is heard. */
let lost = null;

/** Listens, and says whether it does. All is read anew whenever it begins: something may have been missed. */
function listen() {
  const events = new EventSource("/api/v1/events");
  const data = (event) => JSON.parse(event.data);
  events.addEventListener("open", () => {
    connected(true, "Live");
    lost = null;
    readAll();
  });
  events.addEventListener("error", () => {
    lost ??= now();
    connected(false, `Not connected since ${moment(lost)}; what is shown is of then`);
    if (events.readyState !== EventSource.CLOSED) return;
    // The browser has given up, as the server refused: is it the login?
    setTimeout(async () => {
      await ask("/api/v1/health").catch(() => null);
      listen();
    }, 5000);
  });
  events.addEventListener("process", (event) => {
    if (!cards.show(data(event))) readAll();
  });
  events.addEventListener("record", (event) => ledger.came(data(event)));
  events.addEventListener("order", (event) => readOne(data(event).process));
  events.addEventListener("resync", readAll);
}

function connected(is, text) {
  one("#connection").classList.toggle("good", is);
  one("#connection").classList.toggle("bad", !is);
  write(one("#connection-words"), text);
}

ledger.begin();
orders.begin(readOne);
one(".ranges").addEventListener("change", (event) => cards.setRange(event.target.value));
one("#logout").addEventListener("click", async () => {
  await fetch("/logout", { method: "POST", headers: { "X-Autoscalebot": "1" } }).catch(() => null);
  location.assign("/login");
});
setInterval(cards.tick, 1000);
setInterval(() => readSources().catch(() => null), 15_000);
listen();
