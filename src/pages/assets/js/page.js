// What every page has: signing out, times in the reader's zone, and telling the server that zone.

import { request } from "./request.js";
import { localTimes, tellZone } from "./times.js";

// A page that is laid out by days was written for another zone.
if (tellZone() && document.querySelector("[data-zoned]")) location.reload();
localTimes();

document.querySelector("[data-sign-out]")?.addEventListener("click", async ({ currentTarget }) => {
  currentTarget.disabled = true;
  await request("DELETE", "/auth/session");
  location.replace("/integrations");
});
