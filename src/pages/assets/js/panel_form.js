// The form that schedules, changes and cancels a panel: how it opens.

import { forget } from "./day_grid.js";
import { byId, make, say } from "./dom.js";
import { offerTemplates } from "./interview_fields.js";
import { dialog, draft, form, ofPanel } from "./panel_draft.js";
import { showInterviews } from "./panel_interviews.js";
import { list, request } from "./request.js";
import { instant, ownZone, wall } from "./times.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const BUFFER = 5; // a form left open has a start in the future still

let opening = 0; // what was asked for last is what opens
let templates = null; // the reading of the feedback forms

// `told(tone, title, text, link)`: says something on the page. `changed()`: the panels on the page are to be read again.
export function prepare({ opportunityId, told, changed }) {
  draft.opportunity = opportunityId;
  draft.landed = { told, changed };
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
  draft.editing = null;
  const start = new Date(Math.ceil((Date.now() + BUFFER * MINUTE) / (30 * MINUTE)) * 30 * MINUTE);
  begin(ownZone, [{ start: workday(start) }], { note: "", feedbackReminder: "" });
  if (!complete) withoutTemplates();
}

export async function openPanel(id) {
  const turn = (opening += 1);
  const [{ data: panel, headers, problem }, complete] = await Promise.all([request("GET", `/v1/panels/${encodeURIComponent(id)}`), readTemplates()]);
  if (turn !== opening) return;
  const { told } = draft.landed;
  if (problem) return told("bad", "This panel cannot be changed now", problem.detail);
  if (!panel.editable) return told("warn", "This panel cannot be changed here", "It was canceled, or made inside Lever: change it in Lever.");
  draft.editing = { panel, etag: headers.get("ETag") };
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

function begin(zone, interviews, panel) {
  forget();
  draft.key.forget();
  draft.openedZone = zone;
  offerZones(zone);
  for (const [name, field] of Object.entries(ofPanel)) field.value = panel[name] ?? "";
  byId("panel-more").open = Boolean(panel.note);
  byId("form-said").hidden = true;
  byId("schedule-title").textContent = draft.editing ? "Change interviews" : "Schedule interviews";
  byId("save").textContent = draft.editing ? "Save changes" : "Schedule";
  byId("cancel-panel").hidden = !draft.editing;
  byId("anyway").hidden = true;
  form.elements.allowConflicts.checked = false;
  if (!dialog.open) dialog.showModal();
  showInterviews(interviews);
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
