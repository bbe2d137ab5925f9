import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isElsewhere, momentOf, usualTimes, wallTime, whenInZone } from "../src/zone";

const LISBON = "Europe/Lisbon";
const NEW_YORK = "America/New_York";
const at = (time: string): number => Date.parse(time);

describe("a hotel's clocks", () => {
  it("show their own time, in winter and in summer", () => {
    assert.equal(wallTime(at("2026-01-10T18:05:40Z"), LISBON), "2026-01-10T18:05");
    assert.equal(wallTime(at("2026-07-10T23:30:00Z"), LISBON), "2026-07-11T00:30");
    assert.equal(wallTime(at("2026-07-10T03:30:00Z"), NEW_YORK), "2026-07-09T23:30");
  });

  it("are read back, also within a day of a change", () => {
    for (const time of ["2026-01-10T18:00:00Z", "2026-03-28T12:00:00Z", "2026-03-29T11:00:00Z", "2026-10-25T12:00:00Z"]) {
      for (const zone of [LISBON, NEW_YORK, "Asia/Kolkata"]) {
        assert.equal(momentOf(wallTime(at(time), zone), zone), at(time), `${time} in ${zone}`);
      }
    }
  });

  it("skip an hour in spring, and show one twice in autumn", () => {
    assert.equal(wallTime(momentOf("2026-03-29T01:30", LISBON), LISBON), "2026-03-29T02:30");
    assert.equal(momentOf("2026-10-25T01:30", LISBON), at("2026-10-25T00:30:00Z"));
  });

  it("make nothing of what is no time, and UTC of a zone that nobody knows", () => {
    assert.ok(Number.isNaN(momentOf("", LISBON)));
    assert.equal(momentOf("2026-05-04T18:00", "Atlantis/Centre"), at("2026-05-04T18:00:00Z"));
  });

  it("are elsewhere where they differ from this machine's", () => {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    assert.equal(isElsewhere(at("2026-05-04T10:00:00Z"), here), false);
    assert.equal(isElsewhere(at("2026-05-04T10:00:00Z"), "Pacific/Kiritimati"), true);
  });
});

describe("the usual times", () => {
  it("are an hour, this evening and the next morning, by the hotel's clocks", () => {
    const now = at("2026-07-10T13:00:20Z");
    const found = usualTimes(now, LISBON).map((one) => wallTime(one.at, LISBON));
    assert.deepEqual(found, ["2026-07-10T15:01", "2026-07-10T18:00", "2026-07-11T08:00"]);
  });

  it("leave the evening out when it has come", () => {
    const found = usualTimes(at("2026-07-10T16:45:00Z"), LISBON).map((one) => wallTime(one.at, LISBON));
    assert.deepEqual(found, ["2026-07-10T18:45", "2026-07-11T08:00"]);
  });

  it("name the day that the hotel has", () => {
    const now = at("2026-07-10T23:30:00Z"); // half past midnight in Lisbon
    assert.equal(whenInZone("2026-07-11T17:00:00Z", now, LISBON), "today, 18:00");
    assert.equal(whenInZone("2026-07-12T07:00:00Z", now, LISBON), "tomorrow, 08:00");
    assert.match(whenInZone("2026-07-20T07:00:00Z", now, LISBON), /^Mon,? 20 Jul, 08:00$/);
  });
});
