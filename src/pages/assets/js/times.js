// Times as people read them: in their own zone or a named one; and from a day and an hour in a zone to an instant.

export const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

// The server writes weeks and days in this zone from the next page on. True when that is news to it.
export function tellZone() {
  const told = () => document.cookie.split("; ").includes(`time_zone=${ownZone}`);
  if (told()) return false;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `time_zone=${ownZone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  return told();
}

// Moments that the server wrote in UTC.
export function localTimes(root = document) {
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
  const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of root.querySelectorAll("time[data-local]")) {
    time.textContent = (time.dataset.local === "day" ? day : minute).format(new Date(time.dateTime));
  }
}

export function hour(at, zone) {
  return new Intl.DateTimeFormat("en-US", { hour: "numeric", minute: "2-digit", timeZone: zone }).format(new Date(at));
}

export function longDay(day) {
  const noon = new Date(`${day}T12:00:00Z`);
  return new Intl.DateTimeFormat("en-US", { weekday: "long", month: "long", day: "numeric", timeZone: "UTC" }).format(noon);
}

// What the clocks of a zone show: { day: "2026-12-01", time: "09:30" }.
export function wall(at, zone) {
  const shown = new Date(new Date(at).getTime() + offset(at, zone)).toISOString();
  return { day: shown.slice(0, 10), time: shown.slice(11, 16) };
}

// The instant at which the clocks of a zone show this; null for a time that is no time, or that the clocks skip.
export function instant(day, time, zone) {
  const shown = Date.parse(`${day}T${time}Z`);
  if (Number.isNaN(shown)) return null;
  const near = shown - offset(shown, zone);
  const at = new Date(shown - offset(near, zone));
  return wall(at, zone).time === time.slice(0, 5) ? at : null;
}

// How far the clocks of a zone are ahead of UTC, in milliseconds.
function offset(at, zone) {
  const whole = Math.floor(new Date(at).getTime() / 1000) * 1000;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
  });
  const part = Object.fromEntries(format.formatToParts(whole).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - whole;
}
