/** What an account may keep, through the front door, and that deleted objects really disappear. */
import { afterEach, describe, expect, test } from "vitest";
import { workspaceBucket } from "../../local/cloud/names.ts";
import { multipart, send } from "../kit/client.ts";
import { cloud, until } from "../kit/cloud.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";

let aside: FunctionAside | undefined;

afterEach(async () => {
  await aside?.stop();
  aside = undefined;
});

async function startOne(name: string, quotas: object): Promise<FunctionAside> {
  [aside] = await startAsides(name, 1, { limits: { quotas } });
  if (!aside) throw new Error("no process");
  return aside;
}

const upload = async (key: string, environmentId: string, bytes: string, baseUrl?: string) =>
  await send(`/v1/environments/${environmentId}/files/upload`, {
    ...{ key, method: "POST", ...multipart({ name: "file", bytes }) },
    ...(baseUrl === undefined ? {} : { baseUrl }),
  });

const usageOf = ({ id }: TestOwner) => firestore().doc(`owners/${id}/usage/storage`);

describe("TEN-2 quotas of an account", () => {
  test.each([
    ["agents", "agentsMax", { name: "a", model: "shell" }],
    ["skills", "skillsMax", { name: "a", instructions: "b" }],
  ])(
    "are exact: of twelve %s made at once, five are made if the quota is five",
    async (kind, quota, body) => {
      const { key } = await newOwner({ creditUsd: 0 });
      const { baseUrl } = await startOne("agents", { [quota]: 5 });
      const make = async () => await send(`/v1/${kind}`, { key, baseUrl, body });
      const answers = await Promise.all(Array.from({ length: 12 }, make));
      const refused = answers.filter(({ status }) => status !== 201);
      expect(answers.length - refused.length).toBe(5);
      for (const { status, json } of [...refused, await make()]) {
        expect({ status, ...json }).toMatchObject({
          status: 422,
          code: "QUOTA_REACHED",
          details: { of: kind, limit: 5 },
        });
      }
      const { total_count: made, data } = (await send(`/v1/${kind}`, { key, baseUrl })).json;
      expect(made).toBe(5);
      // What is deleted makes room.
      await send(`/v1/${kind}/${data[0].id}`, { key, baseUrl, method: "DELETE" });
      expect((await make()).status).toBe(201);
      expect((await make()).status).toBe(422);
    },
  );

  test.runIf(isTurn(0, 2))(
    "bound what users and runners store, and what is downloaded",
    async () => {
      const owner = await newOwner({ creditUsd: 0 });
      const environmentId = await newEnvironment(owner.key);
      const quotas = { storedBytesMax: 10_000, downloadedBytesPerDayMax: 9_000 };
      const { baseUrl } = await startOne("files", quotas);
      expect((await upload(owner.key, environmentId, "a".repeat(6_000), baseUrl)).status).toBe(200);
      const before = (await usageOf(owner).get()).data();
      const refused = await upload(owner.key, environmentId, "b".repeat(6_000), baseUrl);
      expect(refused).toMatchObject({ status: 422, json: { code: "QUOTA_REACHED" } });
      expect((await usageOf(owner).get()).data()).toEqual(before);
      const download = async () =>
        await send(`/v1/environments/${environmentId}/files/file`, { key: owner.key, baseUrl });
      expect((await download()).bytes.length).toBe(6_000);
      const tooMuch = await download();
      expect(tooMuch).toMatchObject({ status: 429, json: { code: "RATE_LIMITED" } });
      expect(Number(tooMuch.headers["retry-after"])).toBeGreaterThan(0);
    },
  );

  test.runIf(isTurn(1, 2))("bound what lists send, too, and leave what is small", async () => {
    const { key, id } = await newOwner({ creditUsd: 0 });
    const mib = 1024 * 1024;
    const { baseUrl } = await startOne("agents", { downloadedBytesPerDayMax: 4 * mib });
    const body = { name: "a", model: "shell", instructions: "x".repeat(80_000) };
    const made = await send("/v1/agents", { key, baseUrl, body });
    const agents = firestore().collection(`owners/${id}/agents`);
    const template = (await agents.doc(made.json.agent.id).get()).data();
    for (let copy = 0; copy < 27; copy += 1) {
      await agents.doc(`agent_${copy}`).create({ ...template, id: `agent_${copy}` });
    }
    const list = async () => await send("/v1/agents?limit=100", { key, baseUrl });
    expect((await list()).bytes.length).toBeGreaterThan(2 * mib);
    expect((await list()).status).toBe(200);
    // It is written down once the second has been sent.
    const refused = await until("a list that is refused", async () => {
      const answer = await list();
      return answer.status === 200 ? null : answer;
    });
    expect(refused).toMatchObject({ status: 429, json: { code: "RATE_LIMITED" } });
    expect(refused.json.details.of).toBe("downloaded bytes");
    expect((await send("/v1/agents/models", { key, baseUrl })).status).toBe(200);
    expect((await send("/v1/agents", { key, baseUrl, body })).status).toBe(201);
  });

  test("bound how far an offset reaches", async () => {
    const { key } = await newOwner({ creditUsd: 0 });
    expect((await send("/v1/agents?offset=10000", { key })).status).toBe(200);
    const far = await send("/v1/agents?offset=10001", { key });
    expect(far).toMatchObject({ status: 400, json: { code: "VALIDATION_FAILED" } });
  });
});

/** How many of the owner's objects are in the bucket. */
async function storedObjects({ id }: TestOwner): Promise<number> {
  const host = cloud().environment.STORAGE_EMULATOR_HOST;
  const prefix = encodeURIComponent(`owners/${id}/`);
  const answer = await fetch(`${host}/storage/v1/b/${workspaceBucket}/o?prefix=${prefix}`);
  const { items = [] } = (await answer.json()) as { items?: unknown[] };
  return items.length;
}

describe("TEN-2 an object without references", () => {
  test.runIf(isTurn(0, 2))(
    "is deleted: first earlier versions, then a deleted environment's files, and nothing else",
    async () => {
      const owner = await newOwner();
      const { key } = owner;
      const environmentId = await newEnvironment(key);
      for (const bytes of ["one", "two", "three"]) await upload(key, environmentId, bytes);
      const threadId = await newThread(key, { environmentId });
      expect((await runScript(key, threadId, "cat file; echo four > other")).content).toBe("three");
      // A pack and a manifest for each of three uploads and a run.
      expect(await storedObjects(owner)).toBe(8);
      const { baseUrl } = await startOne("maintenance", { unreferencedMs: 100 });
      const untilStored = async (count: number) => {
        await until(`${count} objects`, async () => {
          // The cloud's own sweep, which waits for hours, may have postponed it.
          await usageOf(owner).update({ sweepAt: 1 });
          expect((await sweep("objects", baseUrl)).json.failed).toBe(0);
          return (await storedObjects(owner)) === count;
        });
      };
      // A pack and a manifest for the last upload, which is the fallback, and for the run.
      await untilStored(4);
      expect((await runScript(key, threadId, "cat file other")).content).toBe("threefour\n");
      const path = `/v1/environments/${environmentId}`;
      expect((await send(path, { key, method: "DELETE" })).json.message).toContain("erased later");
      await untilStored(0);
      await until("its usage", async () => {
        const { bytes, objects } = (await usageOf(owner).get()).data() ?? {};
        return bytes === 0 && objects === 0;
      });
    },
  );
});
