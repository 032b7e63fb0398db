// What of the things on show is out of date: asked after they are painted, and again when a cell has run.
import { icon, make } from "./dom.js";

const REST = 150; // ms after the last reason to ask
const ASKED = 100; // ids of one question; the kernel takes no more

// Views are added by watch(ids, tell): `ids()` are the spans on show, `tell(judged, stale)` has those that were asked
// about, and id -> {badge, why} of those out of date. `soon()` asks about all of them.
export function staleness(ask) {
  const views = [];
  let timer = null;
  let asking = false;
  let due = false;

  async function look() {
    due = asking;
    if (asking) return;
    asking = true;
    try {
      const ids = [...new Set(views.flatMap((view) => view.ids()))];
      for (let from = 0; from < ids.length; from += ASKED) {
        const judged = ids.slice(from, from + ASKED);
        const { stale } = await ask("stale", { ids: judged });
        for (const view of views) view.tell(judged, stale);
      }
    } catch {
      // what was known stays; the channel says when the kernel is gone
    } finally {
      asking = false;
      if (due) soon();
    }
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(look, REST);
  }

  return { soon, watch: (ids, tell) => { views.push({ ids, tell }); }, close: () => clearTimeout(timer) };
}

export function whyStale(flag) {
  return `${flag.badge.word}: ${flag.why.join("; ")}`;
}

export function staleBadge(flag) {
  return make("span", { class: "ag-badge ag-stale", "data-tone": flag.badge.tone, title: whyStale(flag) }, icon(flag.badge.icon, true), flag.badge.word);
}
