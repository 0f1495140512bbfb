import { describe, expect, test } from "vitest";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { digestPlaces, findPlainDigests } from "./digest-rules.ts";
import { repositoryFiles } from "./repository-files.ts";
import { parseSource } from "./source-file.ts";

const found = (path: string, text: string) => findPlainDigests(parseSource(path, text));

describe("findPlainDigests()", () => {
  test.each([
    ["functions/model-gateway/a.ts", `createHash("sha256").update(body);`],
    ["shared/store/a.ts", `crypto.createHash("sha256").update(body);`],
    ["runner/agent/a.ts", `const digest = () => createHash("sha512");`],
  ])("refuses in %s: %s", (path, text) => {
    expect(found(path, text)).toHaveLength(1);
  });

  test.each([
    ["functions/model-gateway/a.ts", `createHmac("sha256", key).update(body);`],
    ["functions/model-gateway/a.test.ts", `createHash("sha256").update(body);`],
    ["shared/google/objects.ts", `createHash("sha256").update(body);`],
    ["local/storage/a.ts", `createHash("md5").update(body);`],
  ])("allows in %s: %s", (path, text) => {
    expect(found(path, text)).toEqual([]);
  });

  test("lists only places that are there", () => {
    const files = repositoryFiles(repositoryRoot);
    expect(digestPlaces.filter((path) => !files.includes(path))).toEqual([]);
  });
});
