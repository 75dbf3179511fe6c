// The fields of one interview in the form.

import { byId, make } from "./dom.js";
import { peoplePicker } from "./people_picker.js";
import { instant, wall } from "./times.js";

const MINUTE = 60_000;
let templates = []; // { id, text }

export function offerTemplates(found) {
  templates = found;
}

// `interview`: as the API shows it, or the start of a new one. `form`: { zone(), except(), changed(fields), current(fields), remove(fields), findFree(fields) }.
export function interviewFields(interview, form) {
  const root = byId("interview-fields").content.firstElementChild.cloneNode(true);
  const field = (name) => root.querySelector(`[name=${name}]`);
  const shown = wall(interview.start, form.zone());
  const wish = interview.feedbackTemplateId ?? "";
  field("feedbackTemplateId").append(...templates.map(({ id, text }) => make("option", { value: id, text: text ?? id })));
  if (wish && !templates.some(({ id }) => id === wish)) {
    field("feedbackTemplateId").append(make("option", { value: wish, text: wish === "no-feedback" ? "No feedback" : "As it is in Lever" }));
  }
  const values = {
    subject: interview.subject ?? "", day: shown.day, time: shown.time, duration: interview.durationMinutes ?? 45, location: interview.location ?? "", feedbackTemplateId: wish,
    note: interview.note ?? "",
  };
  for (const [name, value] of Object.entries(values)) field(name).value = value;
  root.querySelector("details").open = Boolean(interview.note);

  const fields = {
    root,
    id: interview.id,
    field,
    picker: null,
    get day() { return field("day").value; },
    get minutes() { return Number(field("duration").value); },
    // { from, to }; null while the fields say no time.
    get slot() {
      const from = instant(field("day").value, field("time").value, form.zone());
      return from && fields.minutes > 0 ? { from, to: new Date(from.getTime() + fields.minutes * MINUTE) } : null;
    },
    setStart(at) {
      const { day, time } = wall(at, form.zone());
      field("day").value = day;
      field("time").value = time;
    },
    name(number, count) {
      root.querySelector("legend").textContent = count > 1 ? `Interview ${number}` : "Interview";
      root.querySelector(".remove").hidden = count < 2;
      root.querySelector(".remove").setAttribute("aria-label", `Remove interview ${number}`);
    },
    // As the API takes it. Of one that is there already: only what was changed.
    body() {
      const start = fields.slot?.from.toISOString() ?? null;
      const people = fields.picker.people.map(({ id }) => ({ id }));
      const text = (name) => field(name).value.trim() || null;
      const all = { subject: text("subject"), location: text("location"), note: text("note"), feedbackTemplateId: text("feedbackTemplateId") };
      if (!interview.id) {
        return { start, durationMinutes: fields.minutes, interviewers: people, ...Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)) };
      }
      const same = new Set(interview.interviewers.map(({ id }) => id));
      const body = { id: interview.id };
      if (new Date(start).getTime() !== new Date(interview.start).getTime()) body.start = start;
      if (fields.minutes !== interview.durationMinutes) body.durationMinutes = fields.minutes;
      if (people.length !== same.size || people.some(({ id }) => !same.has(id))) body.interviewers = people;
      for (const [name, value] of Object.entries(all)) if (value !== (interview[name] || null)) body[name] = value;
      return body;
    },
    // Says what is wrong here; nothing when nothing is.
    complain(messages, names = []) {
      const place = root.querySelector(".field-error");
      place.textContent = messages.join(" ");
      place.hidden = messages.length === 0;
      for (const name of ["day", "time", "duration", "subject", "location", "note"]) field(name).setAttribute("aria-invalid", String(names.includes(name)));
      fields.picker.input.setAttribute("aria-invalid", String(names.includes("interviewers")));
    },
  };
  fields.picker = peoplePicker(root.querySelector(".picker"), {
    slot: () => fields.slot && { ...fields.slot, zone: form.zone(), except: form.except() },
    changed: () => form.changed(fields),
  });
  fields.picker.set((interview.interviewers ?? []).map((person) => ({ id: person.id, name: person.name ?? person.email ?? "Somebody who left Lever" })));
  root.addEventListener("focusin", () => form.current(fields));
  root.addEventListener("input", ({ target }) => target.role !== "combobox" && form.changed(fields));
  root.querySelector(".remove").addEventListener("click", () => form.remove(fields));
  root.querySelector(".free").addEventListener("click", () => form.findFree(fields));
  return fields;
}
