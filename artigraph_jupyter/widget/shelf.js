// What a list of things has beside it: the details of the chosen one, and its lineage below when asked for.
import { button, make } from "./dom.js";
import { detailsPanel } from "./details.js";
import { lineage } from "./lineage.js";

// `left` is the list. Returns root, open(id), which shows the details of a node, and renew(), for when a cell has run.
export function shelf(ask, stale, left) {
  const below = make("div", { class: "ag-below", hidden: true });
  const panel = detailsPanel(ask, stale, { go: open, showLineage });
  const root = make("div", { class: "ag-shelf" }, make("div", { class: "ag-lin ag-list" }, left, panel.root), below);
  let view = null;

  function open(id) {
    panel.open(id);
  }

  function showLineage(id) {
    if (!view) {
      const place = make("section", { class: "ag-inner", "aria-label": "Lineage" });
      const closing = button("Close lineage", () => {
        below.hidden = true;
      }, { class: "ag-btn flat" });
      below.replaceChildren(make("div", { class: "ag-bar" }, make("b", { class: "nb" }, "Lineage"), make("span", { class: "ag-grow" }), closing), place);
      view = lineage(place, ask, stale);
    }
    below.hidden = false;
    view.start(id).then(() => below.scrollIntoView({ block: "nearest" }));
  }

  async function renew() {
    await Promise.all([panel.renew(), view && !below.hidden && view.renew()]);
  }

  panel.hint("Choose something on the left to see what is known of it.");
  return { root, open, renew };
}
