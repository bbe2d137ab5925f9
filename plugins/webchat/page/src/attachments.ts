// What came with a message: pictures, sounds and films to be seen here, everything else as a link to fetch it.

import { element } from "./dom";
import type { Texts } from "./texts";
import type { Attachment } from "./types";

const OURS = /^\/media\/out\//; // nothing from elsewhere is ever loaded

/** Return the elements for attachments, in their order; what is still on its way or gone is left out. */
export function attachments(items: Attachment[], texts: Texts): HTMLElement[] {
  return items.filter((item) => item.url && OURS.test(item.url)).map((item) => attachment(item, item.url as string, texts));
}

function attachment(item: Attachment, url: string, texts: Texts): HTMLElement {
  const name = item.name || texts.file;
  if (item.kind === "image") {
    const picture = element("img", { src: url, alt: item.name || texts.picture, loading: "lazy" });
    return element("a", { href: url, target: "_blank", rel: "noopener", class: "picture" }, picture);
  }
  if (item.kind === "audio") return element("audio", { src: url, controls: "", preload: "none", "aria-label": name });
  if (item.kind === "video") return element("video", { src: url, controls: "", preload: "metadata", "aria-label": name });
  return element("a", { href: url, target: "_blank", rel: "noopener", download: name, class: "file" }, name);
}
