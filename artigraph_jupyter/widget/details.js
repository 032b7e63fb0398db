// The details panel: what is known of one node, and what can be done with it.
import { badge, button, copy, drawn, fill, icon, make, nodeLink } from "./dom.js";
import { staleBadge } from "./stale.js";

// A panel; `go(id)` is called for a link, `showLineage(id)` for that action.
export function detailsPanel(ask, stale, { go, showLineage, close = null }) {
  const root = make("section", { class: "ag-panel", role: "region", "aria-label": "Details", tabindex: "-1" });
  const why = make("div", { class: "ag-why", role: "status", "aria-live": "polite" });
  let wanted = 0;
  let ran = []; // what may be out of date about what is shown
  let told = ""; // the facts on show, as they came

  stale.watch(() => ran.map((each) => each.id), (judged, found) => {
    if (!ran.some((each) => judged.includes(each.id))) return;
    fill(why, ran.filter((each) => found[each.id]).map((each) => reasons(each.label, found[each.id])));
  });

  // Resolves to the id of what goes on being shown, when there is no kernel to ask.
  async function open(id) {
    const mine = (wanted += 1);
    const slow = setTimeout(() => mine === wanted && waiting(), 200);
    try {
      const facts = await ask("details", { id });
      if (mine === wanted) show(facts);
    } catch (error) {
      if (mine !== wanted) return null;
      if (error.gone) return root.dataset.nodeId;
      say(error.message);
    } finally {
      clearTimeout(slow);
      root.querySelector(".ag-wait")?.remove();
    }
    return null;
  }

  // A cell has run: facts that have become others are shown, unless a person is busy here.
  async function renew() {
    const mine = wanted;
    const id = root.dataset.nodeId;
    if (!id || root.contains(document.activeElement)) return;
    const facts = await ask("details", { id });
    if (mine === wanted && told !== JSON.stringify(facts)) show(facts);
  }

  // What is shown stays until there is something else to show.
  function waiting() {
    const bars = [70, 90, 50].map((width) => make("div", { class: "ag-skel", style: `width:${width}%` }));
    const line = make("div", { class: "ag-sec ag-wait" }, make("span", { class: "ag-2" }, "Reading details"), bars);
    root.querySelector(".ag-wait")?.remove();
    (root.querySelector(".ag-know") || fill(root)).prepend(line);
  }

  function clear() {
    wanted += 1;
    ran = [];
    root.removeAttribute("data-node-id");
  }

  function say(words) {
    clear();
    fill(root, make("div", { class: "ag-sec" }, make("p", { class: "ag-error-line", role: "alert" }, words)));
  }

  function members(stack, label, apart) {
    clear();
    const more = stack.total - stack.members.length;
    fill(
      root,
      make("div", { class: "ag-head" }, make("h3", {}, label), make("span", { class: "ag-2" }, `${stack.total.toLocaleString("en")} alike`)),
      make("div", { class: "ag-sec ag-members", tabindex: "0" }, stack.members.map((node) => make("div", {}, nodeLink(node, go))),
        more > 0 && make("div", { class: "ag-2" }, `${more.toLocaleString("en")} more`)),
      make("div", { class: "ag-sec ag-acts" }, button("Draw them one by one", apart, { class: "ag-btn" })),
    );
  }

  function show(facts) {
    wanted += 1;
    told = JSON.stringify(facts);
    root.setAttribute("data-node-id", facts.id);
    ran = facts.ran;
    fill(why);
    stale.soon();
    const closer = close && button("×", close, { class: "ag-btn flat ag-close", "aria-label": "Close details" });
    const badges = make("div", { class: "ag-badges" }, facts.badges.map(badge));
    const known = [
      make("div", { class: "ag-head" }, icon(facts.icon), title(facts), make("span", { class: "ag-2 ag-sm" }, facts.what.replaceAll(" × ", "\u00a0×\u00a0")), make("span", { class: "ag-grow" }), closer),
      make("div", { class: "ag-sec ag-first" }, badges, why, facts.note && make("pre", { class: "ag-code ag-error", tabindex: "0" }, facts.note), list(facts.facts)),
      make("div", { class: "ag-sec" }, facts.load && loader(facts), actions(facts, badges)),
    ];
    const content = facts.preview && make("div", { class: "ag-sec" }, make("h4", { class: "ag-h4" }, "Content"), preview(facts.preview));
    const shown = [content, facts.versions && versions(facts.versions), facts.code && code(facts.code)].filter(Boolean);
    fill(root, make("div", { class: "ag-know" }, known), shown.length > 0 && make("div", { class: "ag-show" }, shown));
  }

  // The leaf of a key leads; it breaks before it, not in it.
  function title(facts) {
    if (!facts.folder) return make("h3", {}, facts.label);
    return make("h3", {}, make("span", { class: "ag-2 ag-sm" }, facts.folder), make("wbr"), facts.label.slice(facts.folder.length));
  }

  function versions(found) {
    const rows = found.rows.map((version) => {
      const opener = version.shown
        ? make("b", { class: "nb", "aria-current": "true" }, version.word)
        : make("button", { type: "button", class: "ag-link", "data-node-id": version.id, onclick: () => go(version.id) }, version.word);
      const by = make("span", { class: "ag-2" }, version.saved, version.maker && ` · ${version.maker}`);
      return make("li", {}, opener, by, version.badges.map(badge));
    });
    const title = make("h4", { class: "ag-h4" }, "Versions", make("span", { class: "ag-2" }, ` · ${found.count.toLocaleString("en")}`));
    return make("div", { class: "ag-sec" }, title, make("ol", { class: "ag-versions", "aria-label": "Versions" }, rows), found.more && make("div", { class: "ag-2 ag-sm" }, found.more));
  }

  function list(facts) {
    const rows = facts.map((fact) => [
      make("dt", {}, fact.name),
      make("dd", {}, fact.text, fact.links.map((node) => nodeLink(node, go)), fact.more && make("span", { class: "ag-2" }, fact.more)),
    ]);
    return make("dl", { class: "ag-facts" }, rows);
  }

  function loader(facts) {
    const name = make("input", { class: "ag-input", value: facts.load.name, "aria-label": "Variable name", spellcheck: "false", size: "12" });
    const said = make("div", { class: "ag-said", role: "status", "aria-live": "polite" });
    let replace = null;
    const run = button("Load into variable", async () => {
      run.disabled = true;
      try {
        const answer = await ask("load", { id: facts.id, name: name.value, replace: replace === name.value });
        replace = answer.taken ? name.value : null;
        fill(run, answer.taken ? `Replace ${name.value}` : "Load into variable");
        fill(said, answer.taken || answer.said);
      } catch (error) {
        fill(said, make("span", { class: "ag-error-line" }, error.message));
      }
      run.disabled = false;
    }, { class: "ag-btn primary" });
    name.addEventListener("input", () => {
      replace = null;
      fill(run, "Load into variable");
    });
    name.addEventListener("keydown", (event) => event.key === "Enter" && run.click());
    return make("div", { class: "ag-live ag-load" }, make("div", { class: "ag-acts" }, name, run), said);
  }

  function actions(facts, badges) {
    const said = make("div", { class: "ag-said", role: "status", "aria-live": "polite" });
    const copying = (words, text) => button(words, async () => {
      fill(said, (await copy(text)) ? "copied" : "the page may not copy");
    }, { class: "ag-btn flat" });
    const checking = facts.check && button("Check bytes", async () => {
      fill(said, "reading …");
      try {
        const answer = await ask("check", { id: facts.id });
        if (answer.badge) fill(badges, facts.badges.map(badge), badge(answer.badge));
        fill(said, answer.said);
      } catch (error) {
        fill(said, make("span", { class: "ag-error-line" }, error.message));
      }
    }, { class: "ag-btn flat ag-live" });
    const row = [
      facts.load && copying("Copy loading code", facts.load.code),
      showLineage && button("Show lineage", () => showLineage(facts.id), { class: "ag-btn flat ag-live" }),
      checking,
      copying("Copy id", facts.id),
    ];
    return make("div", {}, make("div", { class: "ag-acts ag-words" }, row), said);
  }

  function hint(words) {
    fill(root, make("div", { class: "ag-sec ag-2 ag-sm" }, words));
  }

  return { root, open, renew, show, say, members, hint };
}

// Why a span is out of date; of something it made, with its name.
function reasons(label, flag) {
  return make("div", {}, staleBadge(flag), make("ul", { class: "ag-line" }, flag.why.map((words) => make("li", {}, label ? `${label}: ${words}` : words))));
}

function code(source) {
  const count = source.lines === 1 ? "1 line" : `${source.lines.toLocaleString("en")} lines`;
  const title = make("h4", { class: "ag-h4" }, source.title, make("span", { class: "ag-2" }, ` · ${count}`));
  return make("div", { class: "ag-sec src" }, title, make("pre", { class: "ag-code", tabindex: "0", "aria-label": source.title }, source.text));
}

function preview(content) {
  if (!content.columns) {
    const image = content.image && make("img", { class: "ag-picture", src: content.image, alt: "" });
    return make("div", { class: "ag-line" }, image, content.bars.length > 1 && sketch(content.bars), make("code", {}, content.text));
  }
  const numeric = content.columns.map((_, column) => /^(u?int|float|decimal|double|complex)/i.test(content.dtypes[column] || ""));
  const cell = (tag) => (word, column) => make(tag, { class: numeric[column] ? "num" : null, scope: tag === "th" ? "col" : null }, word);
  const head = make("thead", {}, make("tr", {}, content.columns.map(cell("th"))), make("tr", { class: "dt" }, content.dtypes.map(cell("th"))));
  const body = make("tbody", {}, content.rows.map((row) => make("tr", {}, row.map(cell("td")))));
  const table = make("table", { class: "ag-t ag-df" }, head, body);
  return [make("div", { class: "ag-scroll", tabindex: "0", role: "group", "aria-label": "First rows" }, table), make("div", { class: "ag-2 ag-sm ag-note" }, content.note)];
}

// A histogram of 76 x 18 pixels.
function sketch(values) {
  const top = Math.max(...values) || 1;
  const svg = drawn("svg", { class: "spark", width: 76, height: 18, viewBox: "0 0 76 18", "aria-hidden": "true" });
  const step = 76 / values.length;
  values.forEach((value, at) => {
    const tall = value > 0 ? Math.max(1, (17 * value) / top) : 0.5;
    svg.append(drawn("rect", { x: at * step, y: 18 - tall, width: Math.max(step - 1, step / 2), height: tall }));
  });
  return svg;
}
