// What the form sends: a panel scheduled, changed or canceled, once; and what became of it.

import { show } from "./clashes.js";
import { forget } from "./day_grid.js";
import { all, byId, say } from "./dom.js";
import { DONE, follow } from "./follow.js";
import { isComplete, tellMistakes } from "./mistakes.js";
import { dialog, draft, form, ofPanel, zone } from "./panel_draft.js";
import { openPanel } from "./panel_form.js";
import { request } from "./request.js";
import { ownZone, wall } from "./times.js";

let sending = false;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!isComplete(draft.interviews)) return form.querySelector("[aria-invalid=true]").focus();
  const { editing, key } = draft;
  const body = filledIn();
  const answer = editing
    ? await busy(request("PATCH", addressOf(editing.panel), { body, headers: editing.etag ? { "If-Match": editing.etag } : {} }))
    : await busy(request("POST", `/v1/opportunities/${encodeURIComponent(draft.opportunity)}/panels`, { body, headers: key.of(body) }));
  key.answered(answer);
  answered(answer, editing ? DONE.edit_panel : DONE.schedule_panel);
});

byId("cancel-panel").addEventListener("click", () => byId("cancel-question").showModal());
byId("keep-panel").addEventListener("click", () => byId("cancel-question").close());
byId("cancel-now").addEventListener("click", async () => {
  byId("cancel-question").close();
  answered(await busy(request("DELETE", addressOf(draft.editing.panel))), DONE.cancel_panel);
});
byId("close-form").addEventListener("click", () => dialog.close());
// What is being sent is not closed: nobody would hear how it ended.
dialog.addEventListener("cancel", (event) => sending && event.preventDefault());

const addressOf = ({ id }) => `/v1/panels/${encodeURIComponent(id)}`;

// The form as the API takes it. Of a panel that is there already: only what was changed.
function filledIn() {
  const { editing } = draft;
  const body = { interviews: draft.interviews.map((fields) => fields.body()) };
  // A panel that names no zone is not given one by being looked at.
  if (!editing || zone() !== draft.openedZone) body.timezone = zone();
  for (const [name, field] of Object.entries(ofPanel)) {
    const value = field.value.trim() || null;
    if (value !== ((editing?.panel ?? {})[name] || null)) body[name] = value;
  }
  if (form.elements.allowConflicts.checked) body.allowConflicts = true;
  return body;
}

async function busy(answer) {
  sending = true;
  dialog.setAttribute("closedby", "none");
  const buttons = all("button", dialog.querySelector(".sheet-foot"));
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
  const { told, changed } = draft.landed;
  dialog.close();
  if (status === 202) follow(data.id, told).then(changed);
  else told("good", done, "", data?.start && inTheWeek(data.start));
  changed();
}

function inTheWeek(start) {
  return { href: `/interviews?week=${wall(start, ownZone).day}`, text: "See it in the week" };
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
    return openPanel(draft.editing.panel.id).then(() => say(place, "warn", "Somebody changed this panel meanwhile", "It is shown as it is now. Make your change again and save it."));
  }
  tellMistakes(problem, draft.interviews);
  form.querySelector("[aria-invalid=true]")?.focus();
}
