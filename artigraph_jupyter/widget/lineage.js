// A lineage to explore: toolbar, picture, details, and what the page wants to see, all of which goes with each question.
import { button, fill, make, save } from "./dom.js";
import { detailsPanel } from "./details.js";
import { graph } from "./graph.js";
import { mermaidPane } from "./mermaid_pane.js";

// Fills `root`; `first` has wish, scene and details. Returns start(id), which starts again from another node, and renew().
export function lineage(root, ask, stale, first = null) {
  let wish = null;
  let origin = null; // the wish it began with
  let scene = null;
  let lastHidden = [];
  let turn = 0;

  const canvas = make("div", { class: "ag-canvas", tabindex: "-1" });
  const said = make("span", { class: "ag-lit", role: "status", "aria-live": "polite" });
  const foot = make("span", {});
  const panel = detailsPanel(ask, stale, { go, showLineage: start });
  const view = graph(canvas, {
    choose,
    grow: (id, side, deep) => alter(id, (next) => {
      next.closed = drop(next.closed, id, side);
      (deep ? next.deep : next.opened).push([id, side]);
      if (id in scene.stacks) next.apart.push(id);
    }),
    shrink: (id, side) => alter(id, (next) => {
      next.opened = drop(next.opened, id, side);
      next.deep = drop(next.deep, id, side);
      next.closed.push([id, side]);
    }),
    hide: (id) => id !== scene.focus && alter(scene.focus, (next) => {
      lastHidden = id in scene.stacks ? scene.stacks[id].members.map((node) => node.id) : [id];
      next.hidden.push(...lastHidden);
    }),
    search: () => find.focus(),
    leave: () => (root.closest(".jp-Notebook") || document.body).focus?.() ?? document.activeElement.blur(),
    lit: (words) => fill(said, words),
  });

  const find = make("input", { class: "ag-input ag-find", type: "search", placeholder: "Find in graph", "aria-label": "Find in graph" });
  find.addEventListener("input", () => fill(said, view.search(find.value)));
  find.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" && event.key !== "Enter") return;
    if (event.key === "Escape") find.value = "";
    fill(said, view.search(find.value));
    if (event.key === "Escape") view.focus();
    event.stopPropagation();
  });
  const hops = (side, word) => {
    const input = make("input", { class: "ag-input ag-hops", type: "number", min: "0", max: "99", value: "1", "aria-label": `Hops ${side}` });
    input.addEventListener("change", () => alter(scene.focus, (next) => {
      next[side] = Math.min(99, Math.max(0, Math.round(Number(input.value)) || 0));
      input.value = String(next[side]);
      next.opened = next.opened.filter(([, way]) => way !== side);
      next.closed = next.closed.filter(([, way]) => way !== side);
      next.deep = next.deep.filter(([, way]) => way !== side);
    }));
    return { input, label: make("label", { class: "ag-hop ag-live" }, word, input) };
  };
  const up = hops("upstream", "Hops up");
  const down = hops("downstream", "down");
  const reset = button("Start over", () => start(origin.focus, origin.upstream, origin.downstream), { class: "ag-btn ag-live" });
  const undo = button("Show hidden", () => alter(scene.focus, (next) => { next.hidden = []; }), { class: "ag-btn flat ag-undo" });
  const graphTab = button("Graph", () => tab(false), { class: "ag-btn", role: "tab", "aria-selected": "true" });
  const mermaidTab = button("Mermaid", () => tab(true), { class: "ag-btn ag-live", role: "tab", "aria-selected": "false" });
  const mermaid = mermaidPane(ask, { wish: () => wish, go });
  const body = make("div", { class: "ag-lin" }, make("div", { class: "ag-left" }, canvas, mermaid.root), panel.root);
  fill(
    root,
    make("div", { class: "ag-bar" }, make("div", { class: "ag-tabs", role: "tablist", "aria-label": "Form" }, graphTab, mermaidTab), find, make("span", { class: "ag-grow" }), up.label, down.label, reset, button("Fit", () => view.fit(), {}), download()),
    body,
    make("div", { class: "ag-foot" }, make("span", {}, foot, undo), said),
  );

  function download() {
    const keep = (form, type, name) => button(form, async () => {
      menu.removeAttribute("open");
      try {
        const answer = await ask("export", { ...wish, form: form.toLowerCase() });
        save(name, type, answer.text);
      } catch (error) {
        fill(said, error.message);
      }
    }, { class: "ag-btn flat" });
    const items = [keep("SVG", "image/svg+xml", "lineage.svg"), keep("Mermaid", "text/plain", "lineage.mmd"), keep("DOT", "text/plain", "lineage.dot")];
    const menu = make("details", { class: "ag-menu ag-live" }, make("summary", { class: "ag-btn" }, "Download"), make("div", { class: "ag-items" }, items));
    return menu;
  }

  function tab(isMermaid) {
    graphTab.setAttribute("aria-selected", String(!isMermaid));
    mermaidTab.setAttribute("aria-selected", String(isMermaid));
    canvas.hidden = isMermaid;
    mermaid.root.hidden = !isMermaid;
    if (isMermaid) mermaid.show(scene);
  }

  function choose(id) {
    view.mark(id);
    const stack = scene.stacks[id];
    const node = scene.nodes.find((each) => each.id === id);
    if (stack) panel.members(stack, node.label, () => alter(scene.focus, (next) => next.apart.push(id)));
    else panel.open(id).then((kept) => kept && view.mark(kept));
  }

  // A link of the panel: a node that is drawn is chosen, another one becomes what the picture is about.
  function go(id) {
    if (!view.has(id)) {
      start(id);
      return;
    }
    choose(id);
  }

  function start(id, upstream = 1, downstream = 1) {
    wish = { focus: id, upstream, downstream, opened: [], closed: [], deep: [], hidden: [], apart: [] };
    origin ||= wish;
    up.input.value = String(upstream);
    down.input.value = String(downstream);
    panel.open(id);
    return look(wish, null, id);
  }

  // Ask for a changed wish; the node it was about stays where it is on the screen.
  function alter(keep, change) {
    const next = structuredClone(wish);
    change(next);
    return look(next, keep, null);
  }

  async function look(next, keep, chosen) {
    const mine = (turn += 1);
    root.setAttribute("aria-busy", "true");
    try {
      const answer = await ask("lineage", next);
      await new Promise((resolve) => { setTimeout(resolve); }); // a task of its own
      if (mine !== turn) return;
      wish = next;
      draw(answer, keep, chosen);
    } catch (error) {
      if (mine === turn) fill(said, make("span", { class: "ag-error-line", role: "alert" }, error.message));
    } finally {
      if (mine === turn) root.removeAttribute("aria-busy");
    }
  }

  // A cell has run: what it added to the picture is drawn.
  async function renew() {
    const mine = turn;
    const [answer] = await Promise.all([ask("lineage", wish), panel.renew()]);
    if (mine !== turn) return;
    if (answer.svg === scene.svg) stale.soon();
    else draw(answer, scene.focus, null);
  }

  function draw(next, keep, chosen) {
    scene = next;
    view.show(scene, keep).then(stale.soon);
    if (chosen) view.mark(scene.focus);
    fill(foot, scene.foot);
    undo.hidden = !wish.hidden.length;
    fill(said, find.value ? view.search(find.value) : "");
    if (!mermaid.root.hidden) mermaid.show(scene);
  }

  tab(false);
  stale.watch(view.ran, view.flag);
  if (first) {
    wish = origin = { ...first.wish, opened: [], closed: [], deep: [], hidden: [], apart: [] };
    up.input.value = String(wish.upstream);
    down.input.value = String(wish.downstream);
    draw(first.scene, null, first.scene.focus);
    panel.show(first.details);
  }
  return { start, renew };
}

function drop(sides, id, side) {
  return sides.filter(([node, way]) => node !== id || way !== side);
}
