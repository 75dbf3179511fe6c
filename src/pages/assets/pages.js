// The Integrations page, alive: progress by server-sent events, the rest read again now and then. Everything it shows is
// rendered by the server; this script only swaps the parts marked data-live and moves the bars.

const QUICK = 1000; // while something is about to happen
const CALM = 5000;
const rendered = new Map(); // id of a live part -> its HTML as the server sent it
let events = null;

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);

function remember() {
  for (const part of all("[data-live]")) rendered.set(part.id, part.outerHTML);
}

function localTimes(root = document) {
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
  const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of all("time[datetime]", root)) {
    time.textContent = ("day" in time.dataset ? day : minute).format(new Date(time.dateTime));
  }
}

async function refresh() {
  const response = await fetch("/integrations", { headers: { Accept: "text/html" } });
  if (response.redirected || !response.ok) return location.reload(); // signed out, most likely
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const parts = all("[data-live]", fresh);
  const here = all("[data-live]").map((part) => part.id).join();
  if (here !== parts.map((part) => part.id).join()) return location.replace("/integrations"); // connected or disconnected elsewhere
  for (const part of parts) {
    if (rendered.get(part.id) === part.outerHTML) continue;
    rendered.set(part.id, part.outerHTML);
    byId(part.id).replaceWith(part);
    localTimes(part);
  }
  follow();
}

// Progress -----------------------------------------------------------------------------------------------------------------

function follow() {
  const { syncId, syncState } = byId("progress")?.dataset ?? {};
  if (events || syncState !== "running") return;
  events = new EventSource(`/v1/lever/syncs/${syncId}/events`);
  events.onmessage = ({ data }) => show(JSON.parse(data));
  events.onerror = () => events.readyState === EventSource.CLOSED && stop();
}

function stop() {
  events?.close();
  events = null;
}

function show(sync) {
  if (!["queued", "running"].includes(sync.status)) {
    stop();
    refresh();
    return;
  }
  for (const { kind, synced, total, progress } of sync.objects) {
    const row = document.querySelector(`[data-kind="${CSS.escape(kind)}"]`);
    if (!row) return refresh();
    const bar = row.querySelector("progress");
    if (progress === null) bar.removeAttribute("value");
    else bar.value = Math.round(progress * 100);
    row.querySelector("output").textContent = count(synced, total);
  }
}

function count(synced, total) {
  const text = (number) => number.toLocaleString("en-US");
  return total === null || total === synced ? text(synced) : `${text(synced)} of ${text(total)}`;
}

// What people do -----------------------------------------------------------------------------------------------------------

async function send(method, path, button) {
  button.disabled = true;
  const response = await fetch(path, { method }).catch(() => null);
  button.disabled = false;
  if (response?.ok) return true;
  const problem = await response?.json().catch(() => null);
  complain(problem?.detail ?? "The service did not answer. Try again in a moment.");
  return false;
}

function complain(text) {
  const place = byId("complaint");
  place.textContent = text;
  place.hidden = false;
  place.scrollIntoView({ block: "nearest" });
}

async function end(button, purge) {
  const gone = await send("DELETE", `/v1/lever/connection?purge=${purge}`, button);
  byId("question").close();
  if (gone) location.replace("/integrations");
}

const actions = {
  async syncNow(button) {
    byId("complaint").hidden = true;
    if (await send("POST", "/v1/lever/syncs", button)) refresh();
  },
  ask() {
    byId("question").showModal();
  },
  leave() {
    byId("question").close();
  },
  disconnect: (button) => end(button, byId("purge").checked),
  deleteKept: (button) => end(button, true),
  async signOut(button) {
    if (await send("DELETE", "/auth/session", button)) location.replace("/integrations");
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  if (button) actions[button.dataset.action](button);
});

// The confirming button waits for the word.
const question = byId("question");
question?.addEventListener("input", () => {
  byId("confirm").disabled = byId("word").value.trim().toLowerCase() !== question.dataset.word;
});
question?.addEventListener("close", () => {
  for (const input of all("input", question)) [input.value, input.checked] = ["", false];
  byId("confirm").disabled = true;
});

remember();
localTimes();
if (location.search.includes("outcome=")) history.replaceState(null, "", location.pathname); // said once
if (byId("progress")) {
  follow();
  const again = async () => {
    if (document.visibilityState === "visible") await refresh().catch(() => {});
    setTimeout(again, byId("progress")?.dataset.syncState === "waiting" ? QUICK : CALM);
  };
  setTimeout(again, QUICK);
}
