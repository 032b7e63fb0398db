// The fields of a question: each change asks again, a little after the last key.
import { make } from "./dom.js";

const PAUSE = 180; // ms

// `specs` are [name, label, kind, choices]; `changed(values)` is called with what stands in all of them.
export function fields(specs, changed) {
  let timer = null;
  const inputs = {};
  const values = () => Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.dataset.number !== undefined ? Number(input.value) : input.value]));
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => changed(values()), PAUSE);
  };
  for (const [name, label, kind, choices] of specs) {
    const common = { class: `ag-input ag-live ag-f-${kind}`, "aria-label": label };
    if (kind === "choice" || kind === "time") {
      inputs[name] = make("select", { ...common, "data-number": kind === "time" }, choices.map(([value, word]) => make("option", { value }, word)));
      inputs[name].addEventListener("change", later);
    } else {
      inputs[name] = make("input", { ...common, type: kind === "search" ? "search" : "text", placeholder: label, spellcheck: "false" });
      inputs[name].addEventListener("input", later);
    }
    inputs[name].addEventListener("keydown", (event) => event.stopPropagation());
  }
  return { inputs, values, all: Object.values(inputs) };
}

export const TIMES = [[0, "Any time"], [1, "Last 24 hours"], [7, "Last 7 days"], [30, "Last 30 days"]];
