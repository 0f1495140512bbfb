/** Every route that takes a key, tried with invalid keys. */

import { beforeAll, describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { operationsOf, resetOperations } from "../kit/cloud.ts";
import { startAsides } from "../kit/function-aside.ts";
import { type Budget, leastOf } from "../kit/least-cost.ts";
import { newOwner, type TestOwner } from "../kit/owners.ts";
import { sharedOut } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";
import { ask, expectRefusal } from "./support/refusals.ts";
import { pathFor } from "./support/samples.ts";
import type { StrangerKey } from "./support/stranger-keys.ts";
import { forged, keyWithCheck, refusedKeys, unissued } from "./support/stranger-keys.ts";
import {
  edgeFunctions,
  keyRoutes,
  publicRoutes,
  routes,
  type TableRoute,
} from "./support/table.ts";

async function expectRefused(route: TableRoute, keys: readonly StrangerKey[]): Promise<void> {
  for (const { kind, key, sentence } of keys) {
    const answer = await ask(route, { key });
    expectRefusal(answer, 401, "UNAUTHORIZED");
    expect(answer.json.message, kind).toMatch(sentence);
  }
}

async function operationsOfAll(): Promise<Budget> {
  const all = await Promise.all(edgeFunctions.map(operationsOf));
  const sum = (name: keyof Budget) => all.reduce((total, counted) => total + counted[name], 0);
  return { reads: sum("reads"), writes: sum("writes"), roundTrips: sum("roundTrips") };
}

/**
 * What an owner has, except what records refusals and what the scheduler's sweeps write at any
 * time: the path of each document, and its text.
 */
async function documentsOf(ownerId: string): Promise<Record<string, string>> {
  const collections = await firestore().doc(`owners/${ownerId}`).listCollections();
  const found: Record<string, string> = {};
  for (const collection of collections) {
    const { docs } = await collection.get();
    for (const doc of docs) found[doc.ref.path] = JSON.stringify(doc.data());
  }
  const isRecord = ([path, text]: [string, string]) =>
    path.includes("/keyRefusals/") ||
    path.endsWith("/account/ledger-check") ||
    text.includes('"action":"key.refused"');
  return Object.fromEntries(Object.entries(found).filter((entry) => !isRecord(entry)));
}

describe("KEY-3 a key that was never issued", () => {
  const tried = sharedOut(keyRoutes, 4);

  test.each(tried)("$title refuses it, and a missing one", async (route) => {
    await expectRefused(route, unissued);
  });

  test("costs no read and no write anywhere", async () => {
    const nothing = { reads: 0, writes: 0, roundTrips: 0 };
    // What functions note of earlier requests, they may write at any time.
    const least = await leastOf(async () => {
      await resetOperations();
      for (const route of tried) await expectRefused(route, unissued);
      return await operationsOfAll();
    }, nothing);
    expect(least).toEqual(nothing);
  });
});

describe("KEY-1 every route but the public ones needs a key", () => {
  let keys: readonly StrangerKey[] = [];
  let owner: TestOwner;
  let before: Readonly<Record<string, string>>;

  beforeAll(async () => {
    owner = await newOwner({ creditUsd: 0 });
    keys = await refusedKeys(owner);
    before = await documentsOf(owner.id);
  });

  test.each(sharedOut(keyRoutes, 4))("$title refuses one that is valid no more", async (route) => {
    await expectRefused(route, keys);
  });

  test("and nothing was written but the record of it", async () => {
    expect(await documentsOf(owner.id)).toEqual(before);
  });

  test("and no other route is public", () => {
    expect(publicRoutes.map(({ title }) => title)).toEqual([
      // The keys of a deleted account are dead; the receipt of its deletion opens these two.
      "POST /v1/account/deletion",
      "POST /v1/account/deletion/cancel",
      "GET /v1/audit/log-key",
      "GET /v1/audit/evidence-key",
      "GET /v1/health",
      "GET /v1/version",
      "GET /v1/openapi.json",
      "GET /.well-known/security.txt",
      ...["GET /docs", "GET /docs/style.css", "GET /docs/search.js"],
    ]);
    for (const { path, visibility, route } of routes) {
      if (visibility === "internal") expect(path).toMatch(/^\/internal\//);
      else if (route.authenticate.endsWith("operator")) expect(path).toMatch(/\/admin\//);
      // A trigger's address is checked instead, and then its sender's signature.
      else if (route.authenticate === "webhook") expect(path).toMatch(/^\/v1\/webhooks\//);
      else if (route.authenticate !== "public") expect(route.authenticate).toBe("api-key");
    }
  });

  test.each(["", "Bearer", "Bearer x", "Basic dGI6", `Bearer ${forged} x`, `bearer ${forged}`])(
    "the header %j is no key",
    async (authorization) => {
      expectRefusal(await send("/v1/agents", { headers: { authorization } }), 401, "UNAUTHORIZED");
    },
  );

  test("X-API-Key is an alias with the same rights", async () => {
    const { key } = await newOwner({ creditUsd: 0 });
    expect((await send("/v1/agents", { headers: { "x-api-key": key } })).status).toBe(200);
  });
});

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/:[A-Za-z0-9]+/g, "[^/]+").replace("*", ".*")}$`);
}

describe("every verb", () => {
  const verbs = ["GET", "POST", "PUT", "PATCH", "DELETE"];
  const paths = [...new Set(keyRoutes.map(({ path }) => path))];

  test.each(sharedOut(paths, 3))(
    "of %s that no route has is refused, with those that one has",
    async (path) => {
      const first = routes.find((route) => route.path === path);
      if (!first) throw new Error("a path without a route");
      // Another route's pattern can match the same path, as a file's matches the upload's.
      const matching = routes.filter((route) =>
        patternOf(route.path).test(pathFor(first).replace(/\?.*/, "")),
      );
      const taken = verbs.filter((verb) => matching.some(({ method }) => method === verb));
      const allowed = taken.flatMap((verb) => (verb === "GET" ? ["GET", "HEAD"] : [verb]));
      for (const method of verbs.filter((verb) => !taken.includes(verb))) {
        const answer = await ask(first, { method, key: forged });
        expectRefusal(answer, 405, "METHOD_NOT_ALLOWED");
        expect(answer.headers.allow?.split(", ")).toEqual(allowed);
      }
    },
  );
});

describe("KEY-7 a store without keys", () => {
  test("lets nobody in", async () => {
    const settings = { GOOGLE_CLOUD_PROJECT: "paddock-without-keys" };
    const [empty] = await startAsides("agents", 1, { settings });
    if (!empty) throw new Error("no function");
    try {
      const { baseUrl } = empty;
      const { key } = await newOwner({ creditUsd: 0 });
      for (const unknown of [key, keyWithCheck(), keyWithCheck("production"), null]) {
        const answer = await send("/v1/agents", { key: unknown, baseUrl });
        expectRefusal(answer, 401, "UNAUTHORIZED");
      }
    } finally {
      await empty.stop();
    }
  });
});

describe("EDG-7 a browser of another site", () => {
  test("gets no CORS header, not even for a preflight", async () => {
    const headers = {
      origin: "https://elsewhere.example",
      "access-control-request-method": "POST",
    };
    for (const method of ["OPTIONS", "GET"]) {
      const answer = await send("/v1/agents", { method, headers });
      const names = Object.keys(answer.headers);
      expect(names.filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });
});
