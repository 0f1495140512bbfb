/** Keys that were revoked, shown to instances that still hold an entry of each. */
import { beforeAll, describe, expect, test } from "vitest";
import { multipart, send } from "../kit/client.ts";
import {
  anotherKey,
  newEnvironment,
  newOwner,
  newThread,
  runScript,
  type TestOwner,
} from "../kit/owners.ts";
import { plantExecution } from "../kit/plant-execution.ts";
import { isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";

let owner: TestOwner;
let environmentId: string;
let threadId: string;
/** It says that it runs, and nobody reads its events yet. */
let executionId: string;

beforeAll(async () => {
  owner = await newOwner();
  environmentId = await newEnvironment(owner.key);
  threadId = await newThread(owner.key, { environmentId });
  const { run } = await runScript(owner.key, threadId, "echo one > one.txt");
  const planted = await plantExecution(owner, run.id, { status: "running", readerUntil: 0 });
  ({ executionId } = planted);
  return planted.remove;
});

interface Tried {
  readonly what: string;
  /** What the same function answers, so that it knows the key. */
  readonly before: () => string;
  readonly path: () => string;
  readonly sent?: object;
}

const files = () => `/v1/environments/${environmentId}/files`;
const messages = () => `/v1/threads/${threadId}/messages`;

const tried: readonly Tried[] = [
  {
    what: "upload a file",
    before: files,
    path: () => `${files()}/upload`,
    sent: { method: "POST", ...multipart({ name: "two.txt", bytes: "two" }) },
  },
  { what: "download a file", before: files, path: () => `${files()}/one.txt` },
  {
    what: "make an environment",
    before: () => "/v1/environments",
    path: () => "/v1/environments",
    sent: { body: { name: "second" } },
  },
  {
    what: "have a default environment made",
    before: () => "/v1/environments",
    path: () => "/v1/environments/default",
  },
  {
    what: "begin a thread on a default environment",
    before: messages,
    path: () => "/v1/threads",
    sent: { body: {} },
  },
  { what: "send a message", before: messages, path: messages, sent: { body: { content: "true" } } },
  {
    what: "be noted as an execution's reader",
    before: () => `/v1/executions/${executionId}`,
    path: () => `/v1/executions/${executionId}/events`,
  },
];

/** What the owner has, but for what maintenance writes on its own, and the record of refusals. */
async function documents(): Promise<readonly string[]> {
  const names = ["executions", "threads", "environments", "usage", "audit", "ledger"];
  const places = [
    ...names.map((name) => firestore().collection(`owners/${owner.id}/${name}`)),
    firestore("keys").collection(`owners/${owner.id}/sealingKeys`),
  ];
  const found = await Promise.all(places.map(async (place) => await place.get()));
  const texts = found.flatMap(({ docs }) =>
    docs.map((doc) => JSON.stringify([doc.ref.path, doc.data()])),
  );
  return texts.filter((text) => !text.includes('"action":"key.refused"'));
}

describe("KEY-5 a key whose entry an instance still holds", () => {
  test.runIf(isTurn(0, 3))("writes nothing once it is revoked, whatever it asks for", async () => {
    const keys = await Promise.all(tried.map(async () => await anotherKey(owner)));
    const shown = tried.map((one, index) => ({ ...one, by: keys[index] ?? owner }));
    for (const { before, by } of shown) {
      expect((await send(before(), { key: by.key })).status).toBe(200);
    }
    for (const { keyId } of keys) {
      const path = `/v1/keys/${keyId}/revoke`;
      expect((await send(path, { key: owner.key, method: "POST" })).status).toBe(200);
    }
    const stored = await documents();
    for (const { what, path, sent, by } of shown) {
      expect((await send(path(), { key: by.key, ...sent })).status, what).toBe(401);
    }
    expect(await documents()).toEqual(stored);
  });
});
