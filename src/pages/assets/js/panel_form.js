// The form that schedules, changes and cancels a panel. Conflicts are shown while one chooses; what happened is said at once.

import { bookings, drawDay, forget, nextFree, overlap } from "./day_grid.js";
import { all, byId, debounce, make, say } from "./dom.js";
import { DONE, follow } from "./follow.js";
import { interviewFields, offerTemplates } from "./interview_fields.js";
import { isComplete, tellMistakes } from "./mistakes.js";
import { list, request, retryKey } from "./request.js";
import { hour, instant, longDay, ownZone, wall } from "./times.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const BUFFER = 5; // a form left open has a start in the future still

const dialog = byId("schedule");
// Of the whole panel. The interviews have notes too: by its name alone, the form would not find this one.
const ofPanel = { note: byId("panel-note"), feedbackReminder: byId("panel-reminder") };
const form = byId("panel-form");
let opportunity = "";
let editing = null; // { panel, etag }, or null for a new panel
let interviews = []; // the fields of each
let current = null;
let openedZone = ""; // the zone that the form was opened with
let sending = false;
let opening = 0; // what was asked for last is what opens
let shown = 0;
let templates = null; // the reading of the feedback forms
const key = retryKey();
let landed = () => {};

// `told(tone, title, text)`: says something on the page. `changed()`: the panels on the page are to be read again.
export function prepare({ opportunityId, told, changed }) {
  opportunity = opportunityId;
  landed = { told, changed };
  readTemplates();
}

// Reads the feedback forms once; after a failure, again. False: they are not known.
async function readTemplates() {
  templates ??= list("/v1/feedback-templates");
  const { data, problem } = await templates;
  if (problem) templates = null;
  offerTemplates(data);
  return !problem;
}

export async function openNew() {
  const turn = (opening += 1);
  const complete = await readTemplates();
  if (turn !== opening) return;
  editing = null;
  const start = new Date(Math.ceil((Date.now() + BUFFER * MINUTE) / (30 * MINUTE)) * 30 * MINUTE);
  begin(ownZone, [{ start: workday(start) }], { note: "", feedbackReminder: "" });
  if (!complete) withoutTemplates();
}

export async function openPanel(id) {
  const turn = (opening += 1);
  const [{ data: panel, headers, problem }, complete] = await Promise.all([request("GET", `/v1/panels/${encodeURIComponent(id)}`), readTemplates()]);
  if (turn !== opening) return;
  if (problem) return landed.told("bad", "This panel cannot be changed now", problem.detail);
  if (!panel.editable) return landed.told("warn", "This panel cannot be changed here", "It was canceled, or made inside Lever: change it in Lever.");
  editing = { panel, etag: headers.get("ETag") };
  begin(panel.timezone ?? ownZone, panel.interviews, panel);
  if (!complete) withoutTemplates();
}

function withoutTemplates() {
  say(byId("form-said"), "warn", "The feedback forms could not be read", "Interviews can be scheduled without one. To pick one, close this form and open it again.");
}

// A time that people interview at, the next working day when today is over.
function workday(at) {
  let { day, time } = wall(at, ownZone);
  if (time < "09:00") time = "09:00";
  if (time > "17:00") [day, time] = [wall(new Date(at.getTime() + DAY), ownZone).day, "09:00"];
  while ([0, 6].includes(new Date(`${day}T12:00Z`).getUTCDay())) day = new Date(Date.parse(`${day}T12:00Z`) + DAY).toISOString().slice(0, 10);
  return instant(day, time, ownZone) ?? at;
}

function begin(zone, wanted, panel) {
  forget();
  key.forget();
  openedZone = zone;
  offerZones(zone);
  for (const [name, field] of Object.entries(ofPanel)) field.value = panel[name] ?? "";
  byId("panel-more").open = Boolean(panel.note);
  byId("form-said").hidden = true;
  interviews = [];
  byId("interviews").replaceChildren();
  for (const interview of wanted) add(interview);
  byId("schedule-title").textContent = editing ? "Change interviews" : "Schedule interviews";
  byId("save").textContent = editing ? "Save changes" : "Schedule";
  byId("cancel-panel").hidden = !editing;
  byId("anyway").hidden = true;
  form.elements.allowConflicts.checked = false;
  if (!dialog.open) dialog.showModal();
  current = interviews[0];
  current.picker.input.closest(".interview").querySelector("[name=subject]").focus();
  show();
}

function offerZones(zone) {
  const select = form.elements.timezone;
  const names = new Set([zone, ownZone, ...Intl.supportedValuesOf("timeZone")]);
  if (select.options.length !== names.size) {
    select.replaceChildren(...[...names].sort().map((name) => make("option", { value: name, text: name.replaceAll("_", " ").replace("/", " / ") })));
  }
  select.value = zone;
  select.dataset.before = zone;
}

// Interviews -----------------------------------------------------------------------------------------------------------------

const helpers = {
  zone: () => form.elements.timezone.value,
  except: () => editing?.panel.id,
  changed: (fields) => { current = fields; show(); },
  current: (fields) => { if (current !== fields) { current = fields; show(); } },
  remove(fields) {
    interviews = interviews.filter((other) => other !== fields);
    fields.root.remove();
    current = interviews[0];
    number();
    show();
    current.field("subject").focus();
  },
  async findFree(fields) {
    const people = fields.picker.people;
    if (!people.length) return fields.complain([{ text: "Pick the interviewers first.", names: ["interviewers"] }]);
    if (!fields.day) return fields.complain([{ text: "Give a day first.", names: ["day"] }]);
    const booked = await bookings(people, fields.day, helpers.zone(), helpers.except());
    if (!booked) return fields.complain([{ text: "We cannot see who is booked right now, so no time can be proposed. Try again in a moment.", names: [] }]);
    const others = interviews.filter((other) => other !== fields).map((other) => other.slot).filter(Boolean);
    const after = new Date(Math.max(Date.now(), (fields.slot?.from.getTime() ?? 0) + 15 * MINUTE));
    const at = nextFree({ day: fields.day, zone: helpers.zone(), booked: [...booked, ...others], minutes: fields.minutes, after });
    if (!at) return fields.complain([{ text: `There is no later time on ${longDay(fields.day)} before evening when all of them are free. Try another day.`, names: [] }]);
    fields.setStart(at);
    helpers.changed(fields);
  },
};

function add(interview) {
  const fields = interviewFields(interview, helpers);
  interviews.push(fields);
  byId("interviews").append(fields.root);
  number();
  return fields;
}

function number() {
  interviews.forEach((fields, at) => fields.name(at + 1, interviews.length));
}

byId("add-interview").addEventListener("click", () => {
  const last = interviews.at(-1);
  current = add({ start: (last.slot?.to ?? new Date()).toISOString(), durationMinutes: last.minutes || 45, location: last.field("location").value });
  show();
  current.field("subject").focus();
});

// The zone changes what the clocks show, not when the interviews are… unless nothing but the clocks was meant, as in a new panel.
form.elements.timezone.addEventListener("change", ({ target }) => {
  if (editing) {
    const slots = interviews.map((fields) => fields.day && instant(fields.day, fields.field("time").value, target.dataset.before));
    slots.forEach((at, index) => at && interviews[index].setStart(at));
  }
  target.dataset.before = target.value;
  forget();
  show();
});

// Conflicts ------------------------------------------------------------------------------------------------------------------

// Answers come late, and perhaps for a day that is shown no longer: only the newest showing goes on.
const show = debounce(60, async () => {
  if (!dialog.open) return;
  const turn = (shown += 1);
  const zone = helpers.zone();
  for (const fields of interviews) fields.root.classList.toggle("current", fields === current && interviews.length > 1);
  const people = distinct(interviews.flatMap((fields) => fields.picker.people));
  const clashes = new Map();
  let unseen = false;
  for (const fields of interviews) {
    const { clashing, known } = await clashesOf(fields, zone);
    if (turn !== shown) return;
    unseen ||= !known;
    fields.picker.clash(new Set(clashing.map(({ interviewerId }) => interviewerId)));
    fields.skipped(fields.minutes > 0 && !fields.slot && fields.day && fields.field("time").value);
    for (const one of clashing) clashes.set(`${one.interviewerId} ${one.from.getTime()}`, one);
  }
  tellClashes([...clashes.values()], zone);
  byId("unseen-day").hidden = !unseen;
  if (!current?.day) return;
  const booked = await bookings(people, current.day, zone, helpers.except());
  if (turn !== shown) return;
  byId("unseen-day").hidden = !unseen && booked !== null;
  const planned = interviews.filter(({ slot }) => slot && wall(slot.from, zone).day === current.day).map((fields) => ({
    ...fields.slot, label: fields.field("subject").value || "Interview", people: new Set(fields.picker.people.map(({ id }) => id)),
  }));
  drawDay({ people, day: current.day, zone, booked: booked ?? [], planned, choose });
});

// Who of an interview is busy then, and whether all that they have is known.
async function clashesOf(fields, zone) {
  const { slot, picker: { people } } = fields;
  if (!slot || !people.length) return { clashing: [], known: true };
  const booked = await bookings(people, fields.day, zone, helpers.except());
  const named = new Map(people.map(({ id, name }) => [id, name]));
  const clashing = (booked ?? []).filter((one) => named.has(one.interviewerId) && overlap(slot, one));
  for (const other of interviews) {
    if (other === fields || !other.slot || !overlap(slot, other.slot)) continue;
    for (const { id } of other.picker.people) {
      if (named.has(id)) clashing.push({ ...other.slot, interviewerId: id, interviewerName: named.get(id), candidateName: "this candidate, in another interview of this panel" });
    }
  }
  return { clashing, known: booked !== null };
}

function tellClashes(clashing, zone) {
  byId("clashes").replaceChildren(...clashing.map((one) => make("li", {
    text: `${one.interviewerName ?? "An interviewer"} already interviews ${one.candidateName ?? "somebody"}, ${hour(one.from, zone)} – ${hour(one.to, zone)}`,
  })));
  byId("anyway").hidden = clashing.length === 0;
  if (!clashing.length) form.elements.allowConflicts.checked = false;
}

function choose(time) {
  current.field("time").value = time;
  helpers.changed(current);
}

function distinct(people) {
  return [...new Map(people.map((person) => [person.id, person])).values()];
}

// Sending --------------------------------------------------------------------------------------------------------------------

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!isComplete(interviews)) return form.querySelector("[aria-invalid=true]").focus();
  const body = { interviews: interviews.map((fields) => fields.body()) };
  // A panel that names no zone is not given one by being looked at.
  if (!editing || helpers.zone() !== openedZone) body.timezone = helpers.zone();
  for (const [name, field] of Object.entries(ofPanel)) {
    const value = field.value.trim() || null;
    if (value !== ((editing?.panel ?? {})[name] || null)) body[name] = value;
  }
  if (form.elements.allowConflicts.checked) body.allowConflicts = true;
  const answer = editing
    ? await busy(request("PATCH", `/v1/panels/${encodeURIComponent(editing.panel.id)}`, { body, headers: editing.etag ? { "If-Match": editing.etag } : {} }))
    : await busy(request("POST", `/v1/opportunities/${encodeURIComponent(opportunity)}/panels`, { body, headers: key.of(body) }));
  key.answered(answer);
  answered(answer, editing ? DONE.edit_panel : DONE.schedule_panel);
});

byId("cancel-panel").addEventListener("click", () => byId("cancel-question").showModal());
byId("keep-panel").addEventListener("click", () => byId("cancel-question").close());
byId("cancel-now").addEventListener("click", async () => {
  byId("cancel-question").close();
  answered(await busy(request("DELETE", `/v1/panels/${encodeURIComponent(editing.panel.id)}`)), DONE.cancel_panel);
});
byId("close-form").addEventListener("click", () => dialog.close());
// What is being sent is not closed: nobody would hear how it ended.
dialog.addEventListener("cancel", (event) => sending && event.preventDefault());

async function busy(answer) {
  sending = true;
  dialog.setAttribute("closedby", "none");
  const buttons = all("button", byId("schedule").querySelector(".sheet-foot"));
  for (const button of buttons) button.disabled = true;
  byId("form-said").hidden = true;
  const patience = setTimeout(() => say(byId("form-said"), "", "Asking Lever…", "It takes a little longer than usual."), 1500);
  const found = await answer;
  sending = false;
  dialog.removeAttribute("closedby");
  clearTimeout(patience);
  byId("form-said").hidden = true;
  for (const button of buttons) button.disabled = false;
  return found;
}

function answered({ status, data, problem }, done) {
  if (problem) return refused(status, problem);
  dialog.close();
  if (status === 202) follow(data.id, landed.told).then(landed.changed);
  else landed.told("good", done);
  landed.changed();
}

function refused(status, problem) {
  const place = byId("form-said");
  if (status === 401) return say(place, "warn", "Your session has ended", "Sign in again in another tab, then press the button once more. What you typed stays here.");
  if (problem.code === "interviewer_conflict") {
    forget();
    byId("anyway").hidden = false;
    show();
    return say(place, "bad", "Somebody is already booked then", "Choose another time or person, or tick Book anyway below.");
  }
  if (status === 412) {
    return openPanel(editing.panel.id).then(() => say(place, "warn", "Somebody changed this panel meanwhile", "It is shown as it is now. Make your change again and save it."));
  }
  tellMistakes(problem, interviews);
  form.querySelector("[aria-invalid=true]")?.focus();
}
