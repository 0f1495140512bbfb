/** One execution from its claim to its settlement, through the real programs. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { manifestOf } from "#shared/core/workspace/manifest";
import { claimFor, type FakeGateway } from "../kit/sandbox/gateway.ts";
import { execute } from "../kit/sandbox/host.ts";
import { modesNow } from "./support/modes-now.ts";

const options = { timeout: 120_000 };

/** A workspace with one of everything, in one pack. */
function storeBase(gateway: FakeGateway): string {
  const pack = gateway.store(Buffer.from("one\ntwo\n#!/bin/sh\necho ran\n"));
  const digestOf = (text: string) => gateway.store(Buffer.from(text));
  const file = { type: "file", modifiedAt: 1_700_000_000_123 } as const;
  return gateway.storeManifest(
    manifestOf([
      {
        ...file,
        path: "data/numbers.txt",
        sha256: digestOf("one\ntwo\n"),
        sizeBytes: 8,
        mode: 0o644,
        parts: [{ pack, offsetBytes: 0, sizeBytes: 8 }],
      },
      {
        ...file,
        path: "run.sh",
        sha256: digestOf("#!/bin/sh\necho ran\n"),
        sizeBytes: 19,
        mode: 0o755,
        parts: [{ pack, offsetBytes: 8, sizeBytes: 19 }],
      },
      { path: "empty", type: "directory", mode: 0o750 },
      { path: "link", type: "symlink", target: "data/numbers.txt" },
    ]),
  );
}

describe.each(modesNow)("an execution in mode %s", options, (mode) => {
  test("answers with what the script printed, stderr in its place", async () => {
    const run = await execute(claimFor("echo one; echo two >&2; echo three"), mode);
    expect(run.gateway.settled).toMatchObject({
      outcome: "success",
      reason: "completed",
      exitCode: 0,
      output: "one\ntwo\nthree\n",
      outputTruncated: false,
      workspace: { state: "unchanged" },
    });
    expect(run.exitCode).toBe(0);
    expect(run.leftovers).toEqual([]);
  });

  test("streams output while the script runs, numbered without gaps", async () => {
    const run = await execute(claimFor("echo first; sleep 1; echo second"), mode);
    const { events } = run.gateway;
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    const heardAt = (text: string) =>
      events.find(({ item }) => item.type === "text" && item.content.includes(text))?.heardAtMs ??
      0;
    expect(heardAt("second") - heardAt("first")).toBeGreaterThan(700);
    expect(run.gateway.items()[0]).toEqual({
      type: "tool_call",
      id: "shell_1",
      name: "shell",
      arguments: JSON.stringify({ command: "echo first; sleep 1; echo second" }),
      status: "running",
    });
    expect(run.gateway.items().at(-1)).toMatchObject({
      status: "completed",
      result: "exit code 0",
    });
  });

  test("reads and changes the workspace, and sends only what is new", async () => {
    const script = `./run.sh; cat link; echo three >> data/numbers.txt; rmdir empty
      mkdir new; echo made > new/file; mkdir void; ln -s new/file to-new; ln -s /etc/passwd out`;
    const run = await execute(claimFor(script), mode, {
      prepare: (gateway) => {
        const manifestSha256 = storeBase(gateway);
        gateway.claim = claimFor(script, { manifestSha256 });
      },
    });
    const { gateway } = run;
    expect(gateway.settled?.output).toContain("ran\none\ntwo\n");
    const entries = gateway.savedManifest().entries;
    expect(entries.map(({ path, type }) => `${path} ${type}`)).toEqual([
      "data directory",
      "data/numbers.txt file",
      "link symlink",
      "new directory",
      "new/file file",
      "out symlink",
      "run.sh file",
      "to-new symlink",
      "void directory",
    ]);
    expect(gateway.savedFile("data/numbers.txt")).toBe("one\ntwo\nthree\n");
    expect(entries.find(({ path }) => path === "run.sh")).toMatchObject({
      mode: 0o755,
      modifiedAt: 1_700_000_000_123,
    });
    // One pack with both changed files, and the manifest.
    expect(gateway.puts).toHaveLength(2);
    expect(entries.find(({ path }) => path === "out")).toMatchObject({ target: "/etc/passwd" });
    const changes = gateway.items().filter(({ type }) => type === "file_change");
    expect(changes).toContainEqual({
      type: "file_change",
      path: "data/numbers.txt",
      changeKind: "modified",
      additions: 1,
      deletions: 0,
    });
  });

  test.each(["000", "644"])("keeps a workspace whose own folder got mode %s", async (rights) => {
    const script = `echo made > new; chmod ${rights} /workspace`;
    const run = await execute(claimFor(script), mode, {
      prepare: (gateway) => {
        const manifestSha256 = storeBase(gateway);
        gateway.claim = claimFor(script, { manifestSha256 });
      },
    });
    expect(run.gateway.settled?.output).toBe("");
    const paths = run.gateway.savedManifest().entries.map(({ path }) => path);
    expect(paths).toEqual(["data", "data/numbers.txt", "empty", "link", "new", "run.sh"]);
    expect(run.gateway.savedFile("new")).toBe("made\n");
  });

  test("leaves a workspace that nobody touched as it is", async () => {
    const run = await execute(claimFor("cat run.sh"), mode, {
      prepare: (gateway) => {
        const manifestSha256 = storeBase(gateway);
        gateway.claim = claimFor("cat run.sh", { manifestSha256 });
      },
    });
    expect(run.gateway.settled?.workspace).toEqual({ state: "unchanged" });
    expect(run.gateway.puts).toEqual([]);
  });

  test("runs what developers run: git, a compiler, Python, Node, npm", async () => {
    const script = `set -e
      git init -q . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x
      echo 'int main(void){return 0;}' > a.c && gcc a.c -o a && ./a
      python3 -c 'import subprocess,threading,json; subprocess.run(["true"],check=True)'
      node -e 'require("node:child_process").execSync("true"); new Worker' 2>/dev/null || true
      node -e 'const {Worker}=require("node:worker_threads"); new Worker("0",{eval:true})'
      echo out > /dev/stdout; echo done`;
    const run = await execute(claimFor(script), mode);
    expect(run.gateway.settled).toMatchObject({ exitCode: 0, output: "out\ndone\n" });
  });

  test("runs setup scripts first, and not the task when one fails", async () => {
    const setupScripts = ["echo ready > /tmp/setup", "echo broken; exit 3"];
    const run = await execute(claimFor("echo never", { setupScripts }), mode);
    expect(run.gateway.settled).toMatchObject({ reason: "command_failed", exitCode: 3 });
    expect(run.gateway.settled?.output).toBe(
      "Setup script 2 failed (exit code 3); the task was not started.\n",
    );
    expect(run.gateway.text()).toContain("broken\n");
  });
});

describe("the programs", options, () => {
  test("run straight from their sources too", async () => {
    const program = join(import.meta.dirname, "../../runner/launcher.ts");
    const run = await execute(claimFor("echo from source"), "userns", { program });
    expect(run.gateway.settled?.output).toBe("from source\n");
  });

  test("say so when a script fails, with its code", async () => {
    const run = await execute(claimFor("echo oops; exit 7"), "userns");
    expect(run.gateway.settled).toMatchObject({
      outcome: "failed",
      reason: "command_failed",
      exitCode: 7,
      output: "oops\n",
    });
  });

  test("take bytes that aren't UTF-8 as they come", async () => {
    const run = await execute(
      claimFor("printf 'a\\377b\\360\\237'; printf '\\230\\200'"),
      "userns",
    );
    expect(run.gateway.settled?.output).toBe("a\ufffdb😀");
  });
});
