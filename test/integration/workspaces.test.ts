/** What an environment keeps between executions, and that nothing makes it unusable. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ManifestEntry, type ManifestFile, manifestOf } from "#shared/core/workspace/manifest";
import { manifestBytes } from "#shared/core/workspace/manifest-bytes";
import { gatewayPaths } from "#shared/protocol/runner";
import { executionOf } from "../kit/assert-settled.ts";
import { prepareBeat } from "../kit/beat.ts";
import { type Answer, multipart, send } from "../kit/client.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { type Planted, plantExecution } from "../kit/plant-execution.ts";
import { firestore } from "../kit/store.ts";
import { expectRefusal } from "../security/support/refusals.ts";

const mib = 1_048_576;
const planted: Planted["remove"][] = [];
let owner: TestOwner;
/** An execution that has ended, in its own environment. */
let template: { id: string; environmentId: string };

beforeAll(async () => {
  owner = await newOwner({ creditUsd: 5 });
});
afterAll(async () => {
  for (const remove of planted) await remove();
});

const pathOf = (environmentId: string, path = "") =>
  `/v1/environments/${environmentId}/files${path === "" ? "" : `/${path}`}`;

async function upload(environmentId: string, name: string, bytes: string, path = name) {
  const form = multipart({ name, bytes, path });
  const at = pathOf(environmentId, "upload");
  return await send(at, { key: owner.key, method: "POST", ...form });
}

async function list(environmentId: string, query = ""): Promise<Answer> {
  return await send(`${pathOf(environmentId)}${query}`, { key: owner.key });
}

async function listed(environmentId: string): Promise<string[]> {
  const { json } = await list(environmentId);
  return json.data.map(({ path }: { path: string }) => path);
}

async function remove(environmentId: string, path: string): Promise<Answer> {
  return await send(pathOf(environmentId, path), { key: owner.key, method: "DELETE" });
}

async function patchHead(environmentId: string, fields: Record<string, unknown>): Promise<void> {
  const named = Object.entries(fields).map(([name, value]) => [`workspace.${name}`, value]);
  const place = firestore().doc(`owners/${owner.id}/environments/${environmentId}`);
  await place.update(Object.fromEntries(named));
}

describe("WSP-2 between two executions", () => {
  test("folders, links, permissions, holes and an upload over a program stay", async () => {
    const environmentId = await newEnvironment(owner.key);
    const threadId = await newThread(owner.key, { environmentId });
    const made = await runScript(
      owner.key,
      threadId,
      `touch -d @8700000000000 odd; mkdir -m 700 d; echo k >d/key; ln -s /bin/sh sh
       printf '#!/bin/sh\\necho old\\n' >s.sh; chmod 755 s.sh; truncate -s 700M s1 s2`,
    );
    expect(made.run.status).toBe("success");
    expect(made.content).toContain('"odd" has a time outside of the years 1 to 9999');
    template = { id: made.run.id, environmentId };
    expect((await list(environmentId)).json.data).toContainEqual(
      expect.objectContaining({ path: "odd", modifiedAt: "9999-12-31T23:59:59.999Z" }),
    );
    await upload(environmentId, "s.sh", "#!/bin/sh\necho new\n");
    const script = "./s.sh; stat -c %a d; ./sh -c 'cat d/key'; stat -c '%s %b' s1 s2";
    const { content, run } = await runScript(owner.key, threadId, script);
    expect(run.status).toBe("success");
    expect(content).toBe(`new\n700\nk\n${`${700 * mib} 0\n`.repeat(2)}`);
  });
});

describe("files", () => {
  test("are listed below a folder that is there, and of another it is said", async () => {
    const environmentId = await newEnvironment(owner.key);
    expect((await list(environmentId)).json).toMatchObject({ data: [], total_count: 0 });
    await upload(environmentId, "f", "x", "a/b/f");
    expect((await list(environmentId, "?path=a")).json.data).toMatchObject([
      { path: "a/b", type: "directory" },
      { path: "a/b/f", type: "file" },
    ]);
    expectRefusal(await list(environmentId, "?path=nope"), 404, "NOT_FOUND");
    expectRefusal(await list(environmentId, "?path=a/b/f"), 404, "NOT_FOUND");
    const page = (await list(environmentId, "?limit=1&offset=1")).json;
    expect(page).toMatchObject({ data: [{ path: "a/b" }], total_count: 3, has_more: true });
  });

  test("whose form has a field that isn't known are stored, and the field is named", async () => {
    const environmentId = await newEnvironment(owner.key);
    const form = multipart({ name: "f", bytes: "x", path: "docs" });
    const raw = Buffer.from(form.raw.toString().replace('name="path"', 'name="folder"'));
    const at = pathOf(environmentId, "upload");
    const { headers, json } = await send(at, { key: owner.key, method: "POST", ...form, raw });
    expect(json.path).toBe("f");
    expect(headers["x-paddock-warnings"]).toBe(
      "The field folder isn't known here and was ignored.",
    );
  });

  test("are deleted alone or with their folder, once", async () => {
    const environmentId = await newEnvironment(owner.key);
    for (const path of ["a/b/f", "a/g", "back\\slash"]) {
      await upload(environmentId, path.split("/").at(-1) ?? "", "x", path);
    }
    expect(await listed(environmentId)).toEqual(["a", "a/b", "a/b/f", "a/g", "back\\slash"]);
    const filePath = "a/b/f";
    expect((await remove(environmentId, filePath)).json).toEqual({
      success: true,
      environmentId,
      filePath,
    });
    expectRefusal(await remove(environmentId, filePath), 404, "NOT_FOUND");
    expect(await listed(environmentId)).toEqual(["a", "a/b", "a/g", "back\\slash"]);
    expect((await remove(environmentId, "a%2F")).status).toBe(200);
    expect((await remove(environmentId, encodeURIComponent("back\\slash"))).status).toBe(200);
    expect(await listed(environmentId)).toEqual([]);
    expectRefusal(await remove(environmentId, "..%2Fa"), 400, "INVALID_PATH");
  });
});

describe("WSP-1 an environment", () => {
  test("can't take a profile that its files don't fit, until some are deleted", async () => {
    const environmentId = await newEnvironment(owner.key, { computeProfile: "standard" });
    await upload(environmentId, "large", "x");
    await patchHead(environmentId, { restoreBytes: 1_500_000_000 });
    const at = `/v1/environments/${environmentId}`;
    const ask = async (computeProfile: string) =>
      await send(at, { key: owner.key, method: "PATCH", body: { computeProfile } });
    const refused = await ask("lite");
    expectRefusal(refused, 409, "WORKSPACE_TOO_LARGE");
    expect(refused.json.message).toContain("needs 1500000000 bytes");
    expect(refused.json.details).toEqual({
      workspaceBytes: 1_500_000_000,
      profileBytes: 896 * mib,
    });
    expect((await ask("power")).status).toBe(200);
    expect((await remove(environmentId, "large")).status).toBe(200);
    expect((await ask("lite")).status).toBe(200);
  });

  test("whose manifest can't be read goes on with the one before it", async () => {
    const environmentId = await newEnvironment(owner.key);
    await upload(environmentId, "a", "1");
    await upload(environmentId, "b", "2");
    await patchHead(environmentId, { manifestSha256: "0".repeat(64) });
    expect(await listed(environmentId)).toEqual(["a"]);
    expect((await send(pathOf(environmentId, "a"), { key: owner.key })).text).toBe("1");
    expect((await upload(environmentId, "c", "3")).status).toBe(200);
    expect(await listed(environmentId)).toEqual(["a", "c"]);
  });
});

function file(path: string, content: string, changes: Partial<ManifestFile> = {}): ManifestFile {
  const sha256 = createHash("sha256").update(content).digest("hex");
  const sizeBytes = content.length;
  const parts = [{ pack: sha256, offsetBytes: 0, sizeBytes }];
  const attributes = { mode: 0o644, modifiedAt: 0 };
  return { path, type: "file", sha256, sizeBytes, ...attributes, parts, ...changes };
}

/** A file of this size, in packs that don't exist yet. */
function large(path: string, sizeBytes: number): ManifestFile {
  const pack = "a".repeat(64);
  const parts = Array.from({ length: Math.ceil(sizeBytes / (20 * mib)) }, (_, index) => ({
    pack,
    offsetBytes: 0,
    sizeBytes: Math.min(20 * mib, sizeBytes - index * 20 * mib),
  }));
  return file(path, path, { sizeBytes, parts });
}

interface Runner {
  readonly executionId: string;
  readonly put: (bytes: Uint8Array) => Promise<Answer>;
  readonly settle: (manifestSha256: string) => Promise<Answer>;
}

/** Acts as the runner of an execution that began with the environment's current workspace. */
async function newRunner(): Promise<Runner> {
  const { id, environmentId } = template;
  const place = firestore().doc(`owners/${owner.id}/environments/${environmentId}`);
  const baseManifestSha256 = (await place.get()).get("workspace")?.manifestSha256 ?? null;
  const fields = { status: "running", baseManifestSha256 } as const;
  const one = await plantExecution(owner, id, fields);
  planted.push(one.remove);
  const { key, leaseVersion, baseUrl } = await prepareBeat(owner, one.executionId, 1_000);
  return {
    executionId: one.executionId,
    async put(bytes) {
      const digest = createHash("sha256").update(bytes).digest("hex");
      const raw = Buffer.from(bytes);
      const headers = { "content-type": "application/octet-stream" };
      const sent = { key, method: "PUT", raw, headers, baseUrl };
      return await send(gatewayPaths.manifest(digest), sent);
    },
    async settle(manifestSha256) {
      const workspace = { state: "saved", manifestSha256 };
      const ended = { outcome: "success", reason: "completed", exitCode: 0, output: "done\n" };
      const rest = { leaseVersion, outputTruncated: false, workspace, eventsLastSequence: 0 };
      return await send(gatewayPaths.settle, { key, body: { ...ended, ...rest }, baseUrl });
    },
  };
}

async function save(runner: Runner, entries: readonly ManifestEntry[]): Promise<void> {
  const bytes = manifestBytes(manifestOf(entries));
  const stored = await runner.put(bytes);
  expect(stored.status, stored.text).toBe(200);
  const settled = await runner.settle(stored.json.sha256);
  expect(settled.status, settled.text).toBe(200);
}

describe("WSP-1 a runner", () => {
  const huge = { pack: null, offsetBytes: 0, sizeBytes: Number.MAX_SAFE_INTEGER };

  test.each([
    ["claims a file of 8 PB", file("f", "x", { sizeBytes: huge.sizeBytes, parts: [huge] })],
    ["names a file that lies outside", file("../f", "x")],
    ["gives a time that no date can hold", file("f", "x", { modifiedAt: 8_700_000_000_000_000 })],
  ])("that %s is refused", async (_what, entry) => {
    const { put } = await newRunner();
    expectRefusal(await put(manifestBytes({ v: 2, entries: [entry] })), 400, "VALIDATION_FAILED");
  });

  test("that sends 15 MB of something else is refused, and why", async () => {
    const { put } = await newRunner();
    const line = `${JSON.stringify({ path: "a", type: "file" })}\n`;
    const refused = await put(Buffer.from(`{"v":2}\n${line.repeat(450_000)}`));
    expectRefusal(refused, 400, "VALIDATION_FAILED");
    expect(refused.json.message).toBe("Entry 1 of a manifest isn't one.");
  });

  test("whose manifest isn't there is settled, and the workspace stays", async () => {
    const before = await listed(template.environmentId);
    const runner = await newRunner();
    expect((await runner.settle("f".repeat(64))).status).toBe(200);
    expect(await executionOf(owner, runner.executionId)).toMatchObject({
      status: "success",
      workspaceState: "not_saved",
    });
    expect(await listed(template.environmentId)).toEqual(before);
  });

  test("that changed a path of 1,015 bytes beside another keeps both", async () => {
    const [one, other] = [await newRunner(), await newRunner()];
    const path = `${`${"d".repeat(199)}/`.repeat(5)}${"f".repeat(15)}`;
    await save(one, [file(path, "one"), file("漢".repeat(84), "one")]);
    await save(other, [file(path, "other"), file("漢".repeat(84), "other")]);
    const paths = await listed(template.environmentId);
    expect(paths.filter((path) => path.includes(".conflict-"))).toHaveLength(2);
    expect((await upload(template.environmentId, "after", "x")).status).toBe(200);
  });

  test("that leaves more than fits beside another's work is told what isn't kept", async () => {
    const [one, other] = [await newRunner(), await newRunner()];
    await save(one, [large("one", 500 * mib)]);
    await save(other, [large("other", 500 * mib), file("small", "x")]);
    const { output, workspaceState } = await executionOf(owner, other.executionId);
    expect(output).toBe('done\nNot saved, for want of room: "other".\n');
    expect(workspaceState).toBe("saved");
    expect(await listed(template.environmentId)).toEqual(["one", "small"]);
  });
});
