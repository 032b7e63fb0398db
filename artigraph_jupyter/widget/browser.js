// The widget ArtifactBrowser.
import { button, fill, icon, make } from "./dom.js";
import { channel } from "./channel.js";
import { TIMES, fields } from "./fields.js";
import { shelf } from "./shelf.js";
import { staleness } from "./stale.js";

function render({ model, el }) {
  const { ask, heard, watch, close } = channel(model);
  const stale = staleness(ask);
  const first = model.get("first");
  const root = make("section", { class: "ag-card ag-widget", "aria-label": "Artifacts", "data-lm-suppress-shortcuts": "true" });
  const body = make("tbody", {});
  const titles = [["Key or label", ""], ["Version", ""], ["Type", "opt"], ["Size", "num opt"], ["Made by", "opt"], ["Saved", "opt"]];
  const head = make("tr", {}, titles.map(([word, look]) => make("th", { scope: "col", class: look || null }, word)));
  const table = make("table", { class: "ag-t", "aria-label": "Artifacts" }, make("thead", {}, head), body);
  const more = button("Show more", () => look(query.values(), cursor), { class: "ag-btn flat ag-live", hidden: true });
  const left = make("div", { class: "ag-left ag-column" }, make("div", { class: "ag-scroll ag-found" }, table), more);
  const said = make("span", { role: "status", "aria-live": "polite" });
  const beside = shelf(ask, stale, left);
  let cursor = null;
  let turn = 0;
  let shown = ""; // the page that is on show, as it came; empty when there are several
  let chosen = null;
  const query = fields(
    [["text", "Search keys, labels, tags, features", "search"], ["type", "Type", "text"], ["tag", "tag or tag = value", "text"], ["feature", "feature, feature > 20", "text"], ["days", "Time", "time", TIMES]],
    (values) => look(values, null),
  );

  async function look(values, after) {
    const mine = (turn += 1);
    try {
      const page = await ask("artifacts", { ...values, cursor: after });
      if (mine === turn) show(page, after !== null);
    } catch (error) {
      if (mine === turn) fill(said, make("span", { class: "ag-error-line" }, error.message));
    }
  }

  // A cell has run: a first page that has become another one is shown.
  async function renew() {
    const mine = turn;
    const page = await ask("artifacts", { ...query.values(), cursor: null });
    if (mine !== turn || !shown || shown === JSON.stringify(page)) return;
    const focused = body.contains(document.activeElement) && document.activeElement.closest("tr").dataset.nodeId;
    show(page, false);
    if (focused) body.querySelector(`[data-node-id="${focused}"] button`)?.focus({ preventScroll: true });
  }

  function show(page, onward) {
    shown = onward ? "" : JSON.stringify(page);
    const rows = page.rows.map(line);
    if (onward) body.append(...rows);
    else body.replaceChildren(...rows);
    cursor = page.cursor;
    more.hidden = !cursor;
    fill(said, page.cursor || !onward ? page.said : `${body.children.length} artifacts, newest first.`);
    body.querySelector("tr")?.querySelector("button").setAttribute("tabindex", "0");
  }

  function line(row) {
    const folder = row.folder && make("span", { class: "ag-2" }, row.folder);
    const opener = make("button", { type: "button", class: "ag-link", tabindex: "-1", onclick: () => choose(row.id) }, folder, row.label);
    const version = row.version && make("span", { class: "ag-ver" }, row.version);
    const cells = [[icon(row.icon), opener], version, row.type, row.size, row.maker, row.saved];
    return make("tr", { "data-node-id": row.id, "aria-selected": String(row.id === chosen) }, cells.map((cell, at) => make("td", { class: titles[at][1] || null }, cell)));
  }

  function choose(id) {
    chosen = id;
    for (const row of body.children) row.setAttribute("aria-selected", String(row.dataset.nodeId === id));
    beside.open(id);
  }

  // One tab stop; arrows go from row to row.
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row && !event.target.closest("button")) row.querySelector("button").click();
  });
  body.addEventListener("keydown", (event) => {
    const rows = [...body.children];
    const at = rows.indexOf(event.target.closest("tr"));
    const next = { ArrowDown: rows[at + 1], ArrowUp: rows[at - 1], Home: rows[0], End: rows[rows.length - 1] }[event.key];
    if (!next) return;
    rows[at].querySelector("button").setAttribute("tabindex", "-1");
    const opener = next.querySelector("button");
    opener.setAttribute("tabindex", "0");
    opener.focus();
    event.preventDefault();
    event.stopPropagation();
  });

  query.inputs.text.value = first.text;
  fill(root, make("div", { class: "ag-bar" }, query.all), beside.root, make("div", { class: "ag-foot" }, said, make("span", {}, first.where)));
  el.append(make("div", { class: "ag" }, root));
  show(first.page, false);
  watch(root);
  heard(() => Promise.all([renew(), beside.renew()]).then(stale.soon, () => {})); // what was shown stays; the channel says when the kernel is gone
  return () => {
    stale.close();
    close();
  };
}

export default { render };
