/** A workspace out and in again is the same workspace. */
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { emptyManifest, type Manifest } from "#shared/core/manifest";
import { fetchManifest, fillWorkspace } from "./fetch-workspace.ts";
import { LineIndex } from "./line-index.ts";
import { saveWorkspace } from "./save-workspace.ts";
import { scanWorkspace } from "./scan-workspace.ts";

let folder = "";
let objects = new Map<string, Uint8Array>();

const storage = {
  putManifest: async (digest: string, body: Uint8Array) => void objects.set(digest, body),
  putPack: async (digest: string, body: Uint8Array) => void objects.set(digest, body),
  manifest: async (digest: string) => objects.get(digest) ?? new Uint8Array(),
  pack: async (digest: string) => objects.get(digest) ?? new Uint8Array(),
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "paddock-workspace-"));
  objects = new Map();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function save(at: string, base: Manifest = emptyManifest, baseDigest: string | null = null) {
  const { found } = await scanWorkspace(at, 1_000);
  return saveWorkspace(storage, { folder: at, base, baseDigest, found, until: Date.now() + 5_000 });
}

describe("a workspace", () => {
  test("comes back as it went: contents, modes, times, links, empty folders", async () => {
    mkdirSync(join(folder, "a/b"), { recursive: true });
    writeFileSync(join(folder, "a/b/file"), "content");
    writeFileSync(join(folder, "a/copy"), "content");
    writeFileSync(join(folder, "empty"), "");
    writeFileSync(join(folder, "run"), "#!/bin/sh\n", { mode: 0o755 });
    mkdirSync(join(folder, "void"), { mode: 0o700 });
    symlinkSync("a/b/file", join(folder, "link"));
    linkSync(join(folder, "run"), join(folder, "hard"));
    writeFileSync(join(folder, "large"), "x");
    truncateSync(join(folder, "large"), 30 * 1024 * 1024);
    const saved = await save(folder);
    if (saved.state !== "saved") throw new Error("not saved");
    // Two packs and the manifest: 30 MB fit no pack whole, the rest has room beside them.
    expect(objects.size).toBe(3);

    const other = mkdtempSync(join(tmpdir(), "paddock-workspace-"));
    try {
      const manifest = await fetchManifest(storage, saved.manifestSha256);
      await fillWorkspace(storage, manifest, { folder: other, lines: new LineIndex() });
      const again = await save(other, manifest, saved.manifestSha256);
      expect(again.state).toBe("unchanged");
      expect(readFileSync(join(other, "a/copy"), "utf8")).toBe("content");
      expect(readlinkSync(join(other, "link"))).toBe("a/b/file");
      expect(statSync(join(other, "run")).mode & 0o777).toBe(0o755);
      expect(statSync(join(other, "large")).size).toBe(30 * 1024 * 1024);
      expect(statSync(join(other, "void")).isDirectory()).toBe(true);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  test("sends only new bytes; a renamed file is no new bytes", async () => {
    writeFileSync(join(folder, "a"), "same");
    const first = await save(folder);
    if (first.state !== "saved") throw new Error("not saved");
    writeFileSync(join(folder, "b"), "same");
    rmSync(join(folder, "a"));
    const before = objects.size;
    const second = await save(folder, first.manifest, first.manifestSha256);
    expect(second.state).toBe("saved");
    expect(objects.size).toBe(before + 1);
  });

  test("is read though its owner locked it away", async () => {
    mkdirSync(join(folder, "locked"));
    writeFileSync(join(folder, "locked/file"), "x");
    chmodSync(join(folder, "locked/file"), 0);
    const { found } = await scanWorkspace(folder, 10);
    expect(found).toMatchObject([{ path: "locked/file", mode: 0, sizeBytes: 1 }]);
  });

  test("leaves out what has no safe name or kind, and names it", async () => {
    symlinkSync("/etc/passwd", join(folder, "out"));
    writeFileSync(join(folder, "new\nline"), "");
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/bad`), Buffer.from([0xff])]), "");
    const { found, skipped, skippedCount } = await scanWorkspace(folder, 10);
    expect(found).toEqual([]);
    expect(skippedCount).toBe(3);
    expect(skipped.join()).toContain("is a link out of the workspace");
  });

  test("with more entries than it may have isn't read to its end", async () => {
    for (let index = 0; index < 12; index += 1) writeFileSync(join(folder, `${index}`), "");
    await expect(scanWorkspace(folder, 10)).rejects.toThrow("too many");
  });

  test("isn't filled from a pack that is too short", async () => {
    const parts = [{ pack: "p", offsetBytes: 1, sizeBytes: 3 }];
    const entry = { path: "f", type: "file", sha256: "s", sizeBytes: 3 } as const;
    const manifest: Manifest = { v: 1, entries: [{ ...entry, mode: 0o644, modifiedAt: 0, parts }] };
    objects.set("p", Buffer.from("abc"));
    const filling = fillWorkspace(storage, manifest, { folder, lines: new LineIndex() });
    await expect(filling).rejects.toThrow("beyond its pack");
  });
});
