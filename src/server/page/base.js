// What all parts of the page use: asking the server, making elements, writing numbers and times.
// Whatever comes from outside becomes text by `textContent`, and never markup.

/** What the server said instead of what was asked for. */
export class Refused extends Error {}

/** Asks the API, and yields its JSON. Who is not logged in any more is sent to the login. */
export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: { "X-Autoscalebot": "1", ...options.headers } });
  } catch {
    throw new Refused("autoscalebot cannot be reached; is it running?");
  }
  if (answer.status === 401) {
    location.assign("/login");
    throw new Refused("logged out");
  }
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(body?.error ?? `the server answered ${answer.status}`);
  return body;
}

/** Sends JSON. */
export function send(path, body) {
  const headers = { "Content-Type": "application/json" };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

export const one = (selector, within = document) => within.querySelector(selector);

/** An element with a class, and texts or elements in it. */
export function make(tag, name, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...children.filter((child) => child !== null && child !== undefined).map((child) =>
    child instanceof Node ? child : document.createTextNode(String(child))));
  return element;
}

/** Sets a text, and says whether it is another one. */
export function write(element, text) {
  const changed = element.textContent !== String(text);
  if (changed) element.textContent = text;
  return changed;
}

/** Shows an error on top of the page; none: hides it. */
export function trouble(words) {
  const box = one("#trouble");
  box.hidden = !words;
  write(box, words ?? "");
}

/** A number as short as it can be read. */
export function number(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const places = size >= 100 || Number.isInteger(value) ? 0 : size >= 1 ? 1 : 3;
  return value.toLocaleString("en", { maximumFractionDigits: places });
}

/** A number of seconds as people say it. */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 100) return `${whole} s`;
  if (whole < 6000) return `${Math.round(whole / 60)} min`;
  if (whole < 172800) return `${Math.round(whole / 3600)} h`;
  return `${Math.round(whole / 86400)} d`;
}

/** The bot's clock and zone: what is shown is by them, whatever the browser's are. */
export const clock = { ahead: 0, zone: "UTC" };

export const now = () => Date.now() + clock.ahead;

export function setClock(time, zone) {
  clock.ahead = new Date(time).getTime() - Date.now();
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: zone });
    clock.zone = zone;
  } catch {
    clock.zone = "UTC";
  }
}

/** The time of day, with the day where it is not today. */
export function moment(time) {
  if (!time) return "–";
  const at = new Date(time);
  const day = (date) => date.toLocaleDateString("en-GB", { timeZone: clock.zone });
  const hour = at.toLocaleTimeString("en-GB", { timeZone: clock.zone });
  if (day(at) === day(new Date(now()))) return hour;
  const short = at.toLocaleDateString("en-GB", { timeZone: clock.zone, weekday: "short", day: "2-digit", month: "short" });
  return `${short} ${hour}`;
}

/** `source_down`: "source down". */
export const words = (name) => String(name ?? "").replaceAll("_", " ");
