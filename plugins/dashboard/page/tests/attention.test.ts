import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Attention } from "../src/attention";

describe("what the writer has seen", () => {
  it("is all that is there when a conversation is opened", () => {
    const attention = new Attention();
    assert.equal(attention.seen("c1", 0), null);
    attention.show("c1", 7, 0);
    assert.equal(attention.seen("c1", 0), 7);
    attention.open("c1");
    attention.show("c1", 9, 10);
    assert.equal(attention.seen("c1", 10), 9);
  });

  it("is what has stood in view for a moment, and not what just appeared", () => {
    const attention = new Attention();
    attention.show("c1", 7, 0);
    attention.show("c1", 8, 1_000);
    attention.show("c1", 9, 2_400);
    assert.equal(attention.seen("c1", 2_450), 7);
    assert.equal(attention.seen("c1", 2_600), 8);
    assert.equal(attention.seen("c1", 4_000), 9);
  });

  it("is what stood in view when the reply was begun", () => {
    const attention = new Attention();
    attention.show("c1", 7, 0);
    attention.show("c1", 8, 1_000);
    attention.look("c1");
    attention.show("c1", 9, 1_200);
    assert.equal(attention.seen("c1", 1_250), 8);
  });

  it("is not what went out of view before it could be read", () => {
    const attention = new Attention();
    attention.show("c1", 7, 0);
    attention.show("c1", 8, 1_000);
    attention.hide("c1", 1_100);
    assert.equal(attention.seen("c1", 60_000), 7);
    attention.show("c1", 8, 60_000);
    assert.equal(attention.seen("c1", 62_000), 8);
  });

  it("is what was pointed out", () => {
    const attention = new Attention();
    attention.show("c1", 7, 0);
    attention.point("c1", 9);
    assert.equal(attention.seen("c1", 10), 9);
    attention.point("c1", 8);
    assert.equal(attention.seen("c1", 10), 9);
  });
});
