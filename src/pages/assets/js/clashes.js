// Who of the people in the form is booked already: shown while one chooses, on the day's lanes and in words.

import { bookings, drawDay, overlap } from "./day_grid.js";
import { byId, debounce, make } from "./dom.js";
import { dialog, draft, form, ownId, zone } from "./panel_draft.js";
import { hour, wall } from "./times.js";

let shown = 0;

// Answers come late, and perhaps for a day that is shown no longer: only the newest showing goes on.
export const show = debounce(60, async () => {
  if (!dialog.open) return;
  const turn = (shown += 1);
  const clocks = zone();
  for (const fields of draft.interviews) fields.root.classList.toggle("current", fields === draft.current && draft.interviews.length > 1);
  const people = distinct(draft.interviews.flatMap((fields) => fields.picker.people));
  const clashes = new Map();
  let unseen = false;
  for (const fields of draft.interviews) {
    const { clashing, known } = await clashesOf(fields, clocks);
    if (turn !== shown) return;
    unseen ||= !known;
    fields.picker.clash(new Set(clashing.map(({ interviewerId }) => interviewerId)));
    fields.skipped(fields.minutes > 0 && !fields.slot && fields.day && fields.field("time").value);
    for (const one of clashing) clashes.set(`${one.interviewerId} ${one.from.getTime()}`, one);
  }
  tell([...clashes.values()], clocks);
  byId("unseen-day").hidden = !unseen;
  if (!draft.current?.day) return;
  const { day } = draft.current;
  const booked = await bookings(people, day, clocks, ownId());
  if (turn !== shown) return;
  byId("unseen-day").hidden = !unseen && booked !== null;
  const planned = draft.interviews.filter(({ slot }) => slot && wall(slot.from, clocks).day === day).map((fields) => ({
    ...fields.slot, label: fields.field("subject").value || "Interview", people: new Set(fields.picker.people.map(({ id }) => id)),
  }));
  drawDay({ people, day, zone: clocks, booked: booked ?? [], planned, choose });
});

// Who of an interview is busy then, and whether all that they have is known.
async function clashesOf(fields, clocks) {
  const { slot, picker: { people } } = fields;
  if (!slot || !people.length) return { clashing: [], known: true };
  const booked = await bookings(people, fields.day, clocks, ownId());
  const named = new Map(people.map(({ id, name }) => [id, name]));
  const clashing = (booked ?? []).filter((one) => named.has(one.interviewerId) && overlap(slot, one));
  for (const other of draft.interviews) {
    if (other === fields || !other.slot || !overlap(slot, other.slot)) continue;
    for (const { id } of other.picker.people) {
      if (named.has(id)) clashing.push({ ...other.slot, interviewerId: id, interviewerName: named.get(id), candidateName: "this candidate, in another interview of this panel" });
    }
  }
  return { clashing, known: booked !== null };
}

function tell(clashing, clocks) {
  byId("clashes").replaceChildren(...clashing.map((one) => make("li", {
    text: `${one.interviewerName ?? "An interviewer"} already interviews ${one.candidateName ?? "somebody"}, ${hour(one.from, clocks)} – ${hour(one.to, clocks)}`,
  })));
  byId("anyway").hidden = clashing.length === 0;
  if (!clashing.length) form.elements.allowConflicts.checked = false;
}

// The person clicked a time on the day.
function choose(time) {
  draft.current.field("time").value = time;
  show();
}

function distinct(people) {
  return [...new Map(people.map((person) => [person.id, person])).values()];
}
