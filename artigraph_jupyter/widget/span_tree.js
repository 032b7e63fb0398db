// The widget SpanTree.
import { fill, make } from "./dom.js";
import { channel } from "./channel.js";
import { TIMES, fields } from "./fields.js";
import { shelf } from "./shelf.js";
import { staleness } from "./stale.js";
import { tree } from "./tree.js";

const STATES = [["", "Any status"], ...["ok", "error", "interrupted", "open", "abandoned"].map((word) => [word, word])];

function render({ model, el }) {
  const { ask, heard, watch, close } = channel(model);
  const stale = staleness(ask);
  const first = model.get("first");
  const root = make("section", { class: "ag-card ag-widget", "aria-label": "Spans", "data-lm-suppress-shortcuts": "true" });
  const left = make("div", { class: "ag-left ag-column" });
  const said = make("span", { role: "status", "aria-live": "polite" });
  const beside = shelf(ask, stale, left);
  const fail = (error) => fill(said, make("span", { class: "ag-error-line" }, error.message));
  let turn = 0;
  const query = fields(
    [["text", "Search spans", "search"], ["status", "Status", "choice", STATES], ["days", "Time", "time", TIMES], ["tag", "tag or tag = value", "text"]],
    async (values) => {
      const mine = (turn += 1);
      try {
        const page = await ask("spans", values);
        if (mine === turn) show(page);
      } catch (error) {
        if (mine === turn) fail(error);
      }
    },
  );
  const view = tree(left, stale, {
    inside: (id, cursor) => ask("inside", { id, cursor }).catch((error) => { fail(error); throw error; }),
    earlier: (cursor) => ask("spans", { ...query.values(), cursor }).catch((error) => { fail(error); throw error; }),
    choose: beside.open,
    leave: () => document.activeElement.blur(),
  });
  const show = (page) => {
    view.show(page);
    fill(said, page.said);
  };
  const renew = async () => {
    const mine = turn;
    const page = await (first.root ? ask("inside", { id: first.root.id, cursor: null }) : ask("spans", query.values()));
    if (mine !== turn) return;
    view.renew(page);
    if (!first.root) fill(said, page.said);
  };
  fill(root, first.root ? null : make("div", { class: "ag-bar" }, query.all), beside.root, make("div", { class: "ag-foot" }, said, make("span", {}, first.where)));
  el.append(make("div", { class: "ag" }, root));
  view.show(first.page, first.root ?? null);
  const count = first.page.rows.length;
  if (!first.root) fill(said, first.page.more ? `the newest ${count} spans, ${first.page.more} earlier` : count ? `${count} spans` : "No spans yet. Start a cell with %%span NAME.");
  watch(root);
  heard(() => Promise.all([renew(), beside.renew()]).catch(() => {})); // what was shown stays; the channel says when the kernel is gone
  return () => {
    stale.close();
    close();
  };
}

export default { render };
