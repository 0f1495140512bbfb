/** What isn't for clients: operators' routes, and functions that only we call. */
import { beforeAll, describe, expect, test } from "vitest";
import { accounts, audiences, firstOperator } from "../../local/cloud/names.ts";
import { send } from "../kit/client.ts";
import { functionUrl, idTokenFor, operationsOf, resetOperations } from "../kit/cloud.ts";
import { newOwner } from "../kit/owners.ts";
import { sharedOut } from "../kit/shard.ts";
import { ask, expectRefusal } from "./support/refusals.ts";
import { forged } from "./support/stranger-keys.ts";
import { internalRoutes, operatorRoutes } from "./support/table.ts";

/** A valid signature, but useless here. */
const stranger = "someone@elsewhere.example";
const nonsense = ["control.1.e30.x", `${"a".repeat(40)}.${"b".repeat(40)}.${"c".repeat(40)}`];

let key: string;
beforeAll(async () => {
  ({ key } = await newOwner({ creditUsd: 0 }));
});

describe("KEY-9 an operator's route", () => {
  let worthless: readonly string[];
  beforeAll(async () => {
    const elsewhere = Object.values(audiences).filter(
      (audience) => audience !== audiences.operator,
    );
    const tokens = elsewhere.map((audience) => idTokenFor(firstOperator, audience));
    worthless = [key, forged, ...nonsense, ...(await Promise.all(tokens))];
    await resetOperations();
  });

  test.each(sharedOut(operatorRoutes, 2))(
    "$title takes no key, and no token for anything else",
    async (route) => {
      for (const credential of [null, ...worthless]) {
        expectRefusal(await ask(route, { key: credential }), 401, "UNAUTHORIZED");
      }
    },
  );

  test.each(sharedOut(operatorRoutes, 2))(
    "$title takes no person who is no operator",
    async (route) => {
      for (const email of [stranger, accounts.runner, accounts.scheduler]) {
        const token = await idTokenFor(email, audiences.operator);
        expectRefusal(await ask(route, { key: token }), 403, "FORBIDDEN");
      }
    },
  );

  test("and nothing was written", async () => {
    expect(await operationsOf("admin")).toMatchObject({ writes: 0 });
  });
});

describe("EDG-6 internal functions", () => {
  test.each(sharedOut(internalRoutes, 4))("$title isn't there for the edge", async (route) => {
    for (const credential of [null, key]) {
      expectRefusal(await ask(route, { key: credential }), 404, "NOT_FOUND");
    }
  });

  test.each(sharedOut(internalRoutes, 4))(
    "$title takes no credential of another kind",
    async (route) => {
      const baseUrl = await functionUrl(route.name);
      const audience = { runner: audiences.gateway, scheduler: audiences.maintenance }[
        String(route.route.authenticate)
      ];
      const { runner, scheduler } = accounts;
      const tokens = [
        ...Object.values(audiences)
          .filter((other) => other !== audience)
          .flatMap((other) => [idTokenFor(runner, other), idTokenFor(scheduler, other)]),
      ];
      for (const credential of [null, key, forged, ...nonsense, ...(await Promise.all(tokens))]) {
        expectRefusal(await ask(route, { key: credential, baseUrl }), 401, "UNAUTHORIZED");
      }
      if (audience === undefined) return;
      const own = route.route.authenticate === "runner" ? runner : scheduler;
      for (const email of [runner, scheduler, stranger].filter((other) => other !== own)) {
        const token = await idTokenFor(email, audience);
        expectRefusal(await ask(route, { key: token, baseUrl }), 403, "FORBIDDEN");
      }
    },
  );

  test("are internal by their paths as well", async () => {
    for (const { path } of internalRoutes) expect(path).toMatch(/^\/internal\//);
    expectRefusal(await send("/v1/internal/executions/claim", { key }), 404, "NOT_FOUND");
  });
});
