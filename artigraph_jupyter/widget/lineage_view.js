// The widget LineageView.
import { make } from "./dom.js";
import { channel, watchKernel } from "./channel.js";
import { lineage } from "./lineage.js";

function render({ model, el }) {
  const { ask, close } = channel(model);
  const root = make("section", { class: "ag-card ag-widget", "aria-label": "Lineage", "data-lm-suppress-shortcuts": "true" });
  el.append(make("div", { class: "ag" }, root));
  lineage(root, ask, model.get("first"));
  watchKernel(root, ask);
  return close;
}

export default { render };
