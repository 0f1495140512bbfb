/** Firestore itself, without the functions, asked by clients that are subject to its rules. */
import { beforeAll, describe, expect, test } from "vitest";
import { hashKey } from "#shared/core/keys/api-key";
import { cloud, until } from "../kit/cloud.ts";
import { newEnvironment, newOwner, type TestOwner } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";

let owner: TestOwner;
let paths: readonly string[];

beforeAll(async () => {
  owner = await newOwner({ creditUsd: 1 });
  const environmentId = await newEnvironment(owner.key);
  const keyPath = `apiKeys/${hashKey(owner.key)}`;
  // The note of its use is the only change to come.
  await until("the note of its use", async () => {
    return (await firestore().doc(keyPath).get()).get("lastUsedAt");
  });
  paths = [
    keyPath,
    `owners/${owner.id}`,
    `owners/${owner.id}/account/budget`,
    `owners/${owner.id}/environments/${environmentId}`,
  ];
});

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** As Firebase signs a person in; the emulator accepts it unsigned. */
function signedIn(uid: string): string {
  const now = Math.floor(Date.now() / 1_000);
  const { GOOGLE_CLOUD_PROJECT: project = "" } = cloud().environment;
  const claims = {
    sub: uid,
    user_id: uid,
    aud: project,
    iat: now,
    exp: now + 3_600,
    email: "a@b.c",
  };
  return `Bearer ${base64({ alg: "none", typ: "JWT" })}.${base64(claims)}.`;
}

async function ask(authorization: string | null, method: string, path: string, body?: object) {
  const { FIRESTORE_EMULATOR_HOST: host, GOOGLE_CLOUD_PROJECT: project } = cloud().environment;
  const url = `http://${host}/v1/projects/${project}/databases/${path}`;
  const answer = await fetch(url, {
    method,
    headers: { ...(authorization ? { authorization } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: answer.status, text: await answer.text() };
}

describe("OWN-3 Firestore's rules deny every client", () => {
  const clients = [
    ["without credentials", () => null],
    ["signed in as somebody", () => signedIn("somebody")],
    ["signed in as the owner", () => signedIn(owner.id)],
  ] as const;

  test.each(clients)("%s: nothing can be read, queried or written", async (_who, authorization) => {
    const by = authorization();
    for (const path of paths) {
      const document = `(default)/documents/${path}`;
      const stored = await firestore().doc(path).get();
      expect(stored.exists).toBe(true);
      const fields = { fields: { balanceMicrousd: { integerValue: "1" } } };
      const tried = [
        await ask(by, "GET", document),
        await ask(by, "PATCH", document, fields),
        await ask(by, "DELETE", document),
      ];
      for (const { status, text } of tried) {
        expect(status).toBe(403);
        expect(text).not.toContain(owner.id);
      }
      expect((await firestore().doc(path).get()).updateTime).toEqual(stored.updateTime);
    }
    const from = [{ collectionId: "environments", allDescendants: true }];
    const query = { structuredQuery: { from } };
    expect((await ask(by, "POST", "(default)/documents:runQuery", query)).status).toBe(403);
    const keys = `keys/documents/owners/${owner.id}/sealingKeys/audit-details`;
    expect((await ask(by, "GET", keys)).status).toBe(403);
  });

  test("and the same request with the owner's right to everything does read", async () => {
    const { status, text } = await ask("Bearer owner", "GET", `(default)/documents/${paths[1]}`);
    expect(status).toBe(200);
    expect(text).toContain(owner.id);
  });
});
