import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Press, VIEW_KEYS, WORN, meaning } from "../src/shortcuts";

function pressed(key: string, change: Partial<Press> = {}): ReturnType<typeof meaning> {
  return meaning({ key, afterG: false, isHeld: false, isTyping: false, isOff: false, ...change });
}

describe("a pressed key", () => {
  it("moves in the list, presses what wears it, or opens the sheet", () => {
    assert.deepEqual(pressed("j"), { does: "move", step: 1 });
    assert.deepEqual(pressed("k"), { does: "move", step: -1 });
    assert.deepEqual(pressed("t"), { does: "press", key: "t" });
    assert.deepEqual(pressed("?"), { does: "sheet" });
    assert.equal(pressed("q"), null);
  });

  it("chooses a view after g, and then nothing else", () => {
    assert.deepEqual(pressed("g"), { does: "begin" });
    assert.deepEqual(pressed("m", { afterG: true }), { does: "view", view: "mine" });
    assert.deepEqual(pressed("r", { afterG: true }), { does: "view", view: "resolved" });
    assert.equal(pressed("j", { afterG: true }), null);
  });

  it("belongs to the field while one types; Escape alone leads out of it", () => {
    for (const key of ["j", "?", "g", ...WORN]) assert.equal(pressed(key, { isTyping: true }), null, key);
    assert.deepEqual(pressed("Escape", { isTyping: true }), { does: "leave" });
  });

  it("belongs to the browser with Ctrl, Alt or Meta", () => {
    for (const key of ["j", "Escape", ...WORN]) assert.equal(pressed(key, { isHeld: true }), null, key);
  });

  it("does nothing where single keys are switched off", () => {
    for (const key of ["j", "?", "g", ...WORN]) assert.equal(pressed(key, { isOff: true }), null, key);
    assert.deepEqual(pressed("Escape", { isOff: true }), { does: "leave" });
  });

  it("means one thing", () => {
    const keys = Object.values(VIEW_KEYS);
    assert.equal(new Set(keys).size, keys.length);
    assert.equal(new Set<string>([...WORN, "j", "k", "g", "?"]).size, WORN.length + 4);
  });
});
