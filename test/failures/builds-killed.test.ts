/** A build's runner is killed at each step; each is a call that is held, or a script that waits. */
import { afterEach, describe, expect, test } from "vitest";
import { expectSettled } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { orderFault, until, untilHeld } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, runScript } from "../kit/owners.ts";
import { killPart, type RunnerPart } from "../kit/processes.ts";
import { sharedOut } from "../kit/shard.ts";
import { untilRunning } from "../kit/start-execution.ts";
import { firestore } from "../kit/store.ts";

type Row = readonly [victim: RunnerPart, when: string, upload: number | null];

/** A build stores its pack first, and then the manifest. */
const table: readonly Row[] = (["launcher", "supervisor"] as const).flatMap((victim) => [
  [victim, "while the script runs", null],
  [victim, "while its pack is stored", 1],
  [victim, "while its manifest is stored", 2],
]);
const rows = sharedOut(table, table.length);

afterEach(async () => await orderFault("storage", null));

describe("WSP-3 a build whose runner is killed", () => {
  test.each(rows)("%s %s leaves no layer, and the next build makes it", async (victim, _, nth) => {
    const owner = await newOwner({ creditUsd: 20 });
    const { key } = owner;
    const environmentId = await newEnvironment(key);
    const at = `/v1/environments/${environmentId}`;
    if (nth !== null) {
      const upload = { method: "upload", fault: { kind: "delay", delayMs: 0 } } as const;
      await orderFault("storage", { ...upload, calls: nth - 1 });
      await orderFault("storage", { ...upload, fault: { kind: "hold-before" }, calls: 1 });
    }
    const body = { dockerfileExtensions: "RUN date +%N >made && sleep 1" };
    const begun = await send(`${at}/dockerfile`, { key, method: "PUT", body });
    const { buildId } = begun.json.build;
    if (nth === null) await untilRunning(owner, buildId);
    else await untilHeld("storage");
    await killPart(buildId, victim);
    await orderFault("storage", null);
    expect((await expectSettled(owner, buildId)).reason).toBe("lost");
    const place = firestore().doc(`owners/${owner.id}/environments/${environmentId}`);
    expect((await place.get()).get("layers")).toEqual([]);
    const status = async () => (await send(`${at}/build/status`, { key })).json;
    expect(await status()).toMatchObject({ buildStatus: "failed", imageTag: null });

    await send(`${at}/build`, { key, body: {} });
    await until("the second build", async () =>
      (await status()).buildStatus === "ready" ? true : null,
    );
    const threadId = await newThread(key, { environmentId });
    const { run } = await runScript(key, threadId, "test -s /opt/environment/made");
    expect(run.status).toBe("success");
  });
});
