// Choosing interviewers: a search field with a list (the ARIA combobox), and the people chosen as chips. Each person on the list
// says whether they are free at the time that is being planned.

import { debounce, make } from "./dom.js";
import { request } from "./request.js";
import { hour } from "./times.js";

let made = 0;

// `root`: the .picker of the form. `slot()`: { from, to, zone, except } of the interview, or null. `changed()`: called at each change.
export function peoplePicker(root, { slot, changed }) {
  const id = `people-${(made += 1)}`;
  const input = root.querySelector("input");
  const list = root.querySelector("[role=listbox]");
  const chips = root.querySelector(".picked");
  let chosen = []; // { id, name, feedbackTemplateId? }
  let offered = [];
  let active = -1;
  let asked = 0;
  root.querySelector(".picker-label").htmlFor = input.id = `${id}-input`;
  list.id = `${id}-list`;
  input.setAttribute("aria-controls", list.id);

  function drawChips() {
    chips.replaceChildren(...chosen.map((person) => {
      const remove = make("button", { type: "button", text: "×", ariaLabel: `Remove ${person.name}` });
      remove.addEventListener("click", () => { take(person.id); input.focus(); });
      return make("li", { data: { person: person.id } }, make("span", { text: person.name }), remove);
    }));
  }

  function set(people) {
    chosen = people;
    drawChips();
  }

  function take(personId) {
    set(chosen.filter((person) => person.id !== personId));
    changed();
  }

  function pick(person) {
    set([...chosen, { id: person.id, name: person.name ?? person.email ?? person.id }]);
    input.value = "";
    close();
    changed();
  }

  const search = debounce(150, async () => {
    const turn = (asked += 1);
    const query = new URLSearchParams({ q: input.value.trim(), active: "true", limit: "20" });
    const { data, problem } = await request("GET", `/v1/users?${query}`);
    if (turn !== asked || document.activeElement !== input) return;
    offered = (data?.data ?? []).filter((person) => !chosen.some(({ id: taken }) => taken === person.id)).slice(0, 8);
    active = offered.length && input.value.trim() ? 0 : -1;
    open(problem ? problem.detail : "Nobody of that name is active in Lever.");
    const busy = await bookings(offered);
    if (turn === asked && busy) offered.forEach((person, at) => mark(list.children[at], busy.get(person.id)));
  });

  // Who of these is booked when the interview is planned: person -> bookings.
  async function bookings(people) {
    const when = slot();
    if (!when || !people.length) return null;
    const query = new URLSearchParams([["from", when.from.toISOString()], ["to", when.to.toISOString()], ["limit", "200"], ...people.map((person) => ["interviewerId", person.id])]);
    const { data } = await request("GET", `/v1/conflicts?${query}`);
    const found = new Map(people.map((person) => [person.id, []]));
    for (const booked of data?.data ?? []) if (booked.panelId !== when.except) found.get(booked.interviewerId)?.push(booked);
    return data ? found : null;
  }

  function mark(option, booked) {
    const zone = slot()?.zone;
    const text = booked.length ? `Busy ${hour(booked[0].start, zone)} – ${hour(booked[0].end, zone)}` : "Free";
    option?.append(make("span", { class: booked.length ? "busy" : "at-ease", text }));
  }

  function open(otherwise) {
    list.replaceChildren(...offered.map((person, at) => {
      const option = make("li", { role: "option", id: `${id}-${at}` }, make("span", { text: person.name ?? person.email ?? person.id }), make("small", { text: person.jobTitle ?? person.email ?? "" }));
      option.addEventListener("mousedown", (event) => { event.preventDefault(); pick(person); });
      return option;
    }));
    if (!offered.length) list.append(make("li", { class: "nobody", role: "option", ariaDisabled: "true", text: otherwise }));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    point();
  }

  function close() {
    asked += 1;
    list.hidden = true;
    list.replaceChildren();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function point() {
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    if (active >= 0) {
      input.setAttribute("aria-activedescendant", list.children[active].id);
      list.children[active].scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }

  const keys = {
    ArrowDown: () => (list.hidden ? search() : move(1)),
    ArrowUp: () => (list.hidden ? search() : move(-1)),
    Enter: () => active >= 0 && !list.hidden && pick(offered[active]),
    Escape: () => close(),
  };
  function move(step) {
    if (offered.length) active = (active + step + offered.length) % offered.length;
    point();
  }
  input.addEventListener("keydown", (event) => {
    if (event.key === "Backspace" && !input.value && chosen.length) return take(chosen.at(-1).id);
    // Enter never sends the form from here; Escape closes the list before the form.
    const handled = keys[event.key] && (event.key !== "Escape" || !list.hidden);
    if (!handled) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });
  input.addEventListener("input", search);
  input.addEventListener("focus", search);
  input.addEventListener("blur", close);

  return {
    get people() { return chosen; },
    set,
    // Shows which of the chosen are booked then.
    clash(ids) { for (const chip of chips.children) chip.classList.toggle("clash", ids.has(chip.dataset.person)); },
    input,
  };
}
