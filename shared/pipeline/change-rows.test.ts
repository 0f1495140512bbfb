/** What a change puts on its owner's record. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { owner, runRequest, things } from "../../test/kit/run-request.ts";
import { plainChange } from "../../test/kit/watched-route.ts";
import { create, overwrite, replace } from "../store/documents.ts";
import type { RequestSecurity } from "./request-security.ts";
import { type Callers, change } from "./route.ts";

beforeAll(() => void vi.stubEnv("GOOGLE_CLOUD_PROJECT", "none"));
afterAll(() => void vi.unstubAllEnvs());

test("AUD-4 a row seals what its decision read, also if that was read again", async () => {
  const store = new MemoryStore();
  const ref = things.doc("a");
  await store.commitWithoutRetry([create(ref, { name: "before" })]);
  let isChanged = false;
  store.before = async () => {
    if (isChanged) return;
    isChanged = true;
    await store.commitWithoutRetry([overwrite(ref, { name: "after" })]);
  };
  const route = change({
    ...plainChange,
    endpoint: "POST /v1/things",
    authenticate: "api-key",
    read: async ({ deps }) => await deps.store.require(ref),
    decide: ({ data: { value, version } }) => ({
      writes: [replace(ref, version, value)],
      subject: value.name,
      reply: { status: 201, body: { id: "a" } },
    }),
  });
  const sealDetails: RequestSecurity["sealDetails"] = async (_route, { data }) =>
    things.doc("a").schema.parse(Reflect.get(Object(data), "value")).name;
  const { rows } = await runRequest(route, { store, sealDetails });
  expect(rows.at(-1)).toMatchObject({ decided: { subject: "after" }, sealed: "after" });
});

describe("AUD-7 a privileged change", () => {
  test("is put on the record of the owner it acts on", async () => {
    const named = { type: "operator", id: "op_a", email: "a@b.c" } as const;
    const operator: Callers["operator"] = { ...named, createdAt: 1, isAuditor: false };
    const route = change({
      ...plainChange,
      endpoint: "POST /v1/admin/things",
      authenticate: "operator",
      read: async () => ({ whose: owner }),
      actsOn: ({ whose }) => whose,
      decide: ({ data: { whose } }) => ({
        writes: [create(things.doc("a"), { name: "a" })],
        subject: whose.id,
        reply: { status: 201, body: { id: "a" } },
      }),
    });
    const confirmed = Promise.resolve(operator);
    const { rows } = await runRequest(route, { caller: operator, confirmed });
    expect(rows).toMatchObject([{ owner }]);
  });
});
