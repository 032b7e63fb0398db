// The widget LineageView.
import { make } from "./dom.js";
import { channel } from "./channel.js";
import { lineage } from "./lineage.js";
import { staleness } from "./stale.js";

function render({ model, el }) {
  const { ask, heard, watch, close } = channel(model);
  const stale = staleness(ask);
  const root = make("section", { class: "ag-card ag-widget", "aria-label": "Lineage", "data-lm-suppress-shortcuts": "true" });
  el.append(make("div", { class: "ag" }, root));
  const view = lineage(root, ask, stale, model.get("first"));
  watch(root);
  heard(() => view.renew().catch(() => {})); // what was shown stays; the channel says when the kernel is gone
  return () => {
    stale.close();
    close();
  };
}

export default { render };
