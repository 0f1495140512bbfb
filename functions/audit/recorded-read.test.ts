import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import type { Route } from "#shared/pipeline/route";
import { newSealingPair } from "#shared/secrets/sealing";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { caller, owner, runRequest } from "../../test/kit/run-request.ts";
import { service as detailsService } from "../audit-details/index.ts";
import { service as evidenceService } from "../evidence/index.ts";
import { service } from "./index.ts";

beforeAll(() => void vi.stubEnv("GOOGLE_CLOUD_PROJECT", "none"));
afterAll(() => void vi.unstubAllEnvs());

const all = [service, detailsService, evidenceService].flatMap(({ routes }) => routes);
const routes = all
  .filter(({ authenticate }) => authenticate === "api-key")
  .map((route) => ({ title: route.endpoint, route }));
const unread = { ref: { path: "" }, value: null, version: null };

/** The route as it is, except that its own data has been read. */
async function run(route: Route, store: MemoryStore) {
  const { publicKey: auditPublicKey } = await newSealingPair();
  const reader = { ...caller, key: { ...caller.key, auditPublicKey } };
  const recorded = {
    ...unread,
    ref: { path: `owners/${owner.id}/auditReads/a`, schema: anything },
  };
  const read = async () => ({ recorded, data: nothingToShow });
  const opened = { ...route, read, params: z.unknown(), query: z.unknown() };
  return await runRequest(opened as never, { caller: reader, store } as never);
}

const anything = z.looseObject({});
const shown = new Error("the answer was made");
/** Fails as soon as an answer looks at it. */
const nothingToShow = new Proxy(
  {},
  {
    get(_target, name) {
      if (name === "then") return undefined;
      throw shown;
    },
    ownKeys() {
      throw shown;
    },
  },
);

describe("AUD-6 every route that shows a trail", () => {
  test.each(routes)("$title makes no answer that isn't recorded", async ({ route }) => {
    const store = new MemoryStore();
    const refused = Object.assign(new Error("refused"), { code: 7 });
    store.before = async () => {
      throw refused;
    };
    await expect(run(route, store)).rejects.toBe(refused);
    const [tried = []] = store.tried;
    expect(tried.filter((path) => path.startsWith(`owners/${owner.id}/audit/`))).toHaveLength(1);
  });

  test.each(routes)("$title makes its answer once the read is recorded", async ({ route }) => {
    const store = new MemoryStore();
    await run(route, store).catch((error: unknown) => expect(error).toBe(shown));
    expect(store.tried).toHaveLength(1);
  });

  test("takes a key with a scope of its own; the public routes show none", () => {
    expect(routes.filter(({ route }) => route.scope !== "audit:read")).toEqual([]);
    const others = all.filter(({ authenticate }) => authenticate !== "api-key");
    expect(others.map(({ endpoint }) => endpoint)).toEqual([
      "GET /v1/audit/log-key",
      "GET /v1/audit/evidence-key",
    ]);
  });
});
