// The panel that is in the form: the one owner of what its parts share.

import { byId } from "./dom.js";
import { retryKey } from "./request.js";

export const dialog = byId("schedule");
export const form = byId("panel-form");

export const draft = {
  opportunity: "",
  editing: null, // { panel, etag }, or null for a new panel
  interviews: [], // the fields of each
  current: null, // those that the person is at
  openedZone: "", // the zone that the form was opened with
  key: retryKey(),
  landed: null, // { told(tone, title, text, link), changed() }: what is said on the page, and that its panels are to be read again
};

// Of the whole panel. The interviews have notes too: by its name alone, the form would not find this one.
export const ofPanel = { note: byId("panel-note"), feedbackReminder: byId("panel-reminder") };

export const zone = () => form.elements.timezone.value;

// The panel whose own times are in nobody's way.
export const ownId = () => draft.editing?.panel.id;
