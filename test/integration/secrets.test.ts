/** Secrets through the front door: sealed, handed over, re-wrapped while in use, and destroyed. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { environmentBinding } from "#shared/environments/seal-secret";
import { newOwner as ownerCalled } from "#shared/owners/act-on-owner";
import type { SecretBinding } from "#shared/protocol/bound-secret";
import { open } from "#shared/secrets/sealing";
import { openSealingPair } from "#shared/secrets/sealing-keys";
import { SealedSecrets, SealingKey } from "#shared/store/environments";
import { untilEnded } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { cloud, until } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { isLong, isTurn } from "../kit/shard.ts";
import { startExecution, untilRunning } from "../kit/start-execution.ts";
import { firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";

const value = "a-secret-of-the-environment";
const lengthOf = 'printf %s "$TOKEN" | wc -c';
let owner: TestOwner;

beforeAll(async () => {
  owner = await newOwner();
  // The code that opens secrets here reads its settings like a function.
  for (const [name, setting] of Object.entries(cloud().environment)) vi.stubEnv(name, setting);
});

afterAll(() => {
  vi.unstubAllEnvs();
});

const newOne = async () => await newEnvironment(owner.key, { secrets: [{ key: "TOKEN", value }] });
const pairRef = (id: string) => firestore("keys").doc(`owners/${owner.id}/sealingKeys/${id}`);
const sealedRef = (id: string) => firestore().doc(`owners/${owner.id}/sealedSecrets/${id}`);
const pairOf = async (id: string) => SealingKey.parse((await pairRef(id).get()).data());
const sealedOf = async (id: string) => SealedSecrets.parse((await sealedRef(id).get()).data());
const storedAs = async (id: string, name: string) =>
  (await sealedOf(id)).values.find(({ key }) => key === name);

async function openAs(
  environmentId: string,
  sealed: string,
  key = "TOKEN",
  binding: SecretBinding | null = null,
): Promise<string> {
  const who = ownerCalled(owner.id, "development");
  const name = { purpose: "environment-secrets", id: environmentId } as const;
  const privateKey = await openSealingPair(who, name, await pairOf(environmentId));
  const associatedData = environmentBinding(who, environmentId, { key, binding });
  return (await open(privateKey, sealed, associatedData)).toString();
}

describe("SEC-1 a stored secret", () => {
  test("opens where it belongs, under a KMS version on record, and nowhere it is moved to", async () => {
    const [here, elsewhere] = [await newOne(), await newOne()];
    const sealed = (await storedAs(here, "TOKEN"))?.sealed ?? "";
    expect(await openAs(here, sealed)).toBe(value);
    expect((await pairOf(here)).kmsKeyVersion).toMatch(
      /environment-secrets\/cryptoKeyVersions\/\d+$/,
    );
    await expect(openAs(elsewhere, sealed)).rejects.toThrow();
    await expect(openAs(here, sealed, "OTHER")).rejects.toThrow();
    // Moved together with the key pair, which is itself bound to its environment.
    await pairRef(elsewhere).set(await pairOf(here));
    await expect(openAs(elsewhere, sealed)).rejects.toThrow();
    await pairRef(elsewhere).delete();
  });
});

describe("SEC-5 a secret bound to a host", () => {
  test("is a placeholder inside, and can't be sent elsewhere by rewriting the database", async () => {
    const secret = { key: "GIT", value, hosts: ["git.example.com"] };
    const environmentId = await newEnvironment(owner.key, { secrets: [secret] });
    const threadId = await newThread(owner.key, { environmentId });
    const { content } = await runScript(owner.key, threadId, 'echo "$GIT"');
    expect(content).toMatch(/^paddock-bound-[0-9a-f]{40}\n$/);
    const stored = await storedAs(environmentId, "GIT");
    const binding = { hosts: ["evil.example.com"], headers: ["authorization"] };
    await expect(openAs(environmentId, stored?.sealed ?? "", "GIT", binding)).rejects.toThrow();
    const asStored = openAs(environmentId, stored?.sealed ?? "", "GIT", stored?.binding ?? null);
    expect(await asStored).toBe(value);
  });
});

describe("SEC-3 an environment's secrets", () => {
  test("can be opened by one function, and sealed by those that have no right to open", () => {
    const { functions } = JSON.parse(readFileSync("dist/functions.json", "utf8"));
    const holders = (role: string) =>
      Object.entries<{ roles: string[] }>(functions).flatMap(([name, { roles }]) =>
        roles.includes(role) ? [name] : [],
      );
    expect(holders("kms.unwrap.environment-secrets")).toEqual(["runner-gateway"]);
    expect(holders("kms.wrap.environment-secrets")).not.toContain("runner-gateway");
  });

  test("go to the runner that claims the ticket, and its message's own take precedence", async () => {
    const threadId = await newThread(owner.key, { environmentId: await newOne() });
    const script = `${lengthOf}; printf %s "$MORE" | wc -c`;
    const own = ["MORE", "TOKEN"].map((key) => ({ key, value: "of this message" }));
    const body = { secrets: own };
    expect((await runScript(owner.key, threadId, script, { body })).content).toBe("15\n15\n");
    // A message's secrets belong to no other message.
    const { content } = await runScript(owner.key, threadId, script);
    expect(content).toBe(`${value.length}\n0\n`);
  });
});

describe("SEC-6 keys that wrap", () => {
  const rotate = async (...options: string[]) => {
    // The long form rotates every owner that other tests have made.
    const whose = isLong ? [] : ["--owner", owner.id];
    const program = ["scripts/secrets-rotate.ts", ...whose, ...options];
    const env = { ...process.env, ...cloud().environment };
    return (await promisify(execFile)(process.execPath, program, { env })).stdout;
  };

  test.runIf(isTurn(0, 2))(
    "are rotated while an execution runs, once for each, and on the record",
    async () => {
      const environmentId = await newOne();
      const threadId = await newThread(owner.key, { environmentId });
      const begun = await startExecution(owner, threadId, `echo begun; sleep 1; ${lengthOf}`);
      await untilRunning(owner, begun.executionId);
      const before = (await pairOf(environmentId)).kmsKeyVersion;
      expect(await rotate("--new-version")).toMatch(/[1-9]\d* key pairs re-wrapped/);
      const after = await pairOf(environmentId);
      expect(after.kmsKeyVersion).not.toBe(before);
      expect((await untilEnded(owner, begun.executionId)).output).toBe(`begun\n${value.length}\n`);
      expect((await runScript(owner.key, threadId, lengthOf)).content).toBe(`${value.length}\n`);
      expect(await rotate()).toContain(" 0 key pairs re-wrapped");
      expect(await pairOf(environmentId)).toEqual(after);
      const trail = firestore().collection("owners/user_operators/audit");
      const rows = await trail.where("action", "==", "secrets.rotated").get();
      expect(rows.docs.map((row) => row.get("subject"))).toContain(after.kmsKeyVersion);
    },
  );
});

describe("SEC-6 a key pair that can't be re-wrapped", () => {
  test.runIf(isTurn(1, 2))("is named, and keeps no other from it", async () => {
    const [broken, sound] = [await newOne(), await newOne()];
    const old = { ...(await pairOf(sound)), kmsKeyVersion: "an older one" };
    await pairRef(sound).set(old);
    // Another environment's pair, which was never wrapped for this one.
    await pairRef(broken).set(old);
    const program = ["scripts/secrets-rotate.ts", "--owner", owner.id];
    const env = { ...process.env, ...cloud().environment };
    const rotated = promisify(execFile)(process.execPath, program, { env });
    const { code, stdout } = await rotated.catch((error) => error);
    expect(code).toBe(1);
    expect(stdout).toContain(`${broken}: `);
    expect(stdout).toMatch(/1 key pairs re-wrapped, \d+ passed over, 1 failed/);
    expect((await pairOf(sound)).kmsKeyVersion).toMatch(/cryptoKeyVersions\/\d+$/);
    await pairRef(broken).delete();
  });
});

describe("SEC-6 an environment that is deleted", () => {
  test.runIf(isTurn(0, 2))(
    "takes its keys along, so a restored backup opens nothing; what ran is stopped",
    async () => {
      const environmentId = await newOne();
      const path = `/v1/environments/${environmentId}`;
      const threadId = await newThread(owner.key, { environmentId });
      const begun = await startExecution(owner, threadId, "sleep 30");
      await untilRunning(owner, begun.executionId);
      const names = ["environments", "sealedSecrets"];
      const refs = names.map((name) =>
        firestore().doc(`owners/${owner.id}/${name}/${environmentId}`),
      );
      const backup = await Promise.all(refs.map(async (ref) => (await ref.get()).data() ?? {}));
      const deleted = await send(path, { key: owner.key, method: "DELETE" });
      expect(deleted.json).toMatchObject({ success: true, id: environmentId });
      expect((await pairRef(environmentId).get()).exists).toBe(false);
      expect(await untilEnded(owner, begun.executionId)).toMatchObject({ reason: "cancelled" });
      expect((await send(path, { key: owner.key })).status).toBe(404);
      const message = { key: owner.key, body: { content: "true" } };
      expect((await send(`/v1/threads/${threadId}/messages`, message)).status).toBe(404);
      // The main database has everything again, as after a restore, but no pair opens it.
      await Promise.all(refs.map(async (ref, index) => await ref.set(backup[index] ?? {})));
      const sealed = (await storedAs(environmentId, "TOKEN"))?.sealed ?? "";
      await expect(openAs(environmentId, sealed)).rejects.toThrow();
      const pairs = await firestore("keys").collection(`owners/${owner.id}/sealingKeys`).get();
      for (const { id } of pairs.docs) await expect(openAs(id, sealed)).rejects.toThrow();
      const orders = firestore().doc(`shreds/${environmentId}`);
      await until("the order's end", async () => !(await orders.get()).exists);
    },
  );
});

describe("SEC-6 a deletion whose process died", () => {
  test.runIf(isTurn(1, 2))("is finished by maintenance, and by it once", async () => {
    const environmentId = await newOne();
    const order = {
      v: 1,
      environmentId,
      ownerId: owner.id,
      requestId: "req_of_a_process_that_died",
      actor: { type: "key", id: owner.keyId },
      dueAt: Date.now() - 60_000,
    };
    await firestore().doc(`owners/${owner.id}/environments/${environmentId}`).delete();
    await firestore().doc(`shreds/${environmentId}`).set(order);
    const place = firestore().doc(`shreds/${environmentId}`);
    // The cloud's own sweep may have taken it a moment before this one, which then passes it over.
    expect((await sweep("shreds")).status).toBe(200);
    await until("the order's end", async () => !(await place.get()).exists);
    expect((await pairRef(environmentId).get()).exists).toBe(false);
    expect((await sweep("shreds")).status).toBe(200);
    expect((await place.get()).exists).toBe(false);
  });
});

describe("SEC-7 what had better be a secret", () => {
  test("is answered with a warning that names it, and so is a secret too short to redact", async () => {
    const body = {
      name: "warned",
      environmentVariables: [
        { key: "MODE", value: "production" },
        { key: "DB", value: "postgres://me:hunter2@db.example.com/x" },
      ],
      secrets: [{ key: "PIN", value: "1234" }],
    };
    const made = await send("/v1/environments", { key: owner.key, body });
    expect(made.json.warnings).toEqual([
      expect.stringMatching(/^The variable DB looks like an address with a password in it/),
      expect.stringMatching(/^The secret PIN is shorter than 8 characters/),
    ]);
    const { id } = made.json.environment;
    const put = { key: owner.key, method: "PUT", body: { value: "12345" } };
    const short = await send(`/v1/environments/${id}/secrets/PIN`, put);
    expect(short.json).toMatchObject({
      message: "Stored; it is sealed and never returned.",
      warnings: [expect.stringMatching(/^The secret PIN is shorter than 8 characters/)],
    });
    const threadId = await newThread(owner.key, { environmentId: id });
    const names = ["KEY", ...Array.from({ length: 21 }, (_, index) => `K${index}`)];
    const envVars = Object.fromEntries(names.map((name) => [name, "AKIAIOSFODNN7EXAMPLE"]));
    const { answer } = await runScript(owner.key, threadId, "true", { body: { envVars } });
    expect(answer.headers["x-paddock-warnings"]).toMatch(
      /^The variable KEY looks like an AWS.* There are 2 more warnings\.$/,
    );
  });
});

describe("SEC-7 a network that is widened where secrets are", () => {
  test("takes the right to write secrets, in so many words", async () => {
    const path = `/v1/environments/${await newOne()}`;
    const keyWith = async (...scopes: string[]) =>
      (await send("/v1/keys", { key: owner.key, body: { name: "k", scopes } })).json.key;
    const [weak, strong] = [
      await keyWith("environments:write"),
      await keyWith("environments:write", "secrets:write"),
    ];
    const widen = async (key: string) =>
      await send(path, { key, method: "PATCH", body: { network: { mode: "internet" } } });
    const refused = await widen(weak);
    expect(refused.status).toBe(403);
    expect(refused.json.details).toEqual({ requiredScope: "secrets:write" });
    expect((await widen(strong)).json.environment.network.mode).toBe("internet");
    const narrowed = { network: { mode: "none" } };
    expect((await send(path, { key: weak, method: "PATCH", body: narrowed })).status).toBe(200);
  });
});

describe("a secret's routes", () => {
  test("list the hosts it is bound to, and forget it when it is deleted", async () => {
    const environmentId = await newOne();
    const path = `/v1/environments/${environmentId}/secrets`;
    const bound = { key: "GIT", value: "x".repeat(20), hosts: ["Git.Example.com"] };
    expect((await send(path, { key: owner.key, body: bound })).status).toBe(201);
    const listed = (await send(path, { key: owner.key })).json;
    expect(listed.data).toEqual([
      { key: "GIT", hasValue: true, hosts: ["git.example.com"], headers: ["authorization"] },
      { key: "TOKEN", hasValue: true },
    ]);
    const gone = await send(`${path}/GIT`, { key: owner.key, method: "DELETE" });
    expect(gone.json).toMatchObject({ success: true, key: "GIT" });
    expect((await send(`${path}/GIT`, { key: owner.key, method: "DELETE" })).status).toBe(404);
    expect((await send(path, { key: owner.key })).json.total_count).toBe(1);
  });

  test.each([
    [{ headers: ["authorization"] }, "hosts"],
    [{ hosts: ["10.0.0.1"] }, "hosts.0"],
    [{ hosts: ["example.com"], headers: ["Host"] }, "headers.0"],
    [{ hosts: ["example.com"], value: "two\nlines" }, "value"],
  ])("refuse %j", async (fields, field) => {
    const path = `/v1/environments/${await newOne()}/secrets`;
    const body = { key: "BOUND", value: "x".repeat(20), ...fields };
    const refused = await send(path, { key: owner.key, body });
    expect(refused.status).toBe(400);
    expect(refused.json.details.map((one: { field: string }) => one.field)).toEqual([field]);
  });
});
