// Finding and making elements.

export const byId = (id) => document.getElementById(id);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// make("li", { class: "chip", text: name, ariaLabel: "…", data: { id } }, child, …): text is text, never markup.
export function make(tag, { class: className, text, data = {}, ...properties } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export function debounce(wait, work) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), wait);
  };
}

// Says something where people look and screen readers listen.
export function say(place, tone, title, text = "") {
  place.className = `message ${tone}`;
  place.replaceChildren(make("h2", { text: title }), ...(text ? [make("p", { text })] : []));
  place.hidden = false;
  place.scrollIntoView({ block: "nearest" });
}
