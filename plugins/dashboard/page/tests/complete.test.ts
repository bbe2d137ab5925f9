import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cannedOptions, filled, filledTemplate, mentionsIn, peopleOptions, replaceWord, wordAt } from "../src/complete";

const CANNED = [
  { id: "1", hotel: "miramar", shortcut: "checkin", text: "Dear {guest}, check-in at {hotel} is from 15:00." },
  { id: "2", hotel: "miramar", shortcut: "wifi", text: "The wifi is free; ask at check-in." },
];
const PEOPLE = [
  { name: "ana", online: true },
  { name: "Inês Costa", online: false },
  { name: "Rui", online: true },
];
const FIELDS = { guest: "Marta", hotel: "Hotel Miramar" };

describe("the word at the caret", () => {
  it("begins with its sign, at a word's beginning", () => {
    assert.deepEqual(wordAt("/", 1, "/"), { sign: "/", from: 0, typed: "" });
    assert.deepEqual(wordAt("Hello /wi there", 9, "/"), { sign: "/", from: 6, typed: "wi" });
    assert.deepEqual(wordAt("ask @In", 7, "@"), { sign: "@", from: 4, typed: "In" });
  });

  it("is none inside another word, after a space, or for the other sign", () => {
    assert.equal(wordAt("and/or", 6, "/"), null);
    assert.equal(wordAt("me@example", 10, "@"), null);
    assert.equal(wordAt("/wifi ", 6, "/"), null);
    assert.equal(wordAt("/wifi", 5, "@"), null);
  });

  it("gives its place to what was chosen", () => {
    const word = wordAt("Ask @in now", 7, "@");
    assert.ok(word);
    assert.deepEqual(replaceWord("Ask @in now", word, "@Inês"), { text: "Ask @Inês now", caret: 9 });
  });
});

describe("what is offered", () => {
  it("is the canned replies by shortcut, then by what they say, with what is known of the guest", () => {
    assert.deepEqual(
      cannedOptions(CANNED, "check", FIELDS).map((one) => one.name),
      ["/checkin", "/wifi"],
    );
    assert.equal(cannedOptions(CANNED, "checki", FIELDS)[0]?.insert, "Dear Marta, check-in at Hotel Miramar is from 15:00.");
  });

  it("is the colleagues by any of their names, without accents, and never oneself", () => {
    const names = (typed: string): string[] => peopleOptions(PEOPLE, typed, "ana").map((one) => one.name);
    assert.deepEqual(names(""), ["Inês Costa", "Rui"]);
    assert.deepEqual(names("ines"), ["Inês Costa"]);
    assert.deepEqual(names("cos"), ["Inês Costa"]);
    assert.deepEqual(names("ana"), []);
  });
});

describe("fields", () => {
  it("that nobody knows stay to be seen", () => {
    assert.equal(filled("Dear {guest} of {room}", { guest: "Marta", room: "" }), "Dear Marta of {room}");
    assert.equal(filledTemplate("Hi {{1}}, {{ 2 }} and {{3}}", { "1": "Marta", "2": " " }), "Hi Marta, {{ 2 }} and {{3}}");
  });
});

describe("names in a note", () => {
  it("are found where they call somebody, the longest first", () => {
    assert.deepEqual(mentionsIn("@Inês Costa and @Inês, mail a@b", ["Inês", "Inês Costa"]), [
      { text: "@Inês Costa", isName: true },
      { text: " and ", isName: false },
      { text: "@Inês", isName: true },
      { text: ", mail a@b", isName: false },
    ]);
  });
});
