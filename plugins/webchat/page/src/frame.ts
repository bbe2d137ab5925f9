// The talk between the chat page and the bubble that frames it on a hotel's site. No word of the conversation is in it.

export type FromChat = { innbox: "close" } | { innbox: "unread"; count: number };
export type FromBubble = { innbox: "shown"; shown: boolean };

export const framed = window.parent !== window;

export function tellBubble(message: FromChat): void {
  // Any site may frame the page that the policy lets frame it; nothing private is said.
  if (framed) window.parent.postMessage(message, "*");
}

export function onShown(then: (shown: boolean) => void): void {
  window.addEventListener("message", (event: MessageEvent<Partial<FromBubble> | null>) => {
    if (event.source === window.parent && event.data?.innbox === "shown") then(event.data.shown === true);
  });
}
