// Plain text with its web addresses as links. Only http and https: everything else stays text.

const ADDRESS = /https?:\/\/[^\s<>"'“”]+/gi;
const TRAILING = /[.,;:!?)\]}»…]+$/;

/** Return the text as nodes; nothing in it is ever read as HTML. */
export function linked(text: string): Node[] {
  const nodes: Node[] = [];
  let done = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(TRAILING, "");
    nodes.push(document.createTextNode(text.slice(done, match.index)), anchor(address));
    done = match.index + address.length;
  }
  nodes.push(document.createTextNode(text.slice(done)));
  return nodes;
}

function anchor(address: string): HTMLAnchorElement {
  const link = document.createElement("a");
  link.href = address;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.textContent = address;
  return link;
}
