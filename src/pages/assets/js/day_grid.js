// The day of the people who are being booked: a lane for each, with what they have already and what is being planned.

import { byId, make } from "./dom.js";
import { list } from "./request.js";
import { hour, instant, longDay, wall } from "./times.js";

const PIXELS_PER_HOUR = 48;
const STEP = 15; // minutes
const MINUTE = 60_000;

const known = new Map(); // day, zone and people -> bookings, for as long as the form is open

export function forget() {
  known.clear();
}

// What these people have on a day as the clocks of the zone count it, but for one panel; null when that cannot be known now, which
// is not the same as nothing.
export async function bookings(people, day, zone, except) {
  if (!people.length) return [];
  const key = JSON.stringify([day, zone, people.map(({ id }) => id).sort()]);
  if (!known.has(key)) {
    const from = instant(day, "00:00", zone) ?? instant(day, "03:00", zone);
    const to = new Date(from.getTime() + 25 * 60 * MINUTE);
    const query = new URLSearchParams([["from", from.toISOString()], ["to", to.toISOString()], ...people.map(({ id }) => ["interviewerId", id])]);
    known.set(key, list(`/v1/conflicts?${query}`).then(({ data, problem }) => {
      if (problem) known.delete(key);
      return problem ? null : data;
    }));
  }
  const found = await known.get(key);
  return found && found.filter((booked) => booked.panelId !== except).map((booked) => ({ ...booked, from: new Date(booked.start), to: new Date(booked.end) }));
}

export const overlap = (one, other) => one.from < other.to && other.from < one.to;

// Draws the lanes. `planned`: { from, to, label, people } of each interview of the form on this day; `choose(time)`: the person clicked there.
export function drawDay({ people, day, zone, booked, planned, choose }) {
  byId("day-title").textContent = longDay(day);
  byId("day-hint").hidden = people.length > 0;
  const grid = byId("day-grid");
  if (!people.length) return grid.replaceChildren();
  const minutes = (at) => {
    const { day: on, time } = wall(at, zone);
    const past = on < day ? -1 : on > day ? 1 : 0;
    return past ? (past < 0 ? 0 : 1440) : Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
  };
  const spans = [...booked, ...planned].map(({ from, to }) => [minutes(from), minutes(to)]);
  const first = Math.floor(Math.min(8 * 60, ...spans.map(([from]) => from)) / 60);
  const last = Math.ceil(Math.max(18 * 60, ...spans.map(([, to]) => to)) / 60);
  const y = (minute) => ((minute - first * 60) * PIXELS_PER_HOUR) / 60;
  const height = `${(last - first) * PIXELS_PER_HOUR}px`;

  const hours = make("div", { class: "hours", ariaHidden: "true" });
  for (let at = first; at <= last; at += 1) {
    const label = make("span", { text: `${at % 12 || 12} ${at % 24 < 12 ? "AM" : "PM"}` });
    label.style.top = `${y(at * 60)}px`;
    hours.append(label);
  }
  hours.style.height = height;

  const lanes = people.map((person) => {
    const blocks = make("ul");
    const add = ({ from, to }, text, className) => {
      const block = make("li", { class: `block ${className}`, text, title: text });
      block.style.top = `${y(minutes(from))}px`;
      block.style.height = `${Math.max(y(minutes(to)) - y(minutes(from)), 18)}px`;
      blocks.append(block);
    };
    const mine = booked.filter(({ interviewerId }) => interviewerId === person.id);
    for (const one of mine) add(one, `${hour(one.from, zone)} ${one.candidateName ?? one.subject ?? "Booked"}`, "");
    for (const one of planned.filter(({ people: asked }) => asked.has(person.id))) {
      const clash = mine.some((other) => overlap(one, other)) || planned.some((other) => other !== one && other.people.has(person.id) && overlap(one, other));
      add(one, `${hour(one.from, zone)} ${one.label}`, clash ? "new clash" : "new");
    }
    const lane = make("section", { class: "lane", ariaLabel: `${person.name}, ${longDay(day)}` }, make("h4", { text: person.name, title: person.name }), blocks);
    lane.style.height = height;
    lane.addEventListener("click", (event) => {
      const minute = first * 60 + ((event.clientY - lane.getBoundingClientRect().top) / PIXELS_PER_HOUR) * 60;
      const snapped = Math.max(0, Math.min(1440 - STEP, Math.floor(minute / STEP) * STEP));
      choose(`${String(Math.floor(snapped / 60)).padStart(2, "0")}:${String(snapped % 60).padStart(2, "0")}`);
    });
    return lane;
  });
  grid.replaceChildren(hours, ...lanes);
}

// The next time on this day, from `after` on, at which nobody is booked; null when there is none before evening.
export function nextFree({ day, zone, booked, minutes, after }) {
  const begin = instant(day, "08:00", zone);
  const end = instant(day, "18:00", zone);
  if (!begin || !end) return null;
  const step = STEP * MINUTE;
  let at = Math.max(begin.getTime(), Math.ceil((after?.getTime() ?? 0) / step) * step);
  for (; at + minutes * MINUTE <= end.getTime(); at += step) {
    const slot = { from: new Date(at), to: new Date(at + minutes * MINUTE) };
    if (!booked.some((other) => overlap(slot, other))) return slot.from;
  }
  return null;
}
