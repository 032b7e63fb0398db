// The lineage as mermaid text to copy, and drawn by the mermaid that came with the package; its nodes can be clicked.
import { button, copy, fill, make } from "./dom.js";

let library = null; // a promise of mermaid, once per page
let drawings = 0;

export function mermaidPane(ask, { wish, go }) {
  const said = make("span", { class: "ag-2 ag-sm", role: "status", "aria-live": "polite" });
  const text = make("pre", { class: "ag-code", tabindex: "0", "aria-label": "Mermaid text" });
  const picture = make("div", { class: "ag-drawn" });
  const copying = button("Copy text", async () => fill(said, (await copy(text.textContent)) ? "copied" : "the page may not copy"));
  const root = make("div", { class: "ag-mermaid ag-sec", hidden: true }, picture, make("div", { class: "ag-acts" }, copying, said), text);
  let turn = 0;

  async function show() {
    const mine = (turn += 1);
    try {
      const answer = await ask("export", { ...wish(), form: "mermaid" });
      if (mine !== turn) return;
      fill(text, answer.text);
      fill(said, "drawing …");
      library ||= load(ask);
      const svg = await draw(await library, answer.text, root);
      if (mine !== turn) return;
      fill(picture, svg);
      connect(svg, answer.nodes);
      fill(said, "");
    } catch (error) {
      library = null;
      if (mine === turn) fill(said, error.message);
    }
  }

  function connect(svg, ids) {
    for (const g of svg.querySelectorAll("g.node")) {
      const number = /flowchart-n(\d+)-/.exec(g.id);
      if (!number || !ids[number[1]]) continue;
      g.dataset.nodeId = ids[number[1]];
      g.setAttribute("role", "button");
      g.setAttribute("tabindex", "0");
      const choose = () => go(g.dataset.nodeId);
      g.addEventListener("click", choose);
      g.addEventListener("keydown", (event) => event.key === "Enter" && choose());
    }
  }
  return { root, show };
}

async function load(ask) {
  const { buffers } = await ask("mermaid");
  const address = URL.createObjectURL(new Blob([buffers[0]], { type: "text/javascript" }));
  const before = globalThis.mermaid;
  try {
    await new Promise((resolve, reject) => {
      const script = make("script", { src: address, onload: resolve, onerror: () => reject(new Error("the page does not run the bundled mermaid")) });
      document.head.append(script);
    });
    return globalThis.mermaid;
  } finally {
    globalThis.mermaid = before;
    URL.revokeObjectURL(address);
  }
}

async function draw(mermaid, text, root) {
  const dark = /^rgba?\((\d+)/.exec(getComputedStyle(root.closest(".ag-card")).backgroundColor);
  const look = { theme: dark && Number(dark[1]) < 128 ? "dark" : "neutral", fontFamily: getComputedStyle(root).fontFamily };
  mermaid.initialize({ startOnLoad: false, securityLevel: "strict", htmlLabels: false, flowchart: { htmlLabels: false }, ...look });
  drawings += 1;
  const { svg } = await mermaid.render(`ag-mermaid-${drawings}`, text);
  const parsed = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
  for (const each of parsed.querySelectorAll("script, foreignObject, a")) each.remove();
  for (const each of [parsed, ...parsed.querySelectorAll("*")]) {
    for (const { name } of [...each.attributes]) if (name.startsWith("on")) each.removeAttribute(name);
  }
  return document.importNode(parsed, true);
}
