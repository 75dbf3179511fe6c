// The week: other weeks and panels are read into the page, and what is shown stays true.

import { byId } from "./dom.js";
import { keepFresh, refresh, whenFresh } from "./live.js";

const dialog = byId("panel-dialog");
let from = null; // the entry that was clicked

async function go(address, { remember = true } = {}) {
  if (remember) history.pushState(null, "", address);
  await refresh();
  // The week itself is exchanged as a whole, which nobody would be told of.
  const title = byId("week-title")?.textContent ?? "";
  if (byId("week-said").textContent !== title) byId("week-said").textContent = title;
}

function showPanel() {
  const wanted = new URLSearchParams(location.search).has("panel");
  if (wanted && !dialog.matches(":modal")) {
    dialog.close();
    dialog.showModal();
  }
  if (!wanted && dialog.open) dialog.close();
}

function closePanel() {
  if (!new URLSearchParams(location.search).has("panel")) return;
  const address = new URL(location.href);
  address.searchParams.delete("panel");
  go(address.pathname + address.search).then(() => byId(from)?.focus());
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if ("close" in link.dataset) {
    event.preventDefault();
    dialog.close();
  } else if ("panel" in link.dataset) {
    event.preventDefault();
    from = link.id;
    await go(link.getAttribute("href"));
    showPanel();
  } else if ("go" in link.dataset) {
    event.preventDefault();
    await go(link.getAttribute("href"));
  }
});

if (dialog) {
  byId("week-said").textContent = byId("week-title").textContent;
  dialog.addEventListener("close", closePanel);
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close()); // beside it
  addEventListener("popstate", () => go("", { remember: false }).then(showPanel));
  whenFresh(showPanel);
  keepFresh(["panel", "opportunity", "sync", "connection"]);
  showPanel();
}
