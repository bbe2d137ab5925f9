import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fetched } from "../src/fetched";

interface Asked {
  resolve: (answer: string) => void;
  reject: (error: Error) => void;
}

/** Something whose answers are given by hand, in the order in which they were asked for. */
function byHand(): { fetched: Fetched<string>; asked: Asked[] } {
  const asked: Asked[] = [];
  const fetched = new Fetched<string>(
    () => new Promise<string>((resolve, reject) => asked.push({ resolve, reject })),
  );
  return { fetched, asked };
}

describe("what is asked for", () => {
  it("stays while it is asked for anew, and when that fails", async () => {
    const { fetched, asked } = byHand();
    const first = fetched.load("c1");
    assert.deepEqual(fetched.of("c1").value, { value: null, loading: true, problem: null });
    asked[0]?.resolve("one");
    await first;
    const second = fetched.load("c1");
    assert.equal(fetched.of("c1").value.value, "one");
    asked[1]?.reject(new Error("The server cannot be reached."));
    await second;
    assert.deepEqual(fetched.of("c1").value, { value: "one", loading: false, problem: "The server cannot be reached." });
    assert.equal(fetched.of("c2").value.value, null);
  });

  it("is asked for once more when it was wanted while an answer was on its way", async () => {
    const { fetched, asked } = byHand();
    const first = fetched.load("c1");
    await Promise.all([fetched.load("c1"), fetched.load("c1")]);
    assert.equal(asked.length, 1);
    asked[0]?.resolve("old");
    await new Promise((done) => setTimeout(done));
    assert.equal(asked.length, 2);
    asked[1]?.resolve("new");
    await first;
    assert.equal(fetched.of("c1").value.value, "new");
  });
});
