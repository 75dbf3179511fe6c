// A page that stays true: when something changed, the page is read again and its parts marked data-live are swapped. What they
// show is always rendered by the server.

import { all, byId } from "./dom.js";
import { sessionEnded } from "./request.js";
import { localTimes } from "./times.js";

const SOON = 100; // a burst of changes is one reading
const PAUSE = 1200; // between two readings, while changes keep coming
const WITHOUT_EVENTS = 5000;
const WITH_EVENTS = 10000;

const rendered = new Map(); // id of a live part -> its HTML as the server sent it
const followers = [];
let reading = null;
let timer = 0;
let due = Infinity;
let last = 0;
let listening = false;
let events = null;
let again = () => {};

// Begins to keep the page fresh. `kinds`: which changes concern it. `told(kind, ids)`: called for each of them as well; without ids
// anything of that kind may have changed.
export function keepFresh(kinds, told = () => {}) {
  for (const part of all("[data-live]")) rendered.set(part.id, part.outerHTML);
  const begin = () => {
    events = new EventSource("/v1/events");
    events.onopen = () => { listening = true; };
    events.onerror = () => { listening = false; };
    for (const kind of kinds) events.addEventListener(kind, ({ data }) => { told(kind, JSON.parse(data).ids); soon(); });
  };
  // What happened while nobody listened is not told afterwards.
  again = () => { begin(); for (const kind of kinds) told(kind, []); };
  begin();
  // A page in the background needs no connection: browsers have few for one host.
  document.addEventListener("visibilitychange", () => {
    events.close();
    listening = false;
    if (document.visibilityState !== "visible") return;
    again();
    soon();
  });
  at(1000);
}

// Calls back after each reading that changed something.
export function whenFresh(follower) {
  followers.push(follower);
}

function soon() {
  at(Math.max(SOON, last + PAUSE - performance.now()));
}

// Reads in so many milliseconds, unless that happens sooner anyway.
function at(wait) {
  if (performance.now() + wait >= due) return;
  due = performance.now() + wait;
  clearTimeout(timer);
  timer = setTimeout(async () => {
    due = Infinity;
    if (document.visibilityState === "visible") await refresh();
    last = performance.now();
    at(listening ? WITH_EVENTS : WITHOUT_EVENTS);
  }, wait);
}

// Reads the page now; a reading that is under way is enough.
export function refresh() {
  reading ??= read().finally(() => { reading = null; });
  return reading;
}

async function read() {
  const address = location.pathname + location.search;
  // People without a session are redirected, perhaps to another site, where no script may follow.
  const response = await fetch(address, { headers: { Accept: "text/html" }, redirect: "manual" }).catch(() => null);
  const silent = !response || response.status >= 500 || response.status === 429;
  byId("unreachable").hidden = !silent;
  if (silent) return;
  const ended = response.type === "opaqueredirect" || response.status === 401;
  sessionEnded(ended);
  if (ended) return;
  if (address !== location.pathname + location.search) return read(); // the person went on meanwhile
  byId("refused").hidden = response.ok || !isTyping();
  if (!response.ok) return isTyping() || location.reload();
  // A stream that was refused does not come back by itself.
  if (events.readyState === EventSource.CLOSED) again();
  swap(new DOMParser().parseFromString(await response.text(), "text/html"));
}

// Something is open or written that must not be lost.
function isTyping() {
  return document.querySelector("dialog:modal :is(input, textarea)") !== null || all("main textarea").some(({ value }) => value.trim());
}

function swap(fresh) {
  const parts = all("[data-live]", fresh);
  const here = all("[data-live]").map((part) => part.id).join();
  if (here !== parts.map((part) => part.id).join()) return isTyping() || location.replace(location.pathname + location.search); // it has become another page
  let changed = false;
  for (const part of parts) {
    if (rendered.get(part.id) === part.outerHTML) continue;
    rendered.set(part.id, part.outerHTML);
    replace(byId(part.id), part);
    changed = true;
  }
  if (changed) for (const follower of followers) follower();
}

// Keeps what the person has opened and where they are.
function replace(old, part) {
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  for (const details of all("details[id]", old)) {
    const again = part.querySelector(`#${CSS.escape(details.id)}`);
    if (again) again.open = details.open;
  }
  old.replaceWith(part);
  localTimes(part);
  if (focused) byId(focused)?.focus();
}
