// A tree of rows: pages come when a branch is opened; keys and roles as the ARIA pattern for trees says.
import { fill, icon, make } from "./dom.js";
import { staleBadge, whyStale } from "./stale.js";

const TYPED = 600; // ms between letters of one word
const MARGIN = 140; // px above and below what is in sight that are drawn as well

// A tree; `inside(id, cursor)` gives a page, `earlier(cursor)` the page before the first, `choose(id)` is told of choices.
export function tree(root, stale, { inside, earlier, choose, leave }) {
  let top = []; // nodes of the first level
  let flat = []; // every node that is shown, in order; "more" rows among them
  let current = null;
  let chosen = null;
  let isSingle = false; // one span and what is inside it
  let clock = [0, 1];
  const list = make("div", { class: "ag-tree ag-scroll", role: "tree", "aria-label": "Spans", tabindex: "-1" });
  const distance = new IntersectionObserver(fold, { root: list, rootMargin: `${MARGIN}px` });
  const axis = make("span", { class: "ax" });
  const head = make("div", { class: "ag-row ag-thead", "aria-hidden": "true" }, make("span", { class: "nm" }, "Span"), make("span", { class: "out" }, "Outputs"), axis, make("span", { class: "dur" }, "Time"), make("span", { class: "st" }, "Status"));
  fill(root, head, list);

  function node(row, level, parent) {
    return { row, level, parent, open: false, kids: null, element: null };
  }

  function more(words, level, parent, load) {
    return { more: words, level, parent, load, element: null };
  }

  function show(page, single = null) {
    current = chosen = null;
    isSingle = single !== null;
    top = [];
    if (single) {
      const first = node(single, 1, null);
      adopt(first, page);
      first.open = true;
      top = [first];
    } else before(page);
    settle();
  }

  // Rows that came or changed since: what is open, chosen and in sight stays.
  function renew(page) {
    const root = isSingle ? top[0] : null;
    const kin = root ? root.kids : top;
    const known = new Map(kin.filter((each) => each.row).map((each) => [each.row.id, each]));
    if (!root && !page.rows.some((row) => known.has(row.id))) {
      show(page);
      return;
    }
    const isAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 1;
    for (const row of page.rows) {
      const old = known.get(row.id);
      if (!old && !kin.at(-1)?.more) kin.push(node(row, root ? 2 : 1, root));
      else if (old && JSON.stringify(old.row) !== JSON.stringify(row)) change(old, row);
    }
    settle();
    if (isAtEnd) list.scrollTop = list.scrollHeight;
  }

  function change(each, row) {
    const old = each.element;
    const isFocused = old === document.activeElement;
    each.row = row;
    each.element = draw(each);
    each.element.setAttribute("aria-selected", String(each === chosen));
    old.replaceWith(each.element);
    if (isFocused) each.element.focus({ preventScroll: true });
  }

  function before(page) {
    const rows = page.rows.map((row) => node(row, 1, null));
    if (page.cursor) rows.unshift(more(`Show earlier (${page.more} more)`, 1, null, async (self) => {
      const next = await earlier(page.cursor);
      top.splice(top.indexOf(self), 1);
      before(next);
    }));
    top = [...rows, ...top];
  }

  function adopt(parent, page) {
    const rows = page.rows.map((row) => node(row, parent.level + 1, parent));
    parent.kids = [...(parent.kids || []), ...rows];
    if (page.cursor) parent.kids.push(more(`Show more (${page.more} more)`, parent.level + 1, parent, async (self) => {
      const next = await inside(parent.row.id, page.cursor);
      parent.kids.splice(parent.kids.indexOf(self), 1);
      adopt(parent, next);
    }));
  }

  // What is shown, after anything was opened or closed; rows that stay are not made again.
  function settle() {
    flat = [];
    const walk = (nodes) => {
      nodes.forEach((each, at) => {
        each.at = at + 1;
        each.of = nodes.length;
        flat.push(each);
        if (each.open && each.kids) walk(each.kids);
      });
    };
    walk(top);
    measure();
    for (const each of flat) each.element ||= draw(each);
    for (const each of flat) {
      each.element.setAttribute("aria-setsize", String(each.of));
      each.element.setAttribute("aria-posinset", String(each.at));
      if (!each.more && each.row.opens) each.element.setAttribute("aria-expanded", String(each.open));
      place(each);
    }
    const kept = new Set(flat.map((each) => each.element));
    for (const element of [...list.children]) if (!kept.has(element)) element.remove();
    let here = list.firstChild; // what stays is not moved, so that it keeps the focus
    for (const each of flat) {
      if (each.element === here) here = here.nextSibling;
      else list.insertBefore(each.element, here);
      distance.observe(each.element);
    }
    if (!flat.includes(current)) current = flat.find((each) => !each.more) || flat[0] || null;
    for (const each of flat) each.element.setAttribute("tabindex", each === current ? "0" : "-1");
    stale.soon();
  }

  // The spans whose rows are in sight.
  function inSight() {
    const { top: from, bottom: to } = list.getBoundingClientRect();
    const seen = (each) => {
      const { top: low, bottom: high } = each.element.getBoundingClientRect();
      return high > from && low < to;
    };
    return flat.filter((each) => each.row?.state && seen(each)).map((each) => each.row.id);
  }

  function flag(judged, found) {
    const asked = new Set(judged);
    for (const { row, element } of flat) {
      if (!row?.state || !asked.has(row.id)) continue;
      const outdated = found[row.id];
      element.querySelector(".ag-stale")?.remove();
      if (outdated) element.querySelector(".nm").append(staleBadge(outdated));
      element.setAttribute("aria-label", [spoken(row), outdated && whyStale(outdated)].filter(Boolean).join(", "));
    }
  }

  function measure() {
    const spans = top.filter((each) => each.row && each.row.start);
    const low = Math.min(...spans.map((each) => each.row.start));
    const high = Math.max(...spans.map((each) => each.row.end || each.row.start));
    clock = spans.length ? [low, Math.max(high - low, 0.001)] : [0, 1];
    axis.dataset.to = spans.length ? seconds(clock[1]) : "";
  }

  function place(each) {
    const bar = each.element.querySelector(".track i");
    if (!bar) return;
    const start = Math.min(100, Math.max(0, ((each.row.start - clock[0]) / clock[1]) * 100));
    const end = Math.min(100, Math.max(0, (((each.row.end || clock[0] + clock[1]) - clock[0]) / clock[1]) * 100));
    bar.style.left = `min(${start}%, calc(100% - 3px))`;
    bar.style.width = `${Math.max(0, end - start)}%`;
  }

  function draw(each) {
    const element = make("div", { class: "ag-row", role: "treeitem", "aria-level": each.level, "aria-selected": "false", style: `--lvl:${each.level - 1}` });
    element.node = each;
    if (each.more) {
      element.classList.add("ag-more");
      fill(element, make("span", { class: "nm" }, make("span", { class: "tw" }), make("span", { class: "ag-link" }, each.more)));
      return element;
    }
    const { row } = each;
    element.dataset.nodeId = row.id;
    const twist = make("span", { class: "tw" }, row.opens && icon({ d: "M6 3.5l4.5 4.5L6 12.5", look: "" }));
    const after = [row.cell, row.around].filter(Boolean).map((word) => make("span", { class: "ag-2 ag-sm" }, word));
    const name = make("span", { class: "nm" }, twist, icon(row.icon), make("span", { class: row.state ? "nb" : "ag-made", title: row.label }, row.label), after);
    if (!row.state) {
      element.classList.add("is-made");
      fill(element, name, make("span", { class: "out ag-2 ag-sm" }, row.detail));
      return element;
    }
    const chips = row.made.map((made) => make("span", { class: "ag-chip", title: made.label }, icon(made.icon), make("span", { class: "ag-word" }, made.label)));
    const tone = row.state.tone === "none" ? null : row.state.tone;
    const bar = make("i", { class: row.state.word === "abandoned" ? "ghost" : each.level > 1 ? "kid" : null, "data-tone": tone === "good" ? null : tone });
    element.setAttribute("aria-label", spoken(row));
    fill(
      element,
      name,
      make("span", { class: "out" }, chips, row.hidden > 0 && make("span", { class: "ag-2 ag-sm" }, `+${row.hidden.toLocaleString("en")}`)),
      make("span", { class: "track", title: row.when }, row.start && bar),
      make("span", { class: "dur", title: row.when }, row.took),
      make("span", { class: "st", "data-tone": tone }, row.state.icon && icon(row.state.icon, true), make("span", {}, row.state.word)),
    );
    return element;
  }

  async function open(each) {
    if (!each.row.opens || each.open) return;
    if (!each.kids) {
      each.element.setAttribute("aria-busy", "true");
      try {
        adopt(each, await inside(each.row.id, null));
      } catch {
        return; // said below the tree
      } finally {
        each.element.removeAttribute("aria-busy");
      }
    }
    each.open = true;
    settle();
  }

  function close(each) {
    each.open = false;
    settle();
  }

  async function press(each) {
    if (!each.more) {
      select(each);
      return;
    }
    const at = flat.indexOf(each);
    const first = flat[at - 1] || flat[at + 1];
    try {
      await each.load(each);
    } catch {
      return; // said below the tree
    }
    current = first;
    settle();
    current?.element.focus({ preventScroll: true });
  }

  function select(each) {
    chosen?.element.setAttribute("aria-selected", "false");
    chosen = each;
    each.element.setAttribute("aria-selected", "true");
    choose(each.row.id);
  }

  function stop(each) {
    if (!each) return;
    current?.element.setAttribute("tabindex", "-1");
    current = each;
    each.element.setAttribute("tabindex", "0");
    each.element.focus({ preventScroll: true });
    each.element.scrollIntoView({ block: "nearest" });
  }

  list.addEventListener("click", (event) => {
    const each = event.target.closest(".ag-row")?.node;
    if (!each) return;
    stop(each);
    if (!each.more && each.row.opens && event.target.closest(".tw")) each.open ? close(each) : open(each);
    else press(each);
  });
  list.addEventListener("dblclick", (event) => {
    const each = event.target.closest(".ag-row")?.node;
    if (each && !each.more && each.row.opens && !event.target.closest(".tw")) each.open ? close(each) : open(each);
  });

  let typed = "";
  let last = 0;
  function jump(letter) {
    const now = performance.now();
    typed = now - last < TYPED ? typed + letter : letter;
    last = now;
    const from = flat.indexOf(current) + (typed.length > 1 ? 0 : 1);
    const around = [...flat.slice(from), ...flat.slice(0, from)];
    stop(around.find((each) => !each.more && each.row.label.toLowerCase().startsWith(typed)));
  }

  list.addEventListener("keydown", (event) => {
    const each = event.target.closest(".ag-row")?.node;
    if (!each || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = flat.indexOf(each);
    if (event.key === "ArrowDown") stop(flat[at + 1]);
    else if (event.key === "ArrowUp") stop(flat[at - 1]);
    else if (event.key === "Home") stop(flat[0]);
    else if (event.key === "End") stop(flat[flat.length - 1]);
    else if (event.key === "ArrowRight") { if (each.open) stop(flat[at + 1]); else if (!each.more) open(each); }
    else if (event.key === "ArrowLeft") { if (each.open) close(each); else stop(each.parent); }
    else if (event.key === "Enter" || event.key === " ") press(each);
    else if (event.key === "Escape") leave();
    else if (event.key.length === 1) jump(event.key.toLowerCase());
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  stale.watch(inSight, flag);
  list.addEventListener("scroll", stale.soon);
  new ResizeObserver(stale.soon).observe(list);

  return { show, renew };
}

// Rows far from what is in sight have no style or layout: JupyterLab asks for that of a whole cell at each click.
function fold(rows) {
  for (const { target, isIntersecting } of rows) target.classList.toggle("is-far", !isIntersecting);
}

function spoken(row) {
  return [row.kind, row.label, row.cell, row.state.word, row.took, row.counts].filter(Boolean).join(", ");
}

function seconds(amount) {
  if (amount < 1) return `${Math.round(amount * 1000)} ms`;
  if (amount < 120) return `${amount.toPrecision(2)} s`;
  if (amount < 7200) return `${Math.round(amount / 60)} min`;
  return amount < 172800 ? `${Math.round(amount / 3600)} h` : `${Math.round(amount / 86400)} days`;
}
