/** Requests whose bodies never come whole, and what an owner can do meanwhile. */
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { caller, owner, runRequest } from "../../test/kit/run-request.ts";
import { watched } from "../../test/kit/watched-route.ts";
import { keyRoutes } from "../../test/security/support/table.ts";
import { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import { LimitGate } from "./limit-gate.ts";
import type { Route } from "./route.ts";

beforeAll(() => void vi.stubEnv("GOOGLE_CLOUD_PROJECT", "none"));
afterAll(() => void vi.unstubAllEnvs());

const thief = { ...caller, id: "key_thief", key: { ...caller.key, id: "key_thief" } };

/** What an owner needs to find a key, to end it, and to cut what it may spend. */
const needed = keyRoutes.filter(
  ({ route }) => route.neededToClose === true || route.requestClass === "closings",
);
const withBodies = keyRoutes.filter(({ route }) => typeof route.body !== "string");

/** A process that works on one request of an owner at a time, and lets one more wait. */
function narrowGate(): LimitGate {
  const fairness = { aloneMax: 1, sharedMax: 1, ownerWaitingMax: 1, waitMsMax: 60_000 };
  const requests = { perOwner: { max: 100 } };
  return new LimitGate(DeploymentLimits.parse({ fairness, requests }), () => 0);
}

/** A request of which a byte has come. */
function halfSent({ method }: Route, bytes = 1_000) {
  const request = new IncomingMessage(new Socket());
  const headers = { "content-length": String(bytes), "content-type": "application/json" };
  const rawHeaders = Object.entries(headers).flat();
  Object.assign(request, { method, headers, rawHeaders, httpVersion: "1.1" });
  request.push("{");
  return { request, response: new ServerResponse(request) };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
}

/** The owner's own key, which nobody else has. */
async function askAsOwner(limits: LimitGate): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  for (const { route, title } of needed) {
    const ran = runRequest(watched(route, []), { limits }).then(
      () => "answered",
      ({ code }) => code,
    );
    answers.push([title, await Promise.race([ran, settled().then(() => "waits")])]);
  }
  return answers;
}

const allAnswered = needed.map(({ title }) => [title, "answered"]);

describe("KEY-10 what an owner needs to close a key", () => {
  test("is known", () => {
    expect(needed.map(({ title }) => title)).toEqual(
      expect.arrayContaining([
        "GET /v1/keys",
        "GET /v1/keys/:keyId",
        "POST /v1/keys/:keyId/revoke",
        "DELETE /v1/keys/:keyId",
        "PUT /v1/budget/limits",
        "PATCH /v1/billing/preferences",
        "GET /v1/threads/:threadId",
        "GET /v1/threads/:threadId/status",
        "GET /v1/executions/:executionId",
      ]),
    );
  });

  test.each(withBodies)("isn't refused for bodies that don't come: $title", async ({ route }) => {
    const limits = narrowGate();
    const asked = { ...watched(route, []), body: route.body } as Route;
    for (let sent = 0; sent < 8; sent += 1) {
      const confirmed = Promise.resolve(thief);
      const stolen = { limits, caller: thief, confirmed, exchange: halfSent(route) };
      runRequest(asked, stolen).catch(() => undefined);
    }
    await settled();
    expect(await askAsOwner(limits)).toEqual(allAnswered);
  });

  test("isn't refused for bodies that fill the room, the oldest of which are given up", async () => {
    const limits = narrowGate();
    const route = withBodies.find(({ title }) => title === "POST /v1/agents")?.route;
    if (!route) throw new Error("no route");
    const asked = { ...watched(route, []), body: route.body } as Route;
    const bytes = route.bodyBytesMax;
    const refused: unknown[] = [];
    // With 16 KiB each for their requests, sixty fit into 16 MiB.
    for (let sent = 0; sent < 64; sent += 1) {
      const exchange = halfSent(route, bytes);
      const by = { ...thief, id: `key_${sent}` };
      const stolen = { limits, caller: by, confirmed: Promise.resolve(by), exchange };
      runRequest(asked, stolen).catch(({ code }) => refused.push(`${code} ${sent}`));
      await settled();
    }
    expect(refused).toEqual([0, 1, 2, 3].map((sent) => `ACCOUNT_BUSY ${sent}`));
    expect(await askAsOwner(limits)).toEqual(allAnswered);
  });

  test("isn't refused for requests that are worked on and never end", async () => {
    const limits = narrowGate();
    const hanging = { read: async () => await new Promise(() => {}) };
    const endings = ["execution.cancelled", "environment.deleted"];
    const others = keyRoutes.filter(
      ({ route }) =>
        !needed.some((one) => one.route === route) &&
        !(route.kind === "change" && endings.includes(route.audit)),
    );
    for (const { route } of others) {
      const asked = { ...watched(route, []), ...hanging } as never;
      runRequest(asked, { limits, caller: thief, confirmed: Promise.resolve(thief) }).catch(
        () => undefined,
      );
    }
    await settled();
    expect(await askAsOwner(limits)).toEqual(allAnswered);
  });

  test("isn't refused for the number of requests that other keys have sent", async () => {
    const limits = narrowGate();
    const [any] = keyRoutes.filter(({ route }) => route.requestClass === "reads");
    if (!any) throw new Error("no route");
    let last: unknown;
    for (let sent = 0; sent <= 100; sent += 1) {
      const asked = runRequest(watched(any.route, []), { limits, caller: thief });
      last = await asked.catch(({ code }) => code);
    }
    expect(last).toBe("RATE_LIMITED");
    expect(thief.owner).toBe(owner);
    expect(await askAsOwner(limits)).toEqual(allAnswered);
  });
});
