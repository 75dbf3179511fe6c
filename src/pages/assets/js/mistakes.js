// What is wrong with a panel that was filled in, said where it is wrong.

import { byId, say } from "./dom.js";

// What a field is called here, by the name it has in the API.
const FIELDS = { start: "time", durationMinutes: "duration" };
const TITLES = {
  lever_unavailable: "Lever does not answer right now", lever_rate_limited: "Lever is busy right now", lever_rejected: "Lever refused this",
  lever_reauthorization_required: "Lever must be connected again", not_connected: "Lever is not connected", opportunity_archived: "The candidate is archived", no_answer: "No answer",
  request_in_progress: "It is still being sent",
};

// What can be said without asking anybody. False: something is missing.
export function isComplete(interviews) {
  let whole = true;
  for (const fields of interviews) {
    const wrong = [];
    if (!fields.slot && !fields.isUntimed) wrong.push({ text: "Give a day, a time and how many minutes it lasts.", names: ["day", "time", "duration"] });
    if (!fields.picker.people.length) wrong.push({ text: "Pick at least one interviewer.", names: ["interviewers"] });
    fields.complain(wrong);
    whole &&= wrong.length === 0;
  }
  return whole;
}

// What the API found: at the fields that it names, the rest above them.
export function tellMistakes(problem, interviews) {
  const mistakes = problem.errors ?? [];
  for (const [index, fields] of interviews.entries()) {
    const mine = mistakes.filter(({ pointer }) => pointer.startsWith(`/interviews/${index}/`));
    fields.complain(mine.map(({ message, pointer }) => ({ text: sentence(message), names: [FIELDS[pointer.split("/")[3]] ?? pointer.split("/")[3]] })));
  }
  const general = mistakes.filter(({ pointer }) => !pointer.startsWith("/interviews/"));
  const text = mistakes.length && !general.length ? "What is wrong is said at the fields." : general.length ? general.map(({ message }) => sentence(message)).join(" ") : problem.detail;
  say(byId("form-said"), "bad", TITLES[problem.code] ?? "That did not work", text);
}

function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
