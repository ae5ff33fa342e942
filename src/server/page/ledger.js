// The ledger: what was decided, searched and filtered, the newest first.

import { ask, make, moment, number, one, trouble, words } from "./base.js";
import { clamps, outcome } from "./cards.js";

/** The most rows that are kept in the page while new ones arrive. */
const MOST = 500;

const filter = () => one("#filter");
let cursor = null;
let asked = 0;

export function begin() {
  let later;
  filter().addEventListener("submit", (event) => event.preventDefault());
  const soon = (event) => {
    clearTimeout(later);
    later = setTimeout(read, event.target.name === "q" ? 250 : 0);
  };
  filter().addEventListener("input", soon);
  filter().addEventListener("change", soon);
  one("#older").addEventListener("click", older);
}

/** The processes that can be chosen. */
export function choices(names) {
  const select = filter().elements.process;
  const chosen = select.value;
  const options = names.map((name) => new Option(name, name));
  select.replaceChildren(new Option("all", ""), ...options);
  select.value = names.includes(chosen) ? chosen : "";
}

async function page(before) {
  const query = new URLSearchParams({ limit: "50" });
  for (const [name, value] of new FormData(filter())) if (value.trim()) query.set(name, value.trim());
  if (before) query.set("before", before);
  return ask(`/api/v1/ledger?${query}`);
}

/** Reads it from its newest record on. */
export async function read() {
  const mine = ++asked;
  try {
    const found = await page(null);
    if (mine !== asked) return;
    one("#records").replaceChildren(...found.records.map(row));
    ended(found.next);
  } catch (error) {
    trouble(error.message);
  }
}

async function older() {
  const mine = ++asked;
  try {
    const found = await page(cursor);
    if (mine !== asked) return;
    const rows = found.records.map(row);
    one("#records").append(...rows);
    ended(found.next);
    // Whoever pressed it goes on reading where the old ones begin.
    if (rows.length && !found.next) one("summary", rows[0])?.focus();
  } catch (error) {
    trouble(error.message);
  }
}

function ended(next) {
  cursor = next;
  one("#older").hidden = next === null || next === undefined;
  one("#no-records").hidden = one("#records").childElementCount > 0;
}

/** A record that has just come, if it is what the filter asks for. */
export function came(record) {
  const fields = filter().elements;
  const wanted = (name) => !fields[name].value || fields[name].value === record[name];
  const text = fields.q.value.trim().toLowerCase();
  if (!wanted("process") || !wanted("outcome")) return;
  if (text && !`${record.process} ${record.reason}`.toLowerCase().includes(text)) return;
  const rows = one("#records");
  // A record that was told before, as being ordered, is now told with its end.
  const known = rows.querySelector(`[data-key="${CSS.escape(key(record))}"]`);
  const made = row(record);
  one("details", made).open = Boolean(known && one("details", known).open);
  if (known) known.replaceWith(made);
  else rows.prepend(made);
  while (rows.childElementCount > MOST) rows.lastElementChild.remove();
  one("#no-records").hidden = true;
}

const key = (record) => `${record.process} ${record.cycle} ${record.at}`;

function row(record) {
  const to = record.to !== null && record.to !== undefined && record.to !== record.count;
  const count = make("td", "number", number(record.count), to ? ` → ${record.to}` : null);
  const why = make("td", "why");
  const more = [
    ...record.measured.map((found) => `${found.name}: ${number(found.value)}`),
    `cycle ${record.cycle}, cause: ${words(record.cause)}`,
  ];
  const lines = [...more, ...record.otherwise].map((text) => make("li", "", text));
  why.append(make("details", "", make("summary", "", record.reason || "no reason was given"),
    ...clamps(record.clamps), make("ul", "faint", ...lines)));
  const made = make("tr", "", make("td", "time", moment(record.at)), make("td", "", record.process), count,
    make("td", `outcome ${record.outcome}`, outcome(record)), why);
  made.dataset.key = key(record);
  return made;
}
