// Questions to the kernel: each has a number, and its promise is kept by the answer with that number.

const PROTOCOL = 1;
const PATIENCE = 4_000; // ms until a page without an answer is taken to have no kernel

// A function ask(question, facts) -> promise of the answer; it rejects with the sentence of an error.
export function channel(model) {
  const open = new Map();
  let last = 0;
  const receive = (message, buffers) => {
    const waiting = open.get(message.id);
    if (!waiting) return;
    open.delete(message.id);
    if (message.error !== undefined) waiting.reject(new Error(message.error));
    else waiting.resolve(buffers && buffers.length ? { ...message.answer, buffers } : message.answer);
  };
  model.on("msg:custom", receive);
  const ask = (question, facts = {}) =>
    new Promise((resolve, reject) => {
      last += 1;
      const id = `${Math.random().toString(36).slice(2)}-${last}`; // two pages may show the same widget
      open.set(id, { resolve, reject });
      model.send({ v: PROTOCOL, id, ask: question, with: facts });
    });
  return { ask, close: () => model.off("msg:custom", receive) };
}

// Marks a page whose kernel is gone: what would ask it is then absent.
export function watchKernel(root, ask) {
  const gone = setTimeout(() => root.setAttribute("data-kernel", "none"), PATIENCE);
  ask("hello").then(() => {
    clearTimeout(gone);
    root.removeAttribute("data-kernel");
  }, () => {});
}
