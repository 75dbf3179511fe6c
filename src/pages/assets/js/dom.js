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

// Says something where people look and screen readers listen. `link`: { href, text } of where to go on.
export function say(place, tone, title, text = "", link = null) {
  place.className = `message ${tone}`;
  const more = [...(text ? [text] : []), ...(link ? [make("a", link)] : [])];
  place.replaceChildren(make("h2", { text: title }), ...(more.length ? [make("p", {}, ...more)] : []));
  place.hidden = false;
  place.scrollIntoView({ block: "nearest" });
}
