// The interviews in the form: added, removed, numbered, moved to a time when all are free.

import { show } from "./clashes.js";
import { bookings, forget, nextFree } from "./day_grid.js";
import { byId } from "./dom.js";
import { interviewFields } from "./interview_fields.js";
import { draft, form, ownId, zone } from "./panel_draft.js";
import { instant, longDay } from "./times.js";

const MINUTE = 60_000;

// What the fields of an interview ask of the form.
const around = {
  zone,
  except: ownId,
  changed(fields) { draft.current = fields; show(); },
  current(fields) { if (draft.current !== fields) around.changed(fields); },
  remove(fields) {
    draft.interviews = draft.interviews.filter((other) => other !== fields);
    fields.root.remove();
    number();
    goTo(draft.interviews[0]);
  },
  async findFree(fields) {
    const people = fields.picker.people;
    if (!people.length) return fields.complain([{ text: "Pick the interviewers first.", names: ["interviewers"] }]);
    if (!fields.day) return fields.complain([{ text: "Give a day first.", names: ["day"] }]);
    const booked = await bookings(people, fields.day, zone(), ownId());
    if (!booked) return fields.complain([{ text: "We cannot see who is booked right now, so no time can be proposed. Try again in a moment.", names: [] }]);
    const others = draft.interviews.filter((other) => other !== fields).map((other) => other.slot).filter(Boolean);
    const after = new Date(Math.max(Date.now(), (fields.slot?.from.getTime() ?? 0) + 15 * MINUTE));
    const at = nextFree({ day: fields.day, zone: zone(), booked: [...booked, ...others], minutes: fields.minutes, after });
    if (!at) return fields.complain([{ text: `There is no later time on ${longDay(fields.day)} before evening when all of them are free. Try another day.`, names: [] }]);
    fields.setStart(at);
    around.changed(fields);
  },
};

// Shows these interviews instead of those that were there, as the API shows them or as the start of new ones.
export function showInterviews(interviews) {
  draft.interviews = [];
  byId("interviews").replaceChildren();
  for (const interview of interviews) add(interview);
  goTo(draft.interviews[0]);
}

function add(interview) {
  const fields = interviewFields(interview, around);
  draft.interviews.push(fields);
  byId("interviews").append(fields.root);
  number();
  return fields;
}

function number() {
  draft.interviews.forEach((fields, at) => fields.name(at + 1, draft.interviews.length));
}

function goTo(fields) {
  draft.current = fields;
  fields.field("subject").focus();
  show();
}

byId("add-interview").addEventListener("click", () => {
  const last = draft.interviews.at(-1);
  goTo(add({ start: (last.slot?.to ?? new Date()).toISOString(), durationMinutes: last.minutes || 45, location: last.field("location").value }));
});

// The zone changes what the clocks show, not when the interviews are… unless nothing but the clocks was meant, as in a new panel.
form.elements.timezone.addEventListener("change", ({ target }) => {
  if (draft.editing) {
    const slots = draft.interviews.map((fields) => fields.day && instant(fields.day, fields.field("time").value, target.dataset.before));
    slots.forEach((at, index) => at && draft.interviews[index].setStart(at));
  }
  target.dataset.before = target.value;
  forget();
  show();
});
