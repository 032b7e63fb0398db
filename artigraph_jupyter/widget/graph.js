// The picture of a lineage: our own SVG from the kernel, with a pointer, a keyboard, zoom and a lit path.
import { drawn } from "./dom.js";
import { whyStale } from "./stale.js";

const LEAST = 0.4;
const MOST = 2;
const BIG = 100; // nodes from which a picture is added piece by piece
const PIECE = 40; // parts that are added at once
const SLICE = 20; // ms after which the page does other things
const FIRST = 0.75; // how far a wide picture is made smaller before anybody zoomed
const HEAD = 12; // px above the picture, for flags that come later
const RISE = 14; // how far a flag stands above its node
const NEAR = 3; // px that a press may move and still be a click

// A canvas; `act` has choose(id), grow(id, side, deep), shrink(id, side), hide(id), search(), leave(), lit(words).
export function graph(canvas, act) {
  let svg = null;
  let scene = null;
  let boxes = new Map(); // id -> g
  let facts = new Map(); // id -> what the kernel said of the node
  let links = []; // {g, source, target}
  let zoom = 1;
  let at = null; // id of the node with the tab stop
  let chosen = null;
  const outdated = new Map(); // id -> {badge, why} of what is out of date
  let turn = 0;
  let settled = false; // whether the canvas has had a size

  // Draws a scene; a big one piece by piece, so that the page stays awake.
  async function show(next, keep = null) {
    const mine = (turn += 1);
    const before = keep && boxes.has(keep) ? place(keep) : null;
    const known = boxes;
    const focused = canvas.contains(document.activeElement) && document.activeElement !== canvas;
    const parsed = new DOMParser().parseFromString(next.svg, "text/html").querySelector("svg"); // twice as fast as XML
    const isBig = next.nodes.length > BIG;
    if (isBig && !(await awake(mine))) return;
    scene = next;
    svg = document.importNode(parsed, false);
    svg.setAttribute("role", "group");
    svg.setAttribute("viewBox", `0 ${-HEAD} ${scene.width} ${scene.height + HEAD}`);
    facts = new Map(scene.nodes.map((node) => [node.id, node]));
    boxes = new Map([...parsed.querySelectorAll("g.node")].map((g) => [g.dataset.nodeId, g]));
    links = [...parsed.querySelectorAll("g.link")].map((g) => ({ g, source: g.dataset.source, target: g.dataset.target }));
    for (const node of scene.nodes) {
      const g = boxes.get(node.id);
      if (!g) continue;
      g.setAttribute("role", "button");
      g.setAttribute("aria-label", node.says);
      g.setAttribute("tabindex", "-1");
    }
    if (isBig && !(await awake(mine))) return;
    for (const more of parsed.querySelectorAll("g.more")) widen(more, more.querySelector("rect"));
    canvas.replaceChildren(svg);
    scale(before ? zoom : opening()); // before there is text in it: text of another size is laid out again
    const parts = [...parsed.children];
    let began = performance.now();
    for (let from = 0; from < parts.length; from += PIECE) {
      svg.append(...parts.slice(from, from + PIECE));
      svg.getBoundingClientRect(); // laid out now, and not with the rest in one go
      if (performance.now() - began < SLICE || from + PIECE >= parts.length) continue;
      if (!(await awake(mine))) return;
      began = performance.now();
    }
    raise(outdated.keys());
    at = boxes.has(at) ? at : boxes.has(chosen) ? chosen : scene.focus;
    boxes.get(at)?.setAttribute("tabindex", "0");
    mark(chosen);
    const after = before && boxes.has(keep) ? place(keep) : null;
    if (after) {
      canvas.scrollBy({ left: after.x - before.x, top: after.y - before.y, behavior: "instant" });
      const fresh = nearest(place(keep), [...boxes.keys()].filter((id) => !known.has(id)));
      if (fresh) nudge(fresh);
    } else start();
    if (focused) boxes.get(at)?.focus({ preventScroll: true });
  }

  // Lets the page do other things; false when another scene came in the meantime.
  async function awake(mine) {
    await new Promise((resolve) => { setTimeout(resolve); });
    return mine === turn;
  }

  function place(id) {
    const r = shape(boxes.get(id)).getBoundingClientRect();
    return { x: r.x + r.width / 2, y: r.y + r.height / 2, width: r.width, height: r.height, left: r.left, right: r.right };
  }

  // The first look: as much as fits without getting small, the focus in the middle.
  function start() {
    settled = canvas.clientWidth > 0;
    if (!settled) return;
    scale(opening());
    reveal(scene.focus);
  }

  function opening() {
    return canvas.clientWidth > 0 ? Math.min(1, Math.max(FIRST, (canvas.clientWidth - 8) / scene.width)) : zoom;
  }

  // Scroll no further than it takes to see a node.
  function nudge(id) {
    const spot = shape(boxes.get(id)).getBoundingClientRect();
    const frame = canvas.getBoundingClientRect();
    const short = (low, high, from, to) => (low < from + 8 ? low - from - 8 : high > to - 8 ? high - to + 8 : 0);
    const left = short(spot.left, spot.right, frame.left, frame.right);
    canvas.scrollBy({ left, top: short(spot.top, spot.bottom, frame.top, frame.bottom), behavior: "instant" });
  }

  function reveal(id) {
    if (!boxes.has(id)) return;
    const spot = place(id);
    const frame = canvas.getBoundingClientRect();
    canvas.scrollBy({ left: spot.x - frame.x - frame.width / 2, top: spot.y - frame.y - frame.height / 2, behavior: "instant" });
  }

  function scale(factor) {
    zoom = Math.min(MOST, Math.max(LEAST, factor));
    for (const [side, length] of [["width", scene.width], ["height", scene.height + HEAD]]) {
      const scaled = String(Math.round(length * zoom));
      if (svg.getAttribute(side) !== scaled) svg.setAttribute(side, scaled); // the same again would be laid out again
    }
  }

  function fit() {
    scale(Math.min(1, (canvas.clientWidth - 4) / scene.width, (canvas.clientHeight - 4) / (scene.height + HEAD)));
  }

  function mark(id) {
    chosen = id;
    for (const [node, g] of boxes) {
      const is = node === id;
      g.classList.toggle("focus", is);
      g.querySelector(":scope > rect.frame")?.classList.toggle("focus", is);
      g.setAttribute("aria-pressed", String(is));
    }
  }

  function stop(id) {
    boxes.get(at)?.setAttribute("tabindex", "-1");
    at = id;
    const g = boxes.get(id);
    g?.setAttribute("tabindex", "0");
    g?.focus({ preventScroll: true });
    g?.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
  }

  function beside(id, side) {
    const up = side === "upstream";
    return links.filter((link) => (up ? link.target : link.source) === id).map((link) => (up ? link.source : link.target));
  }

  // Everything that led to a node, and everything it led to.
  function path(id) {
    const lit = { nodes: new Set([id]), links: new Set() };
    for (const up of [true, false]) {
      const level = [id];
      const seen = new Set(level);
      while (level.length) {
        const here = level.pop();
        for (const link of links) {
          if ((up ? link.target : link.source) !== here) continue;
          lit.links.add(link.g);
          const there = up ? link.source : link.target;
          if (!seen.has(there)) {
            seen.add(there);
            lit.nodes.add(there);
            level.push(there);
          }
        }
      }
    }
    return lit;
  }

  let under = null;
  function light(id) {
    if (id === under) return;
    under = id;
    const lit = id ? path(id) : { nodes: new Set(), links: new Set() };
    for (const { g } of links) g.classList.toggle("lit", lit.links.has(g));
    for (const [node, g] of boxes) g.classList.toggle("lit", lit.nodes.has(node));
    svg.querySelectorAll("g.less").forEach((less) => less.remove());
    const node = facts.get(id);
    if (node) node.less.forEach((side) => lessen(node, side));
    act.lit(node ? `${node.label}: ${count(lit.nodes.size - 1)} up- and downstream of it lit` : "");
  }

  // The handle that closes a side, where the line leaves the node.
  function lessen(node, side) {
    const g = boxes.get(node.id);
    const box = shape(g).getBBox();
    const x = side === "upstream" ? box.x : box.x + box.width;
    const y = box.y + box.height / 2;
    const less = drawn("g", { class: "less", role: "button", "data-of": node.id, "data-side": side });
    less.setAttribute("aria-label", `hide what is ${side} of ${node.label}`);
    less.append(drawn("circle", { cx: x, cy: y, r: 12, class: "hit" }), drawn("circle", { cx: x, cy: y, r: 8 }));
    less.append(drawn("path", { d: `M${x - 3.5} ${y}h7` }));
    g.append(less);
  }

  function widen(more, rect) {
    const hit = drawn("rect", { class: "hit", rx: 12, width: 32, height: 24 });
    hit.setAttribute("x", String(Number(rect.getAttribute("x")) - 3));
    hit.setAttribute("y", String(Number(rect.getAttribute("y")) - 3));
    more.append(hit);
    more.setAttribute("role", "button");
    const node = facts.get(more.dataset.of);
    more.setAttribute("aria-label", `${more.querySelector("title").textContent} of ${node ? node.label : "this"}`);
  }

  // Flags on what is out of date, beside those that the kernel drew.
  function flag(judged, found) {
    for (const id of judged) {
      if (found[id]) outdated.set(id, found[id]);
      else outdated.delete(id);
    }
    raise(judged);
  }

  function raise(ids) {
    for (const id of ids) {
      const g = boxes.get(id);
      if (!g?.isConnected) continue;
      const why = outdated.has(id) && whyStale(outdated.get(id));
      g.querySelector(":scope > .ag-stale")?.remove();
      if (why) g.append(raised(g, outdated.get(id).badge, why));
      g.setAttribute("aria-label", [facts.get(id).says, why].filter(Boolean).join(", "));
    }
  }

  function raised(g, { icon, tone, width, word }, why) {
    const frame = g.querySelector(":scope > .frame");
    const others = [...g.querySelectorAll(":scope > .flag > rect")].map((rect) => rect.getBBox());
    const box = shape(g).getBBox();
    const title = g.querySelector(":scope > .ground")?.getBBox();
    const after = Math.max(...others.map((rect) => rect.x + rect.width), frame ? title.x + title.width : 0) + 4;
    const x = frame ? after : Math.min(box.x + box.width - 10, ...others.map((rect) => rect.x - 4)) - width;
    const y = frame ? box.y - 9 : box.y - RISE;
    const made = drawn("g", { class: `flag ${tone} ag-stale` });
    made.append(
      drawn("title", {}, why),
      drawn("rect", { x, y, width, height: 18, rx: 9 }),
      drawn("path", { class: "icon", transform: `translate(${x + 7} ${y + 3.5}) scale(.7)`, d: icon.d }),
      drawn("text", { x: x + 21, y: y + 13 }, word),
    );
    return made;
  }

  function search(words) {
    const wanted = words.trim().toLowerCase();
    const hits = new Set();
    const behind = [];
    for (const node of wanted ? scene.nodes : []) {
      const inside = (scene.stacks[node.id]?.members || []).filter((member) => member.label.toLowerCase().includes(wanted)).length;
      if (inside) behind.push(`${inside} in ${node.label}`);
      else if (node.label.toLowerCase().includes(wanted)) hits.add(node.id);
    }
    for (const [id, g] of boxes) g.classList.toggle("hit", hits.has(id));
    if (hits.size) reveal([...hits][0]);
    if (!wanted) return "";
    return `${hits.size} ${hits.size === 1 ? "hit" : "hits"} of ${scene.nodes.length} drawn${behind.length ? `; ${behind.join(", ")}` : ""}`;
  }

  new ResizeObserver(() => settled || (svg && start())).observe(canvas);

  // ---------------------------------------------------------------- the pointer

  canvas.addEventListener("click", (event) => {
    if (moved) return;
    const handle = event.target.closest("g.more, g.less");
    if (handle) {
      const { of, side } = handle.dataset;
      stop(of);
      if (handle.classList.contains("more")) act.grow(of, side, event.shiftKey);
      else act.shrink(of, side);
      return;
    }
    const g = event.target.closest("g.node");
    if (!g) return;
    stop(g.dataset.nodeId);
    act.choose(g.dataset.nodeId);
  });
  let pointed = null;
  const point = (id) => {
    pointed = id;
    light(id);
  };
  canvas.addEventListener("pointerover", (event) => point(event.target.closest("g.node")?.dataset.nodeId || null));
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const frame = canvas.getBoundingClientRect();
    const x = event.clientX - frame.x;
    const y = event.clientY - frame.y;
    const before = zoom;
    scale(zoom * Math.exp(-event.deltaY / 400));
    canvas.scrollLeft = ((canvas.scrollLeft + x) * zoom) / before - x;
    canvas.scrollTop = ((canvas.scrollTop + y) * zoom) / before - y;
  }, { passive: false });

  let grip = null;
  let moved = false;
  canvas.addEventListener("pointerdown", (event) => {
    moved = false;
    if (event.button === 0) grip = { x: event.clientX, y: event.clientY, left: canvas.scrollLeft, top: canvas.scrollTop };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!grip || !(event.buttons & 1)) return;
    const x = event.clientX - grip.x;
    const y = event.clientY - grip.y;
    if (!moved && Math.abs(x) + Math.abs(y) <= NEAR) return;
    if (!moved) canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("is-dragged");
    moved = true;
    canvas.scrollLeft = grip.left - x;
    canvas.scrollTop = grip.top - y;
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      grip = null;
      canvas.classList.remove("is-dragged");
    });
  }

  // ---------------------------------------------------------------- the keyboard

  function along(id, side) {
    const here = place(id);
    return nearest(here, beside(id, side));
  }

  function inRank(id, step) {
    const here = place(id);
    const rank = [...boxes.keys()].filter((other) => {
      const spot = place(other);
      return other !== id && spot.left < here.right && spot.right > here.left && Math.sign(spot.y - here.y) === step;
    });
    return nearest(here, rank);
  }

  function nearest(here, ids) {
    let best = { id: undefined, far: Infinity };
    for (const id of ids) {
      if (!boxes.has(id)) continue;
      const spot = place(id);
      const far = Math.hypot(spot.x - here.x, spot.y - here.y);
      if (far < best.far) best = { id, far };
    }
    return best.id;
  }

  const keys = {
    ArrowLeft: (id) => along(id, "upstream"),
    ArrowRight: (id) => along(id, "downstream"),
    ArrowUp: (id) => inRank(id, -1),
    ArrowDown: (id) => inRank(id, 1),
    Home: () => scene.focus,
  };
  canvas.addEventListener("keydown", (event) => {
    const id = event.target.closest("g.node")?.dataset.nodeId;
    if (!id || event.ctrlKey || event.metaKey || event.altKey) return;
    const node = facts.get(id);
    const shrinking = node && node.less[node.less.length - 1];
    if (event.key in keys) {
      const next = keys[event.key](id);
      if (next) stop(next);
    } else if (event.key === "Enter" || event.key === " ") act.choose(id);
    else if (event.key === "[" || event.key === "{") act.grow(id, "upstream", event.key === "{");
    else if (event.key === "]" || event.key === "}") act.grow(id, "downstream", event.key === "}");
    else if (event.key === "-") { if (shrinking) act.shrink(id, shrinking); }
    else if (event.key === "h") act.hide(id);
    else if (event.key === "0") fit();
    else if (event.key === "/") act.search();
    else if (event.key === "Escape") act.leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  canvas.addEventListener("focusin", (event) => {
    const id = event.target.closest("g.node")?.dataset.nodeId;
    if (id && event.target.matches(":focus-visible")) light(id);
  });
  canvas.addEventListener("focusout", () => light(pointed)); // a press on a handle moves the focus before it is a click

  return { show, mark, fit, search, focus: () => stop(at), has: (id) => boxes.has(id), nodes: () => scene.nodes, flag, ran: () => (scene ? scene.nodes.filter((node) => node.kind === "span" || node.kind === "run").map((node) => node.id) : []) };
}

function shape(g) {
  return g.querySelector(":scope > .shape, :scope > .frame") || g;
}

function count(number) {
  return number === 1 ? "1 node" : `${number.toLocaleString("en")} nodes`;
}
