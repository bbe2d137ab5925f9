import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  authorName,
  channelName,
  day,
  delivery,
  excerpt,
  fileSize,
  guestName,
  initials,
  languageName,
  linkify,
  mapLink,
  money,
  pick,
  replyWindow,
  sameLanguage,
  seconds,
  shortTime,
  unnamedSources,
} from "../src/format";
import type { Conversation, Message } from "../src/types";

const NOW = new Date(2026, 4, 6, 12, 0).getTime(); // Wednesday noon, where the reader is

function at(daysAgo: number, hour: number): string {
  return new Date(2026, 4, 6 - daysAgo, hour, 5).toISOString();
}

function aMessage(change: Partial<Message>): Message {
  return {
    id: "m1",
    conversation_id: "c1",
    seq: 1,
    direction: "out",
    author: { kind: "bot", name: null },
    text: "Hello",
    attachments: [],
    status: "sent",
    error: null,
    created_at: at(0, 9),
    ...change,
  };
}

function aGuest(name: string | null, handle: string): Conversation {
  return { guest: { id: "g1", name, handle, language: null } } as Conversation;
}

describe("times", () => {
  it("are as short as the list wants them", () => {
    assert.equal(shortTime(at(0, 9), NOW), "09:05");
    assert.equal(shortTime(at(1, 23), NOW), "Yesterday");
    assert.equal(shortTime(at(3, 9), NOW), "Sun");
    assert.equal(shortTime(at(20, 9), NOW), "16 Apr");
    assert.equal(shortTime(at(400, 9), NOW), "1 Apr 25");
  });

  it("head the days", () => {
    assert.equal(day(at(0, 1), NOW), "Today");
    assert.equal(day(at(1, 1), NOW), "Yesterday");
    assert.match(day(at(2, 1), NOW), /^Monday,? 4 May$/);
    assert.match(day(at(400, 1), NOW), /2025$/);
  });

  it("say how long a reply is possible", () => {
    const later = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();
    assert.equal(replyWindow(null, NOW), null);
    assert.deepEqual(replyWindow(later(200), NOW), { open: true, left: "3\u00a0h", isSoon: false });
    assert.deepEqual(replyWindow(later(12.5), NOW), { open: true, left: "12\u00a0min", isSoon: true });
    assert.deepEqual(replyWindow(later(0.2), NOW), { open: true, left: "1\u00a0min", isSoon: true });
    assert.deepEqual(replyWindow(later(0), NOW), { open: false, left: "", isSoon: true });
  });
});

describe("what an answer cost", () => {
  it("is told to parts of a cent, and to parts of a second", () => {
    assert.equal(money(0.00031), "US$0.0003");
    assert.equal(money(0), "US$0.00");
    assert.equal(seconds(1.234), "1.2s");
    assert.equal(seconds(12.7), "13s");
  });
});

describe("languages", () => {
  it("are the same whatever the country", () => {
    assert.equal(sameLanguage("pt", "pt-BR"), true);
    assert.equal(sameLanguage("zh_Hant", "ZH"), true);
    assert.equal(sameLanguage("pt", "es"), false);
  });
});

describe("a delivery", () => {
  it("is told in words", () => {
    assert.equal(delivery(aMessage({ status: "pending" })), "Sending");
    assert.equal(delivery(aMessage({ status: "read" })), "Read");
    assert.match(delivery(aMessage({ status: "parked" })), /^Needs a decision: /);
    assert.match(delivery(aMessage({ status: "unknown" })), /^Unknown: /);
  });

  it("that failed says why", () => {
    const failed = aMessage({ status: "failed", error: { code: "63016", text: "the window has closed" } });
    assert.equal(delivery(failed), "Failed: the window has closed");
  });

  it("that came through in the end does not tell of earlier trouble", () => {
    assert.equal(delivery(aMessage({ status: "delivered", error: { code: "429", text: "too many" } })), "Delivered");
  });

  it("is of messages to the guest alone", () => {
    assert.equal(delivery(aMessage({ direction: "in", status: null })), "");
    assert.equal(delivery(aMessage({ direction: "note", status: null })), "");
  });
});

describe("names", () => {
  it("of a guest fall back to the number, never to a meaningless id", () => {
    assert.equal(guestName(aGuest(" Marta ", "+351")), "Marta");
    assert.equal(guestName(aGuest(null, "+351911222333")), "+351911222333");
    assert.equal(guestName(aGuest("", "0199c1d2-5a7e")), "Guest 5a7e");
  });

  it("have initials in any script, and none where there are no letters", () => {
    assert.equal(initials("Marta de Figueiredo"), "MF");
    assert.equal(initials("ליאור כהן"), "לכ");
    assert.equal(initials("Cher"), "C");
    assert.equal(initials("+351 911"), "");
    assert.equal(initials("🏖️ 🙂"), "");
  });

  it("of authors are You, the colleague's, or Bot", () => {
    const staff = aMessage({ author: { kind: "staff", name: "ana" } });
    assert.equal(authorName(staff, "ana"), "You");
    assert.equal(authorName(staff, "josé"), "ana");
    assert.equal(authorName(aMessage({}), "ana"), "Bot");
  });

  it("of channels and languages are the usual ones", () => {
    assert.equal(channelName("whatsapp"), "WhatsApp");
    assert.equal(channelName("telegram"), "Telegram");
    assert.equal(languageName("pt"), "Portuguese");
    assert.equal(languageName("not a code"), "not a code");
  });

  it("get one colour of a few, always the same", () => {
    assert.equal(pick("g1", 6), pick("g1", 6));
    assert.ok(pick("any id at all", 6) < 6);
  });
});

describe("the last words of a conversation", () => {
  it("say who spoke, on one line", () => {
    assert.equal(excerpt(aMessage({ text: "One\n two" }), "ana"), "Bot: One two");
    assert.equal(excerpt(aMessage({ direction: "in", text: "Hi" }), "ana"), "Hi");
    assert.equal(excerpt(aMessage({ direction: "note", text: "VIP" }), "ana"), "Note: VIP");
  });

  it("name the attachments where nothing was said", () => {
    const place = { kind: "location", latitude: 1, longitude: 2, label: null, address: null } as const;
    assert.equal(excerpt(aMessage({ direction: "in", text: "", attachments: [place] }), "ana"), "Place");
  });
});

describe("links", () => {
  it("are made of http and https addresses alone", () => {
    const hrefs = linkify(
      "a https://x.example/y b http://z.example javascript:alert(1) data:text/html,x ftp://f.example",
    );
    assert.deepEqual(
      hrefs.filter((piece) => piece.href).map((piece) => piece.href),
      ["https://x.example/y", "http://z.example/"],
    );
  });

  it("keep every character of the text", () => {
    for (const text of [
      "",
      "see https://a.example/b?c=(d). Then",
      "(https://a.example/b)",
      "https://[nonsense",
      "<img src=x>",
    ]) {
      assert.equal(
        linkify(text)
          .map((piece) => piece.text)
          .join(""),
        text,
      );
    }
  });

  it("end before the sentence's own marks", () => {
    const [, link] = linkify("(see https://a.example/b_(c)).");
    assert.equal(link?.text, "https://a.example/b_(c)");
  });

  it("to a place need real coordinates", () => {
    const place = { kind: "location", latitude: 38.7, longitude: -9.1, label: null, address: null } as const;
    assert.equal(mapLink(place), "https://www.openstreetmap.org/?mlat=38.7&mlon=-9.1#map=16/38.7/-9.1");
    assert.equal(mapLink({ ...place, latitude: null }), null);
    assert.equal(mapLink({ ...place, latitude: 91 }), null);
  });
});

describe("sizes", () => {
  it("are rounded for people", () => {
    assert.deepEqual([fileSize(512), fileSize(182_400), fileSize(3_250_000)], ["512 B", "182 kB", "3.3 MB"]);
  });
});

describe("sources", () => {
  it("are not repeated where the text ends with them", () => {
    const named = aMessage({ text: "Until 10:30.\n\n(From: Breakfast)", sources: ["Breakfast"] });
    assert.deepEqual(unnamedSources(named), []);
  });

  it("are shown where the text only speaks of the same thing", () => {
    const spoken = aMessage({ text: "Breakfast (in the garden) is until 10:30.", sources: ["Breakfast"] });
    assert.deepEqual(unnamedSources(spoken), ["Breakfast"]);
  });

  it("are shown where only another one is named", () => {
    const one = aMessage({ text: "Yes. (From: Parking)", sources: ["Parking", "Arrival"] });
    assert.deepEqual(unnamedSources(one), ["Arrival"]);
  });

  it("may be missing", () => {
    assert.deepEqual(unnamedSources(aMessage({})), []);
  });
});
