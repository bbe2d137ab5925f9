// What the guest has written and the server has not confirmed yet. It survives a reload of the tab.

import { load, save } from "./storage";

export interface Unsent {
  client_id: string;
  text: string;
  written_at: string;
  failed?: "too_long" | "refused"; // it will not be sent again by itself
}

export class Outbox {
  private items: Unsent[];
  private readonly key: string;

  constructor(hotel: string) {
    this.key = `innbox.chat.${hotel}.outbox`;
    this.items = parse(load("sessionStorage", this.key));
  }

  all(): readonly Unsent[] {
    return this.items;
  }

  /** Return the oldest one that should be sent. */
  next(): Unsent | undefined {
    return this.items.find((item) => !item.failed);
  }

  add(text: string): void {
    this.items.push({ client_id: newId(), text, written_at: new Date().toISOString() });
    this.keep();
  }

  remove(client_id: string): void {
    this.items = this.items.filter((item) => item.client_id !== client_id);
    this.keep();
  }

  fail(client_id: string, why: "too_long" | "refused"): void {
    this.items = this.items.map((item) => (item.client_id === client_id ? { ...item, failed: why } : item));
    this.keep();
  }

  /** Put a failed one back in line, under its old id. */
  again(client_id: string): void {
    this.items = this.items.map(({ failed, ...item }) =>
      item.client_id === client_id || !failed ? item : { ...item, failed },
    );
    this.keep();
  }

  private keep(): void {
    save("sessionStorage", this.key, JSON.stringify(this.items));
  }
}

function parse(text: string | null): Unsent[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter(isUnsent) : [];
  } catch {
    return [];
  }
}

function isUnsent(value: unknown): value is Unsent {
  const item = value as Partial<Unsent> | null;
  return typeof item?.client_id === "string" && typeof item.text === "string" && typeof item.written_at === "string";
}

// crypto.randomUUID exists on https and localhost only, and a hotel may try the chat on a plain address of its network.
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
