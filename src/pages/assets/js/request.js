// Calls to the API in the name of the signed-in person.

const SILENCE = { detail: "ModernLoop did not answer. Check your connection and try again.", code: "no_answer" };

// { status, data, headers } or { status, problem }; status 0 when no answer came.
export async function request(method, path, { body, headers = {} } = {}) {
  const json = body === undefined ? {} : { "Content-Type": "application/json" };
  let response;
  try {
    response = await fetch(path, { method, headers: { Accept: "application/json", ...json, ...headers }, body: body && JSON.stringify(body) });
  } catch {
    return { status: 0, problem: SILENCE };
  }
  if (response.status === 401) sessionEnded();
  const data = await response.json().catch(() => null);
  const { status, ok } = response;
  if (ok) return { status, data, headers: response.headers };
  return { status, problem: data ?? { detail: `Something went wrong (${status}). Try again in a moment.` } };
}

// Every page of a list, up to a bound.
export async function list(path, most = 1000) {
  const found = [];
  const address = new URL(path, location.href);
  address.searchParams.set("limit", "200");
  for (;;) {
    const { data, problem } = await request("GET", address.pathname + address.search);
    if (problem) return { problem, data: found };
    found.push(...data.data);
    if (!data.nextCursor || found.length >= most) return { data: found };
    address.searchParams.set("cursor", data.nextCursor);
  }
}

// The key of a request that must not be done twice. It stays while the answer is outstanding, so that sending the same again does
// nothing twice; another body, or the next request after an answer, is another request.
export function retryKey() {
  let sent = null;
  return {
    of(body) {
      const text = JSON.stringify(body);
      if (sent?.text !== text) sent = { text, key: newKey() };
      return { "Idempotency-Key": sent.key };
    },
    answered({ status, problem }) {
      if (status !== 0 && status < 500 && problem?.code !== "request_in_progress") sent = null;
    },
    forget() { sent = null; },
  };
}

function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function sessionEnded(ended = true) {
  const banner = document.getElementById("session-ended");
  if (banner) banner.hidden = !ended;
}
