// What became of a write that Lever has not answered yet.

import { request } from "./request.js";

const WAITS = [1000, 1000, 2000, 3000, 5000];

// Asks until it is known. Calls `tell(tone, title, text)` with what is true meanwhile, and answers whether it happened.
export async function follow(operationId, tell) {
  tell("warn", "Lever has not answered yet. We are finding out.", "You need not do anything, and nothing will happen twice. This page says how it ended; you can leave it.");
  for (let tries = 0; ; tries += 1) {
    await new Promise((done) => setTimeout(done, WAITS[Math.min(tries, WAITS.length - 1)]));
    const { data, status } = await request("GET", `/v1/operations/${operationId}`);
    if (status === 401 || status === 404) return false;
    if (data?.status === "succeeded") {
      tell("good", DONE[data.kind] ?? "Done", "Lever has confirmed it.");
      return true;
    }
    if (data?.status === "failed") {
      tell("bad", "It did not happen", data.error?.message ?? "Lever refused it.");
      return false;
    }
    if (data?.settledAt) {
      tell("warn", "We could not find out", data.error?.message ?? "Look at the candidate in Lever.");
      return false;
    }
  }
}

export const DONE = {
  schedule_panel: "Scheduled. It is in Lever now.",
  edit_panel: "Changed. Lever has it now.",
  cancel_panel: "Canceled, in Lever too.",
  write_note: "The note is in Lever now.",
};
