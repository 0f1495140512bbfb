/** What happens to a change whose caller loses the right to it before it is committed. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { owner, runRequest, things } from "../../test/kit/run-request.ts";
import { plainRoute, watched } from "../../test/kit/watched-route.ts";
import { keyRoutes, operatorRoutes } from "../../test/security/support/table.ts";
import { type Account, newAccount } from "../core/money/account.ts";
import { ApiError } from "../errors/api-error.ts";
import { operatorRef } from "../identity/operators.ts";
import { create, patch, patchInside, remove, replace } from "../store/documents.ts";
import { accountId, accounts } from "../store/owners.ts";
import { asOperator } from "./authenticate.ts";
import { takesAccount } from "./parse-and-read.ts";
import { change } from "./route.ts";

beforeAll(() => void vi.stubEnv("GOOGLE_CLOUD_PROJECT", "none"));
afterAll(() => void vi.unstubAllEnvs());

describe("KEY-9 an operator that is removed while its request is worked on", () => {
  const email = "a@example.com";
  const asked = operatorRoutes.filter(({ route }) => route.authenticate === "operator");
  const made = { v: 1, id: "op_a", email, createdBy: "deployment", createdAt: 1 } as const;
  const removal = patch(operatorRef(email), { removedAt: 2 });

  test.each(asked.filter(({ route }) => route.kind === "change"))(
    "changes nothing: $title",
    async ({ route }) => {
      const store = new MemoryStore();
      await store.commit([create(operatorRef(email), made)]);
      const known = await asOperator(store, async () => email);
      const steps = { ...watched(route, []), actsOn: () => owner };
      const changing = { ...known, store, confirmed: Promise.resolve(known.caller) };
      await runRequest(steps as never, changing);
      expect((await store.get(things.doc("a"))).value).not.toBeNull();
      await store.commit([remove(things.doc("a"), null)]);
      const removing = async () => void (await store.commit([removal]));
      const refused = runRequest({ ...steps, read: removing } as never, changing);
      await expect(refused).rejects.toMatchObject({ code: "FORBIDDEN" });
      expect((await store.get(things.doc("a"))).value).toBeNull();
    },
  );

  test("does nothing else, for all other routes only read, once it was confirmed", () => {
    const others = asked.filter(({ route }) => route.kind !== "change");
    expect(new Set(others.map(({ route }) => route.kind))).toEqual(new Set(["query"]));
  });
});

describe("KEY-5 a change that is decided again after its key was closed", () => {
  const account = accounts.of(owner, accountId);
  const closing = patchInside(account, { "admission.closedKeys.key_a": 1 });
  const deciding = keyRoutes.filter(({ route }) => takesAccount(route));

  test.each(deciding)("isn't made: $title", async ({ route }) => {
    const store = new MemoryStore();
    await store.commit([create(account, newAccount(0))]);
    const decide = ({ account: decidedOn }: { readonly account: Account }) => {
      const reply = { status: 200, body: {} };
      return { writes: [], account: { ...decidedOn, balanceMicrousd: 5 }, subject: "a", reply };
    };
    let closed = false;
    store.before = async () => {
      if (closed) return;
      closed = true;
      await store.commit([closing]);
    };
    const late = runRequest({ ...watched(route, []), decide } as never, { store });
    await expect(late).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect((await store.get(account)).value?.balanceMicrousd).toBe(0);
  });

  test("isn't made either if it needs no account: the key is looked up again", async () => {
    const store = new MemoryStore();
    const other = things.doc("b");
    await store.commit([create(other, { name: "a" })]);
    store.before = async () => {
      store.before = async () => {};
      await store.commit([patch(other, { name: "b" })]);
    };
    const route = change({
      ...plainRoute,
      endpoint: "POST /v1/things",
      authenticate: "api-key",
      account: "none",
      audit: "thing.made",
      reply: { 201: z.object({ id: z.string() }) },
      read: async ({ deps }) => await deps.store.require(other),
      decide: ({ data: { ref, version } }) => ({
        writes: [replace(ref, version, { name: "c" })],
        subject: "b",
        reply: { status: 201, body: { id: "b" } },
      }),
    });
    const reconfirm = async () => await Promise.reject(new ApiError("UNAUTHORIZED"));
    const late = runRequest(route, { store, reconfirm });
    await expect(late).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect((await store.get(other)).value?.name).toBe("b");
  });
});
