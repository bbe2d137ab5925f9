// The pages beside the desk, as far as who sits here may see them; the server holds to the same.

import { texts } from "../messages";
import type { Me } from "../types";

export interface OtherPage {
  path: string;
  name: string;
}

export function pagesOf({ role, keepsDesk }: Me): OtherPage[] {
  const isAdmin = role === "admin";
  const leads = isAdmin || role === "lead";
  const { pages } = texts;
  return [
    ...(leads && keepsDesk
      ? [
          { path: "/numbers", name: pages.numbers },
          { path: "/canned", name: pages.canned },
          { path: "/audit", name: pages.audit },
        ]
      : []),
    ...(isAdmin && keepsDesk ? [{ path: "/people", name: pages.people }] : []),
    ...(isAdmin ? [{ path: "/settings", name: pages.settings }] : []),
  ];
}
