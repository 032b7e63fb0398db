// Questions to the kernel: each has a number, and its promise is kept by the answer with that number.
import { fill, make } from "./dom.js";

const PROTOCOL = 1;
const PATIENCE = 2_000; // ms without an answer until it is looked at why
const ENDS = ["dead", "terminating", "restarting", "autorestarting"]; // states of a kernel that has forgotten its widgets
const BUSY = "The kernel runs a cell; what was asked is answered afterwards.";
const SILENT = "The kernel does not answer yet: it runs a cell, or it is gone. What is shown here stays.";
const GONE = "The kernel that made this is gone. What is shown here stays; run the cell again to go on.";

// `ask(question, facts)` promises the answer, and rejects with a sentence; `heard(act)` calls act() when a cell has run;
// `watch(root)` says in the page when the kernel is busy or gone: then what would ask it is absent.
export function channel(model) {
  const open = new Map();
  const kernel = model.widget_manager?.kernel; // JupyterLab and Notebook tell; elsewhere only silence can be noticed
  const note = make("p", { class: "ag-gone", role: "status", "aria-live": "polite", hidden: true });
  let page = null;
  let acts = [];
  let last = 0;
  let heardAt = -PATIENCE;
  let isGone = false;

  const receive = (message, buffers) => {
    heardAt = performance.now();
    isGone = false;
    tell("");
    if (message.event === "ran") acts.forEach((act) => act());
    const waiting = open.get(message.id);
    if (!waiting) return;
    drop(message.id);
    if (message.error !== undefined) waiting.reject(new Error(message.error));
    else waiting.resolve(buffers && buffers.length ? { ...message.answer, buffers } : message.answer);
  };
  model.on("msg:custom", receive);

  function send(question, facts) {
    last += 1;
    const id = `${Math.random().toString(36).slice(2)}-${last}`; // two pages may show the same widget
    model.send({ v: PROTOCOL, id, ask: question, with: facts });
    return id;
  }

  const ask = (question, facts = {}) =>
    new Promise((resolve, reject) => {
      try {
        if (isGone) throw lost();
        const id = send(question, facts);
        open.set(id, { resolve, reject, timer: null });
        wait(id, false);
      } catch {
        lose();
        reject(lost());
      }
    });

  // A late answer: the kernel runs a cell, is still at it, or will never give one.
  function wait(id, probed) {
    open.get(id).timer = setTimeout(() => {
      const isHeard = performance.now() - heardAt < PATIENCE;
      const isBusy = kernel?.status === "busy";
      if (!isHeard && (probed || isBusy)) tell(isBusy ? BUSY : SILENT);
      else if (!isHeard) probe();
      if (open.has(id)) wait(id, !isHeard);
    }, PATIENCE);
  }

  function probe() {
    try {
      send("hello", {});
    } catch {
      lose();
    }
  }

  function drop(id) {
    clearTimeout(open.get(id).timer);
    open.delete(id);
  }

  function lose() {
    isGone = true;
    tell(GONE);
    for (const [id, waiting] of [...open]) {
      drop(id);
      waiting.reject(lost());
    }
  }

  function lost() {
    return Object.assign(new Error(GONE), { gone: true });
  }

  function tell(words) {
    if (note.textContent !== words) fill(note, words);
    note.hidden = !words;
    if (words === GONE) page?.setAttribute("data-kernel", "none");
    else page?.removeAttribute("data-kernel");
  }

  const changed = (_, status) => ENDS.includes(status) && lose();
  kernel?.statusChanged?.connect(changed);

  return {
    ask,
    heard: (act) => { acts = [...acts, act]; },
    watch: (root) => {
      page = root;
      root.prepend(note);
      ask("hello").catch(() => {}); // whatever is wrong is told in the page
    },
    close: () => {
      model.off("msg:custom", receive);
      kernel?.statusChanged?.disconnect(changed);
      for (const id of [...open.keys()]) drop(id);
    },
  };
}
