// A candidate's page: the form, notes and résumé, writes that are still being found out, and everything kept true.

import { byId, debounce, say } from "./dom.js";
import { follow } from "./follow.js";
import { keepFresh, refresh } from "./live.js";
import { openNew, openPanel, prepare } from "./panel_form.js";
import "./panel_sending.js";
import { noteForm, showNotes, showResumes } from "./paperwork.js";
import { request } from "./request.js";

const opportunity = byId("candidate").dataset.opportunity;
const told = (...what) => say(byId("said"), ...what);

prepare({ opportunityId: opportunity, told, changed: refresh });
document.addEventListener("click", ({ target }) => {
  const edit = target.closest("[data-edit]");
  if (edit) openPanel(edit.dataset.edit);
  else if (target.closest("#schedule-button")) openNew();
});
const wanted = location.hash.match(/^#edit-(.+)$/)?.[1];
if (wanted && byId("schedule-button")) openPanel(decodeURIComponent(wanted));
if (location.hash) history.replaceState(null, "", location.pathname);

// What was sent before this page was opened and is not known yet.
async function followOpen() {
  const { data } = await request("GET", "/v1/operations?limit=50");
  const open = data?.data.find(({ opportunityId, status, settledAt }) => opportunityId === opportunity && !settledAt && ["sending", "unknown"].includes(status));
  if (open) follow(open.id, told).then(refresh);
}

// Panels that the sync has not got to yet are read from Lever by asking for them.
async function readPanels() {
  if (document.querySelector(".panel")) return;
  const { data } = await request("GET", `/v1/opportunities/${encodeURIComponent(opportunity)}/panels?limit=1`);
  if (data?.data.length) refresh();
}

readPanels();
noteForm(opportunity, told);
showNotes(opportunity);
showResumes(opportunity);
followOpen();
// Notes and résumés are told of as changes of their candidacy.
const again = debounce(300, () => { showNotes(opportunity); showResumes(opportunity); });
keepFresh(["panel", "opportunity", "contact", "operation", "connection"], (kind, ids) => {
  if (kind === "opportunity" && (!ids.length || ids.includes(opportunity))) again();
});
