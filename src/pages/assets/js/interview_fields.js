// The fields of one interview in the form.

import { byId, make } from "./dom.js";
import { peoplePicker } from "./people_picker.js";
import { instant, wall } from "./times.js";

const MINUTE = 60_000;
const NAMED = ["day", "time", "duration", "subject", "location", "note", "feedbackTemplateId", "interviewers"];
const NO_FEEDBACK = "no-feedback"; // what Lever calls it when there is no form
let templates = []; // { id, text }
let made = 0;

export function offerTemplates(found) {
  templates = found;
}

// `interview`: as the API shows it, or the start of a new one. `form`: { zone(), except(), changed(fields), current(fields), remove(fields), findFree(fields) }.
export function interviewFields(interview, form) {
  const root = byId("interview-fields").content.firstElementChild.cloneNode(true);
  const field = (name) => root.querySelector(`[name=${name}]`);
  // Lever has interviews without a time.
  const shown = interview.start ? wall(interview.start, form.zone()) : { day: "", time: "" };
  const wish = interview.feedbackTemplateId ?? "";
  field("feedbackTemplateId").append(...templates.map(({ id, text }) => make("option", { value: id, text: text ?? id })));
  if (wish === NO_FEEDBACK) field("feedbackTemplateId").options[0].value = wish;
  else if (wish && !templates.some(({ id }) => id === wish)) field("feedbackTemplateId").append(make("option", { value: wish, text: "As it is in Lever" }));
  const values = {
    subject: interview.subject ?? "", day: shown.day, time: shown.time, duration: interview.durationMinutes ?? (interview.id ? "" : 45), location: interview.location ?? "", feedbackTemplateId: wish,
    note: interview.note ?? "",
  };
  for (const [name, value] of Object.entries(values)) field(name).value = value;
  root.querySelector("details").open = Boolean(interview.note);
  const place = root.querySelector(".field-error");
  place.id = `mistakes-${(made += 1)}`;
  let mistakes = []; // { text, names }: what is wrong, and in which fields

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
      mend("time");
    },
    // Says that the clocks skip this time on that day.
    skipped(skipped) { root.querySelector(".skipped").hidden = !skipped; },
    name(number, count) {
      root.querySelector("legend").textContent = count > 1 ? `Interview ${number}` : "Interview";
      root.querySelector(".remove").hidden = count < 2;
      root.querySelector(".remove").setAttribute("aria-label", `Remove interview ${number}`);
    },
    // An interview that has no time in Lever, and was given none.
    get isUntimed() { return Boolean(interview.id) && !interview.start && !field("day").value && !field("time").value; },
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
      if (start && new Date(start).getTime() !== new Date(interview.start).getTime()) body.start = start;
      if (fields.minutes && fields.minutes !== interview.durationMinutes) body.durationMinutes = fields.minutes;
      if (people.length !== same.size || people.some(({ id }) => !same.has(id))) body.interviewers = people;
      for (const [name, value] of Object.entries(all)) if (value !== (interview[name] || null)) body[name] = value;
      return body;
    },
    // Says what is wrong here, until it is changed; nothing when nothing is.
    complain(found) {
      mistakes = found;
      place.textContent = found.map(({ text }) => text).join(" ");
      place.hidden = found.length === 0;
      for (const name of NAMED) {
        const wrong = found.some(({ names }) => names.includes(name));
        const input = name === "interviewers" ? fields.picker.input : field(name);
        input.setAttribute("aria-invalid", String(wrong));
        if (wrong) input.setAttribute("aria-describedby", place.id);
        else input.removeAttribute("aria-describedby");
      }
    },
  };
  // What was complained of is being mended; what was said of no field in particular may be over.
  function mend(name) {
    fields.complain(mistakes.filter(({ names }) => names.length && !names.includes(name)));
  }
  fields.picker = peoplePicker(root.querySelector(".picker"), {
    slot: () => fields.slot && { ...fields.slot, zone: form.zone(), except: form.except() },
    changed: () => { mend("interviewers"); form.changed(fields); },
  });
  fields.picker.set((interview.interviewers ?? []).map((person) => ({ id: person.id, name: person.name ?? person.email ?? person.id })));
  root.addEventListener("focusin", () => form.current(fields));
  root.addEventListener("input", ({ target }) => {
    if (target.role === "combobox") return;
    mend(target.name);
    form.changed(fields);
  });
  root.querySelector(".remove").addEventListener("click", () => form.remove(fields));
  root.querySelector(".free").addEventListener("click", () => form.findFree(fields));
  return fields;
}
