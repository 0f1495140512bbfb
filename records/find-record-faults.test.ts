import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Records, recordFault } from "./find-record-faults.ts";

const now = Date.UTC(2026, 10, 29, 12);
const record = {
  kind: "penetration-test",
  what: "Somebody attacks a deployment",
  owner: "security officer",
  maxAgeDays: 365,
  last: { on: "2026-01-15", by: "Example Security", report: "report.md" },
};
const found = (last: object | null, hasReport = true) =>
  recordFault({ ...record, last: last && { ...record.last, ...last } }, now, () => hasReport);

describe("OPS-7 a record", () => {
  test.each(["2026-11-29", "2026-11-28", "2025-11-29"])("of %s is young enough", (date) => {
    expect(found({ on: date })).toBeNull();
  });

  test.each([
    ["never made", null, "never done: the security officer has to see to it"],
    ["a day too old", { on: "2025-11-28" }, /^366 days old, 365 at most/],
    ["made tomorrow", { on: "2026-11-30" }, "dated in the future: 2026-11-30"],
    ["above its folder", { report: "a/../../x.md" }, "its report a/../../x.md isn't there"],
  ])("%s is a fault", (_title, last, fault) => {
    expect(found(last)).toEqual(expect.stringMatching(fault));
  });

  test("without its report is a fault", () => {
    expect(found({}, false)).toBe("its report report.md isn't there");
  });

  test.each([{ maxAgeDays: 10_000 }, { owner: "" }, { last: { on: "soon" } }, { until: "2030" }])(
    "isn't read with %j",
    (change) => {
      expect(Records.safeParse([{ ...record, ...change }]).success).toBe(false);
    },
  );
});

describe("OPS-7 the project's records", () => {
  test("name every kind of duty, with an owner and a maximum age", () => {
    const records = Records.parse(JSON.parse(readFileSync("records/records.json", "utf8")));
    expect(records.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["penetration-test", "risk-assessment", "security-training"]),
    );
  });
});

describe("npm run check:records", () => {
  const folder = mkdtempSync(join(tmpdir(), "paddock-records-"));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "records.json");
  const check = (text: string) => {
    writeFileSync(join(folder, "report.md"), "done");
    writeFileSync(file, text);
    return spawnSync(process.execPath, ["records/main.ts", file], { encoding: "utf8" });
  };

  test("exits with 1 for a duty that was never done, and prints it", () => {
    const { status, stdout } = check(JSON.stringify([{ ...record, last: null }]));
    expect(status).toBe(1);
    expect(stdout).toContain("penetration-test  never done");
  });
});
