/** Every route of the table, tried by those who have no business there. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { securityHeaders } from "#shared/pipeline/headers";
import { type Answer, send } from "../kit/client.ts";
import { cloud, functionUrl, operationsOf, resetOperations } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";

interface TableRoute {
  readonly method: string;
  readonly path: string;
  readonly authenticate: string;
  readonly scope: string | null;
  readonly body: string;
  readonly bodyBytesMax: number;
}
interface TableFunction {
  readonly visibility: string;
  readonly routes: readonly TableRoute[];
}

const table: Record<string, TableFunction> = JSON.parse(
  readFileSync("dist/functions.json", "utf8"),
).functions;
const routes = Object.entries(table).flatMap(([name, { visibility, routes: own }]) =>
  own.map((route) => ({ name, visibility, ...route, title: `${route.method} ${route.path}` })),
);
const edgeRoutes = routes.filter(({ visibility }) => visibility === "edge");
const keyRoutes = edgeRoutes.filter(({ authenticate }) => authenticate === "api-key");
const internalRoutes = routes.filter(({ visibility }) => visibility === "internal");

/** Ids of the right form that belong to nobody. */
const nobodys: Record<string, string> = {
  agentId: `agent_${"0".repeat(21)}`,
  environmentId: `env_${"0".repeat(21)}`,
  threadId: `thread_${"0".repeat(21)}`,
  executionId: `run_${"0".repeat(21)}`,
  keyId: `key_${"0".repeat(21)}`,
  userId: `user_${"0".repeat(21)}`,
  key: "NAME",
  sha256: "0".repeat(64),
};

function pathWith(path: string, ids: Readonly<Record<string, string>>): string {
  return path.replace(/:([A-Za-z0-9]+)/g, (_, name) => ids[name] ?? "x").replace("*", "a.txt");
}

/** A body that each route would accept, so that nothing but the credential is at fault. */
function bodyFor(route: TableRoute): object | undefined {
  if (route.method === "GET") return undefined;
  if (route.path.endsWith("/messages")) return { content: "true" };
  if (route.path.includes("/secrets")) return { key: "NAME", value: "a long value" };
  return { name: "a name", model: "shell" };
}

function expectRefusal(answer: Answer, status: number, code: string): void {
  expect({ status: answer.status, code: answer.json.code }).toEqual({ status, code });
  expect(answer.json).toMatchObject({
    error: expect.any(String),
    message: expect.stringMatching(/[.!]$/),
    requestId: expect.stringMatching(/^req_/),
  });
  for (const [name, value] of Object.entries(securityHeaders)) {
    expect(answer.headers[name]).toBe(value);
  }
  expect(answer.text).not.toMatch(/ at .*\.(?:ts|cjs)|node_modules|<html|Firestore|grpc/i);
}

const forged = `tb_prod_${"0".repeat(64)}`;

describe("KEY-1 every route but the public ones needs a key", () => {
  test.each(keyRoutes)("$title without a key is 401", async (route) => {
    const path = pathWith(route.path, nobodys);
    expectRefusal(
      await send(path, { method: route.method, body: bodyFor(route) }),
      401,
      "UNAUTHORIZED",
    );
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

  test.each(edgeRoutes.filter(({ authenticate }) => authenticate.includes("operator")))(
    "$title takes no API key",
    async (route) => {
      const { key } = await newOwner({ creditUsd: 0 });
      const path = pathWith(route.path, nobodys);
      const answer = await send(path, { method: route.method, key, body: bodyFor(route) });
      expectRefusal(answer, 401, "UNAUTHORIZED");
    },
  );
});

describe("KEY-3 a forged key", () => {
  test.each(keyRoutes)("$title costs no read", async (route) => {
    await resetOperations();
    const path = pathWith(route.path, nobodys);
    const answer = await send(path, { method: route.method, key: forged, body: bodyFor(route) });
    expectRefusal(answer, 401, "UNAUTHORIZED");
    expect(await operationsOf(route.name)).toMatchObject({ reads: 0, writes: 0 });
  });

  test("is refused before its body is read", async () => {
    const url = await functionUrl("agents");
    const headers = { authorization: `Bearer ${forged}`, "content-length": 50_000_000 };
    // Nothing of the body is ever sent: the answer must come all the same.
    const answer = await headOnly(`${url}/v1/agents`, headers);
    expect(answer).toBe(401);
  });
});

describe("OWN-1 another owner's id", () => {
  let stranger: TestOwner;
  let ids: Record<string, string>;

  beforeAll(async () => {
    const owner = await newOwner();
    stranger = await newOwner();
    const environmentId = await newEnvironment(owner.key);
    const threadId = await newThread(owner.key, { environmentId });
    const agent = await send("/v1/agents", { key: owner.key, body: { name: "a", model: "shell" } });
    const { run } = await runScript(owner.key, threadId, "true");
    const agentId = agent.json.agent.id;
    const { keyId } = owner;
    ids = { ...nobodys, environmentId, threadId, executionId: run.id, agentId, keyId };
  });

  const withIds = keyRoutes.filter(({ path }) => path.includes(":"));
  test.each(withIds)("in the path of $title is 404", async (route) => {
    const of = async (some: Readonly<Record<string, string>>) =>
      await send(pathWith(route.path, some), {
        method: route.method,
        key: stranger.key,
        body: bodyFor(route),
      });
    const foreign = await of(ids);
    expect(foreign.status).toBe(404);
    const { requestId: _one, ...message } = foreign.json;
    const { requestId: _other, ...unknown } = (await of(nobodys)).json;
    expect(message).toEqual(unknown);
  });

  test.each(["environmentId", "computerId", "agentId"])("in a body's %s is 404", async (field) => {
    const id = field === "agentId" ? ids.agentId : ids.environmentId;
    const answer = await send("/v1/threads", { key: stranger.key, body: { [field]: id } });
    expectRefusal(answer, 404, "NOT_FOUND");
  });
});

describe("OWN-2 a key without a route's scope", () => {
  const scoped = keyRoutes.filter(({ scope }) => scope !== null);
  test.each(scoped)("$title is 403 and names $scope", async (route) => {
    const { key } = await newOwner({ creditUsd: 0 });
    const other = route.scope === "agents:read" ? "billing:read" : "agents:read";
    const body = { name: "narrow", scopes: [other] };
    const narrow = (await send("/v1/keys", { key, body })).json.key;
    const path = pathWith(route.path, nobodys);
    const answer = await send(path, { method: route.method, key: narrow, body: bodyFor(route) });
    expectRefusal(answer, 403, "FORBIDDEN");
    expect(answer.json.details).toEqual({ requiredScope: route.scope });
  });
});

describe("a body that a route doesn't take", () => {
  const jsonRoutes = edgeRoutes.filter(({ body }) => body === "json");
  const json = { "content-type": "application/json" };
  const refused = async (route: TableRoute, raw: string, headers: Record<string, string>) => {
    const key = route.authenticate === "api-key" ? (await newOwner({ creditUsd: 0 })).key : null;
    const path = pathWith(route.path, nobodys);
    const credential = key ?? cloud().operatorToken;
    return await send(path, { method: route.method, key: credential, raw, headers });
  };

  test.each(jsonRoutes)("$title refuses what isn't JSON", async (route) => {
    expectRefusal(await refused(route, "{", json), 400, "MALFORMED_JSON");
  });

  test.each(jsonRoutes)("$title refuses another content type", async (route) => {
    const headers = { "content-type": "text/plain" };
    expectRefusal(await refused(route, "{}", headers), 415, "UNSUPPORTED_MEDIA_TYPE");
  });

  test.each(jsonRoutes)("$title refuses what is too large", async (route) => {
    const raw = JSON.stringify("x".repeat(route.bodyBytesMax));
    expectRefusal(await refused(route, raw, json), 413, "PAYLOAD_TOO_LARGE");
  });

  test.each(jsonRoutes)("$title refuses what is no object", async (route) => {
    expectRefusal(await refused(route, '"text"', json), 400, "VALIDATION_FAILED");
  });
});

describe("EDG-6 internal functions", () => {
  test.each(internalRoutes)("$title isn't there for the edge", async (route) => {
    const path = pathWith(route.path, nobodys);
    expectRefusal(
      await send(path, { method: route.method, body: bodyFor(route) }),
      404,
      "NOT_FOUND",
    );
  });

  test.each(internalRoutes)("$title takes neither an API key nor a forged token", async (route) => {
    const { key } = await newOwner({ creditUsd: 0 });
    const baseUrl = await functionUrl(route.name);
    const path = pathWith(route.path, nobodys);
    for (const credential of [key, cloud().operatorToken, "control.1.e30.x"]) {
      const answer = await send(path, {
        method: route.method,
        key: credential,
        body: bodyFor(route),
        baseUrl,
      });
      expect([401, 403]).toContain(answer.status);
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
      expect(
        Object.keys(answer.headers).filter((name) => name.startsWith("access-control")),
      ).toEqual([]);
    }
  });
});

async function headOnly(url: string, headers: Record<string, string | number>): Promise<number> {
  const { request } = await import("node:http");
  return await new Promise((resolve, reject) => {
    const outgoing = request(url, { method: "POST", headers });
    outgoing.on("response", (incoming) => {
      resolve(incoming.statusCode ?? 0);
      outgoing.destroy();
    });
    outgoing.on("error", reject);
    outgoing.flushHeaders();
  });
}
