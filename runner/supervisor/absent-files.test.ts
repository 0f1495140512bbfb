/** Files of a workspace that an execution can't have are reported, and nothing is lost. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pageBytes } from "#shared/core/workspace/footprint";
import { manifestOf } from "#shared/core/workspace/manifest";
import { manifestBytes, manifestDigest } from "#shared/core/workspace/manifest-bytes";
import { pathsOf, WorkspaceExecutions } from "../../test/kit/workspace-executions.ts";

const executions = new WorkspaceExecutions();

describe("WSP-1 what can't be brought in", () => {
  const write = (names: readonly string[]) => (folder: string) => {
    for (const name of names) writeFileSync(join(folder, name), Buffer.alloc(2 * pageBytes, name));
  };
  const small = { workspaceBytes: 4 * pageBytes, workspaceInodesMax: 100 };

  test("because there is no room is named, and stays in the workspace", async () => {
    const first = await executions.execute({ run: write(["a", "b", "c"]) });
    const second = await executions.execute({ base: first.digest, limits: small });
    expect(existsSync(join(second.folder, "c"))).toBe(false);
    expect(executions.notes).toEqual([
      'Not brought in, and kept as it is (1): "c" has no room here.',
    ]);
    expect(second.state).toBe("unchanged");
    const third = await executions.execute({
      base: first.digest,
      limits: small,
      run: (folder) => rmSync(join(folder, "a")),
    });
    expect(pathsOf(third.manifest)).toEqual(["b", "c"]);
    const fourth = await executions.execute({ base: third.digest });
    expect(readFileSync(join(fourth.folder, "c")).equals(Buffer.alloc(2 * pageBytes, "c"))).toBe(
      true,
    );
  });

  test("isn't overwritten by a file that takes its path meanwhile", async () => {
    const first = await executions.execute({ run: write(["a", "b", "c"]) });
    const { digest } = await executions.execute({
      base: first.digest,
      limits: small,
      run(folder) {
        rmSync(join(folder, "b"));
        writeFileSync(join(folder, "c"), "new");
      },
    });
    const { folder, manifest } = await executions.execute({ base: digest });
    const contents = pathsOf(manifest).map((path) => readFileSync(join(folder, path), "latin1"));
    expect(contents).toContain("new");
    expect(contents).toContain("c".repeat(2 * pageBytes));
  });

  test("because its bytes are lost costs that file alone", async () => {
    const first = await executions.execute({ run: write(["a"]) });
    const second = await executions.execute({ base: first.digest, run: write(["b"]) });
    const pack = second.manifest.entries.flatMap((entry) =>
      entry.path === "a" && entry.type === "file" ? entry.parts.map((part) => part.pack) : [],
    );
    executions.objects.delete(pack[0] ?? "");
    const { folder, state } = await executions.execute({ base: second.digest });
    expect(existsSync(join(folder, "b"))).toBe(true);
    expect(executions.notes.join()).toContain('"a" has lost some of its bytes in storage');
    expect(state).toBe("unchanged");
  });

  test("because its pack is too short costs that file alone", async () => {
    const sha256 = "a".repeat(64);
    const [pack, short] = [manifestDigest(Buffer.from("abc")), Buffer.from("abc")];
    executions.objects.set(pack, short);
    const parts = [{ pack, offsetBytes: 1, sizeBytes: 3 }];
    const file = { type: "file", sha256, sizeBytes: 3, mode: 0o644, modifiedAt: 0, parts } as const;
    const bytes = manifestBytes(manifestOf([{ ...file, path: "f" }]));
    executions.objects.set("base", bytes);
    const { folder } = await executions.execute({ base: "base" });
    expect(existsSync(join(folder, "f"))).toBe(false);
    expect(executions.notes.join()).toContain('"f" reaches beyond its pack');
  });

  test("because the manifest can't be read is taken from the one before it", async () => {
    const first = await executions.execute({ run: write(["a"]) });
    executions.objects.set("broken", Buffer.from('{"v":2}\n{"path":'));
    for (const broken of ["broken", "missing"]) {
      executions.notes.length = 0;
      const { folder, state, manifest } = await executions.execute({
        base: broken,
        previous: first.digest,
      });
      expect(existsSync(join(folder, "a"))).toBe(true);
      expect(executions.notes.join()).toContain("the one before it");
      expect(state).toBe("saved");
      expect(pathsOf(manifest)).toEqual(["a"]);
    }
  });
});
