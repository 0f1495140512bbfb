/** What an environment builds, through the whole product; the installers are tried in `sandbox`. */
import { describe, expect, test } from "vitest";
import { expectBalanced } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, runScript } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";

const extensions =
  "ENV COLOUR=blue\nRUN mkdir -p bin && echo 'echo built' >bin/hello && chmod +x bin/hello";

async function builtOrFailed(key: string, environmentId: string) {
  return await until("the end of the build", async () => {
    const { json } = await send(`/v1/environments/${environmentId}/build/status`, { key });
    return json.buildStatus === "building" ? null : json;
  });
}

describe("WSP-3 a build", () => {
  test("is an execution whose layer all later executions have, and costs once", async () => {
    const owner = await newOwner();
    const { key } = owner;
    const first = await newEnvironment(key);
    const at = `/v1/environments/${first}`;
    const set = await send(`${at}/dockerfile`, {
      key,
      method: "PUT",
      body: { dockerfileExtensions: extensions },
    });
    expect(set.status, set.text).toBe(200);
    expect(set.json.environment).toMatchObject({ buildStatus: "building", status: "building" });
    expect(set.json.build).toMatchObject({ success: true, status: "building" });
    const status = await builtOrFailed(key, first);
    const logs = (await send(`${at}/build/logs`, { key })).json;
    expect(status, logs.logs).toMatchObject({ buildStatus: "ready", buildError: null });
    expect(logs.logs).toContain("==> The layer is built.");

    const threadId = await newThread(key, { environmentId: first });
    const { content } = await runScript(key, threadId, "hello; echo $COLOUR; ls");
    expect(content).toBe("built\nblue\n");

    // Another environment that names the same gets the same layer, and nothing runs.
    const second = await newEnvironment(key, { dockerfileExtensions: extensions });
    const again = await send(`/v1/environments/${second}/build`, { key, body: {} });
    expect(again.json, again.text).toMatchObject({ status: "ready", buildId: null });
    expect(again.json.buildHash).toBe(status.buildHash);
    // Another owner's build of the same isn't known to anybody else.
    const stranger = await newOwner({ creditUsd: 0 });
    const other = await newEnvironment(stranger.key, { dockerfileExtensions: extensions });
    const asked = await send(`/v1/environments/${other}/build`, { key: stranger.key, body: {} });
    expect(asked.status, asked.text).toBe(402);

    const { charges } = await spent(owner.id);
    expect(charges).toBe(2);
    await expectBalanced(owner);
  });

  test("that can't be made is refused with the reason, and one that fails leaves what was there", async () => {
    const { key } = await newOwner();
    const environmentId = await newEnvironment(key);
    const at = `/v1/environments/${environmentId}`;
    const body = { dockerfileExtensions: "COPY . /app" };
    const validated = await send(`${at}/dockerfile/validate`, { key, body });
    expect(validated.json).toMatchObject({ valid: false });
    expect(validated.json.errors[0]).toContain("COPY isn't supported");
    const refused = await send(`${at}/dockerfile`, { key, method: "PUT", body });
    expect(refused.json.build).toMatchObject({ success: false, status: "failed", buildId: null });

    const broken = { dockerfileExtensions: "RUN echo half >half && false" };
    await send(`${at}/dockerfile`, { key, method: "PUT", body: broken });
    const failed = await builtOrFailed(key, environmentId);
    expect(failed).toMatchObject({ buildStatus: "failed", imageTag: null });
    const { docs } = await firestore()
      .collectionGroup("environments")
      .where("id", "==", environmentId)
      .get();
    expect(docs[0]?.get("layers")).toEqual([]);
    const threadId = await newThread(key, { environmentId });
    const run = await runScript(key, threadId, "ls /opt/environment 2>&1 | tail -c 30");
    expect(run.answer.headers["x-paddock-warnings"]).toContain("isn't built");
    expect(run.content).toContain("No such file");
  });
});

describe("an environment", () => {
  test("is building, running or stopped as its executions are, and can be stopped", async () => {
    const { key } = await newOwner();
    const environmentId = await newEnvironment(key, { dockerfileExtensions: "RUN sleep 600" });
    const at = `/v1/environments/${environmentId}`;
    const status = async () => (await send(`${at}/status`, { key })).json;
    expect(await status()).toMatchObject({ status: "stopped", executionCount: 0 });
    const started = await send(`${at}/start`, { key, body: { cpus: 1 } });
    expect(started.json, started.text).toMatchObject({
      success: true,
      workspacePath: "/workspace",
    });
    expect(started.json.warnings[0]).toContain("cpus is ignored");
    expect(await status()).toMatchObject({
      status: "building",
      containerId: started.json.build.buildId,
    });
    const again = await send(`${at}/build`, { key, body: {} });
    expect(again.json.buildId).toBe(started.json.build.buildId);
    const stopped = await send(`${at}/stop`, { key, method: "POST" });
    expect(stopped.json).toMatchObject({ stopped: 1, containers: [started.json.build.buildId] });
    const ended = await builtOrFailed(key, environmentId);
    expect(ended).toMatchObject({ buildStatus: "failed" });
    const { summary, recentRuns } = (await send(`${at}/analytics`, { key })).json;
    expect(summary).toMatchObject({ totalRuns24h: 1, cancelledRuns24h: 1, successRate24h: 0 });
    expect(recentRuns).toMatchObject([{ title: "Build of test", status: "cancelled" }]);
  });

  test("takes packages in each published form, and gives them back by name", async () => {
    const { key } = await newOwner({ creditUsd: 0 });
    const environmentId = await newEnvironment(key);
    const at = `/v1/environments/${environmentId}`;
    const broke = await send(`${at}/packages`, {
      key,
      body: { type: "python", packages: ["six"] },
    });
    expect(broke.status, broke.text).toBe(402);
    expect((await send(`${at}/packages`, { key })).json.packages.python).toEqual([]);
    await send(at, { key, method: "PATCH", body: { packages: { node: ["@a/b@1", "--global"] } } });
    const listed = { packages: [{ type: "python", name: "flask==3.0" }] };
    const added = await send(`${at}/packages`, { key, body: { type: listed } });
    expect(added.json, added.text).toMatchObject({
      installed: ["flask==3.0"],
      build: { success: false, status: "failed" },
      environment: { packages: { python: ["flask==3.0"] } },
    });
    expect(added.json.build.error).toContain('"--global" isn\'t the name of a node package');
    const left = await send(`${at}/packages/node/@a/b`, { key, method: "DELETE" });
    expect(left.json.environment.packages.node).toEqual(["--global"]);
    const body = { name: "new", internetAccess: true };
    const replaced = await send(at, { key, method: "PUT", body });
    expect(replaced.json.environment).toMatchObject({
      name: "new",
      packages: { node: [], python: [] },
      buildStatus: "ready",
      internetAccess: true,
    });
  });
});

async function spent(ownerId: string) {
  const lines = await firestore().collection(`owners/${ownerId}/ledger`).get();
  return { charges: lines.docs.filter((line) => line.get("type") === "charge").length };
}
