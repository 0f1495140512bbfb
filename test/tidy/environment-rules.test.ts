import { describe, expect, test } from "vitest";
import { findEnvironmentChanges } from "./environment-rules.ts";
import { parseSource } from "./source-file.ts";

const found = (path: string, text: string) => findEnvironmentChanges(parseSource(path, text));

describe("findEnvironmentChanges()", () => {
  test.each([
    ["test/conformance/a.test.ts", 'process.env.HOME = "/";'],
    ["test/kit/a.ts", 'process.env["HOME"] = "/";'],
    ["shared/core/a.test.ts", "delete process.env.HOME;"],
    ["test/deploy/a.test.ts", 'Object.assign(process.env, { HOME: "/" });'],
    ["shared/core/a.test.ts", 'vi.mock("./b.ts", () => ({ b }));'],
  ])("refuses in %s: %s", (path, text) => {
    expect(found(path, text)).toHaveLength(1);
  });

  test.each([
    ["test/conformance/a.test.ts", 'vi.stubEnv("HOME", "/");'],
    ["test/kit/a.ts", 'process.env.METADATA_SERVER_DETECTION = "none";'],
    ["test/kit/a.ts", "const home = process.env.HOME;"],
    ["shared/core/a.test.ts", 'vi.doMock("./b.ts", () => ({ b }));'],
    ["scripts/a.ts", 'process.env.HOME = "/";'],
  ])("allows in %s: %s", (path, text) => {
    expect(found(path, text)).toEqual([]);
  });
});
