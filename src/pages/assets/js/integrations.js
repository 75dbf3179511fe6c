// The Integrations page, alive: the sync by server-sent events, everything else read again when it changed.

import { all, byId, say } from "./dom.js";
import { keepFresh, refresh, whenFresh } from "./live.js";
import { draw, note, tick } from "./pace.js";
import { request } from "./request.js";

let events = null;
let clock = 0;

// Progress -----------------------------------------------------------------------------------------------------------------

function follow() {
  const { syncId, syncState } = byId("progress")?.dataset ?? {};
  draw();
  if (syncState === "waiting") setTimeout(refresh, 1000);
  if (events || syncState !== "running") return;
  events = new EventSource(`/v1/lever/syncs/${syncId}/events`);
  events.onmessage = ({ data }) => show(JSON.parse(data));
  events.onerror = () => events?.readyState === EventSource.CLOSED && stop();
  clock = setInterval(() => { tick(); draw(); }, 1000);
}

function stop() {
  events?.close();
  events = null;
  clearInterval(clock);
}

function show(sync) {
  note(sync);
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
  draw();
}

function count(synced, total) {
  const text = (number) => number.toLocaleString("en-US");
  return total === null || total === synced ? text(synced) : `${text(synced)} of ${text(total)}`;
}

// What people do -----------------------------------------------------------------------------------------------------------

async function send(method, path, button) {
  button.disabled = true;
  const { problem } = await request(method, path);
  button.disabled = false;
  if (problem) say(byId("complaint"), "bad", "That did not work", problem.detail);
  return !problem;
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
  ask: () => byId("question").showModal(),
  leave: () => byId("question").close(),
  disconnect: (button) => end(button, byId("purge").checked),
  deleteKept: (button) => end(button, true),
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

if (location.search.includes("outcome=")) history.replaceState(null, "", location.pathname); // said once
if (byId("progress")) {
  whenFresh(follow);
  keepFresh(["sync", "connection", "operation", "opportunity", "panel"]);
  follow();
}
