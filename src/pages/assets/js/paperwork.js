// A candidate's notes and résumé: read when the page is open, because Lever may have to be asked.

import { byId, make } from "./dom.js";
import { follow } from "./follow.js";
import { list, request, retryKey } from "./request.js";
import { localTimes } from "./times.js";

const written = new Map(); // id of a place -> what was written there last

export async function showNotes(opportunity) {
  const { data, problem } = await list(`/v1/opportunities/${encodeURIComponent(opportunity)}/notes`, 100);
  fill("notes", problem, data.length ? data.map(note) : [make("p", { class: "fine", text: "No notes yet." })], () => showNotes(opportunity));
}

export async function showResumes(opportunity) {
  const { data, problem } = await list(`/v1/opportunities/${encodeURIComponent(opportunity)}/resumes`, 10);
  const shown = data.map((resume) => resumeOf(opportunity, resume));
  fill("resumes", problem, shown.length ? shown : [make("p", { class: "fine", text: "None in Lever." })], () => showResumes(opportunity));
}

export function noteForm(opportunity, told) {
  const form = byId("note-form");
  const key = retryKey();
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    const error = byId("note-error");
    button.disabled = true;
    const body = { value: form.elements.value.value };
    const answer = await request("POST", `/v1/opportunities/${encodeURIComponent(opportunity)}/notes`, { body, headers: key.of(body) });
    const { data, problem, status } = answer;
    key.answered(answer);
    button.disabled = false;
    error.hidden = !problem;
    if (problem) {
      error.textContent = problem.detail;
      return;
    }
    form.reset();
    if (status === 202) await follow(data.id, told);
    showNotes(opportunity);
  });
}

// What is there already is not written anew: screen readers would read it out again.
function fill(id, problem, shown, again) {
  const place = byId(id);
  const text = problem ? "" : shown.map(({ outerHTML }) => outerHTML).join("");
  place.removeAttribute("aria-busy");
  if (text && written.get(id) === text) return;
  written.set(id, text);
  if (!problem) return place.replaceChildren(...shown), localTimes(place);
  const retry = make("button", { class: "quiet", type: "button", text: "Try again" });
  retry.addEventListener("click", again);
  place.replaceChildren(make("p", { class: "fine", text: problem.detail }), retry);
}

function moment(at) {
  return make("time", { dateTime: at, text: at, data: { local: "minute" } });
}

function note({ value, user, createdAt, secret, comments = [] }) {
  const head = make("p", { class: "fine", text: `${user?.name ?? user?.id ?? "Somebody"} · ` }, ...(createdAt ? [moment(createdAt)] : []), ...(secret ? [" · secret"] : []));
  const replies = comments.map((comment) => make("p", { class: "fine", text: `${comment.user?.name ?? user?.id ?? "Somebody"}: ${comment.value ?? ""}` }));
  return make("article", { class: "note" }, head, make("p", { text: value ?? "" }), ...replies);
}

function resumeOf(opportunity, { id, file, positions = [], schools = [] }) {
  const parts = [];
  if (file && file.status !== "error") {
    const name = file.name ?? "Résumé";
    const href = `/v1/opportunities/${encodeURIComponent(opportunity)}/resumes/${encodeURIComponent(id)}/file`;
    parts.push(make("p", {}, make("a", { class: "button quiet", href, text: `Open ${name}`, target: "_blank", rel: "noopener" })));
  }
  const lines = (title, of) => of.length && parts.push(make("h3", { text: title }), make("ul", {}, ...of));
  const years = ({ start, end }) => [start?.year, end?.year ?? (start?.year ? "now" : null)].filter(Boolean).join(" – ");
  lines("Positions", positions.map((one) => make("li", { text: one.title ?? "Position" }, make("span", { text: [one.org, years(one)].filter(Boolean).join(", ") }))));
  lines("Schools", schools.map((one) => make("li", { text: one.org ?? "School" }, make("span", { text: [one.degree, one.field, years(one)].filter(Boolean).join(", ") }))));
  return make("div", { class: "resume" }, ...parts);
}
