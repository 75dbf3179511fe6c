// How much of Lever's budget a running sync uses: a small chart of requests a second, from the counts that its events carry.

import { byId } from "./dom.js";

const SPAN = 60; // seconds shown, at most
const NARROWEST = 15;
const samples = []; // [seconds, requests so far]
let end = null; // when the sync will have ended, as the service estimates

// News of the sync has arrived.
export function note({ requests, estimatedEndAt }) {
  end = estimatedEndAt ? new Date(estimatedEndAt) : null;
  if (samples.length && requests < samples.at(-1)[1]) samples.length = 0; // another sync
  sample(requests);
}

// A second without news is a second without requests.
export function tick() {
  if (samples.length) sample(samples.at(-1)[1]);
}

function sample(requests) {
  const now = performance.now() / 1000;
  samples.push([now, requests]);
  while (samples.length > 2 && samples[1][0] < now - SPAN - 5) samples.shift();
}

// Draws what is known, if the page has a place for it.
export function draw() {
  const place = byId("pace");
  if (!place) return;
  const rates = perSecond();
  place.hidden = rates.length < 3;
  if (place.hidden) return;
  const limit = Number(place.dataset.limit);
  const top = Math.max(limit || 1, ...rates) * 1.15;
  const { width, height } = place.querySelector("svg").viewBox.baseVal;
  const seconds = Math.max(NARROWEST, rates.length);
  const x = (at) => width - ((rates.length - 1 - at) * width) / (seconds - 1);
  const y = (rate) => height - (rate / top) * height;
  const line = rates.map((rate, at) => `${x(at).toFixed(1)},${y(rate).toFixed(1)}`).join(" ");
  place.querySelector("polyline").setAttribute("points", line);
  place.querySelector("polygon").setAttribute("points", `${x(0).toFixed(1)},${height} ${line} ${width},${height}`);
  const allowed = place.querySelector("line");
  allowed.setAttribute("y1", y(limit));
  allowed.setAttribute("y2", y(limit));
  const now = rates.slice(-5).reduce((sum, rate) => sum + rate, 0) / Math.min(5, rates.length);
  const shown = now.toLocaleString("en-US", { maximumFractionDigits: 1 });
  const share = limit ? ` of the ${limit} that Lever allows` : "";
  place.querySelector("figcaption").textContent = `${shown} requests a second${share}${left()}`;
}

function left() {
  if (!end) return " · time left not known yet";
  const minutes = Math.ceil((end - Date.now()) / 60_000);
  return minutes <= 1 ? " · less than a minute left" : ` · about ${minutes} minutes left`;
}

// Requests in each full second that was watched.
function perSecond() {
  if (samples.length < 2) return [];
  const last = Math.floor(samples.at(-1)[0]);
  const first = Math.max(Math.ceil(samples[0][0]), last - SPAN);
  const rates = [];
  for (let second = first; second < last; second += 1) rates.push(at(second + 1) - at(second));
  return rates;
}

// The count at a time, between the two samples around it.
function at(time) {
  const after = samples.findIndex(([when]) => when >= time);
  if (after <= 0) return samples[after < 0 ? samples.length - 1 : 0][1];
  const [[t0, n0], [t1, n1]] = [samples[after - 1], samples[after]];
  return n0 + ((n1 - n0) * (time - t0)) / (t1 - t0);
}
