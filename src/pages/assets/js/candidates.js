// The list of candidates: searched as one types, and kept true.

import { byId, debounce } from "./dom.js";
import { keepFresh, refresh } from "./live.js";

const form = byId("search");

function search() {
  const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim()));
  history.replaceState(null, "", `/candidates${asked.size ? `?${asked}` : ""}`);
  byId("results").classList.add("loading");
  refresh().finally(() => byId("results").classList.remove("loading"));
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
form?.addEventListener("input", debounce(250, search));
if (form) keepFresh(["opportunity", "sync", "connection"]);
