import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { de } from "../src/messages/de";
import { en } from "../src/messages/en";
import { es } from "../src/messages/es";
import { fr } from "../src/messages/fr";
import { pt } from "../src/messages/pt";

type Tree = { [key: string]: unknown };

/** Every sentence by its path, those that take values with some. */
function sentences(tree: Tree, above = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const path = `${above}${key}`;
    const said = typeof value === "function" ? spoken(value as (...values: unknown[]) => unknown, path) : value;
    if (typeof said === "string") found.set(path, said);
    else for (const [inner, sentence] of sentences(said as Tree, `${path}.`)) found.set(inner, sentence);
  }
  return found;
}

const OF_NAMES = new Set(["typing", "looking", "sources", "urgent.title"]);
const OF_NUMBERS = /\.?(found|unread|more|missed|hours|minutes|days|tooMany|tooLarge|tokens|other)$/;

function spoken(sentence: (...values: unknown[]) => unknown, path: string): unknown {
  if (path === "urgent.heard") return sentence(["Xa"], "Xb", "Xc");
  if (OF_NAMES.has(path)) return sentence(["Xa", "Xb"]);
  if (path === "found") return sentence(7, false);
  if (path !== "handledBy.other" && OF_NUMBERS.test(path)) return sentence(7, 3);
  return sentence("Xa", "Xb");
}

const english = sentences(en);

for (const [code, messages] of Object.entries({ de, es, fr, pt })) {
  describe(`the language ${code}`, () => {
    const own = sentences(messages);

    it("has a sentence for each of the English ones, and says it otherwise", () => {
      const same: string[] = [];
      for (const [path, sentence] of english) {
        assert.ok(own.get(path)?.trim(), path);
        if (own.get(path) === sentence && /[a-z]{3} [a-z]{3}/i.test(sentence)) same.push(path);
      }
      assert.deepEqual(same, []);
    });

    it("says all that it is told", () => {
      for (const [path, sentence] of english) {
        const said = own.get(path) ?? "";
        for (const value of ["Xa", "Xb", "Xc", "7", "3"]) {
          if (sentence.includes(value)) assert.ok(said.includes(value), `${path}: ${said}`);
        }
        assert.equal(/undefined|\[object|NaN/.test(said), false, `${path}: ${said}`);
      }
    });

    it("has its own words for why the server refused, the same for all languages", () => {
      assert.deepEqual(Object.keys(messages.refused), Object.keys(de.refused));
      assert.ok(Object.values(messages.refused).every((sentence) => /[.!]$/.test(sentence)));
    });

    it("names its locale", () => {
      assert.equal(messages.locale.slice(0, 2), code);
    });
  });
}
