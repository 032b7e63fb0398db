// Elements out of plain data: every word of a user becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

// An element with attributes and children; a child that is null or false is left out, a string is text.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  fill(element, ...children);
  return element;
}

export function fill(element, ...children) {
  element.replaceChildren(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// A drawing beside a word; it says nothing by itself.
export function icon(look, small = false) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", small ? "ag-i s" : "ag-i");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", look.d);
  if (look.look) path.setAttribute("class", look.look);
  svg.append(path);
  return svg;
}

export function drawn(tag, attributes, text = null) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== null) element.textContent = text;
  return element;
}

export function badge(state) {
  const tone = state.tone === "none" ? null : state.tone;
  return make("span", { class: "ag-badge", "data-tone": tone }, state.icon && icon(state.icon, true), state.word);
}

export function button(word, click, options = {}) {
  return make("button", { type: "button", class: "ag-btn", onclick: click, ...options }, word);
}

// A node that can be gone to.
export function nodeLink(node, go) {
  const flags = node.badges.map(badge);
  const role = node.role ? make("span", { class: "ag-2" }, `${node.role}: `) : null;
  const opened = { type: "button", class: "ag-link", "data-node-id": node.id, title: node.detail || null };
  return make("span", { class: "ag-near" }, role, make("button", { ...opened, onclick: () => go(node.id) }, icon(node.icon, true), node.label), flags);
}

// Text into the clipboard; where the page may not, it is selected for the person to copy.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", { class: "ag-offscreen" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

export function save(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = make("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
