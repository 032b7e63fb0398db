// The lineage as mermaid text, to copy.
import { button, copy, fill, make } from "./dom.js";

export function mermaidPane(ask, { wish }) {
  const said = make("span", { class: "ag-2 ag-sm", role: "status", "aria-live": "polite" });
  const text = make("pre", { class: "ag-code", tabindex: "0", "aria-label": "Mermaid text" });
  const copying = button("Copy text", async () => fill(said, (await copy(text.textContent)) ? "copied" : "the page may not copy"));
  const root = make("div", { class: "ag-mermaid ag-sec", hidden: true }, make("div", { class: "ag-acts" }, copying, said), text);

  async function show() {
    try {
      fill(text, (await ask("export", { ...wish(), form: "mermaid" })).text);
    } catch (error) {
      fill(said, error.message);
    }
  }
  return { root, show };
}
