/** What a long step of the set-up says while it works. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fetchedSize } from "./package-manager.mjs";
import { followInstallation, wantedHere } from "./packages.mjs";

let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "paddock-packages-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lock = {
  packages: {
    "": {},
    "node_modules/everywhere": {},
    "node_modules/linux": { os: ["linux"], cpu: ["x64"], libc: ["glibc"] },
    "node_modules/alpine": { os: ["linux"], cpu: ["x64"], libc: ["musl"] },
    "node_modules/arm": { os: ["linux"], cpu: ["arm64"] },
    "node_modules/mac": { os: ["darwin"] },
    "node_modules/elsewhere": { os: ["!win32"] },
  },
};

test("the packages of this system are counted, and no others", () => {
  const here = { platform: "linux", arch: "x64" };
  const names = ["everywhere", "linux", "elsewhere"].map((name) => `node_modules/${name}`);
  expect(wantedHere(lock, here)).toEqual(names);
});

test("how many are in place is shown while npm says nothing", async () => {
  const path = join(folder, "node_modules/everywhere");
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "package.json"), "{}");
  const said = [];
  const end = followInstallation(folder, lock, { update: (text) => said.push(text) });
  await vi.waitUntil(() => said.length > 0, { timeout: 10_000 });
  end();
  expect(said[0]).toMatch(/^█+░+ 1 of \d packages in place$/);
});

test.each([
  ["Need to get 45.2 MB of archives.\nAfter this operation, 190 MB", "45.2 MB"],
  ["Need to get 1,204 kB/45.2 MB of archives.", "1,204 kB"],
  ["Need to get 0 B/45.2 MB of archives.", null],
  ["Need to get 0 B of archives.", null],
  ["E: Unable to locate package", null],
])("what apt would fetch is read from %j", (output, size) => {
  expect(fetchedSize(output)).toBe(size);
});
