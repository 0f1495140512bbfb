/** An environment's network and an execution's egress log, through the front door. */
import { beforeAll, describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";

let owner: TestOwner;
beforeAll(async () => {
  owner = await newOwner();
});

const make = (fields: object) =>
  send("/v1/environments", {
    key: owner.key,
    body: { name: "n", computeProfile: "lite", ...fields },
  });
const change = (id: string, body: object, key = owner.key) =>
  send(`/v1/environments/${id}`, { key, method: "PATCH", body });
const allowlist = { mode: "allowlist", allow: [{ host: "Example.com" }, { host: "*.pkg.dev" }] };
const allowed = [
  { host: "example.com", ports: [443] },
  { host: "*.pkg.dev", ports: [443] },
];

describe("NET-1 an environment's network", () => {
  test.each([
    ["nothing is said", {}, { mode: "none", allow: [] }],
    ["it is closed", { internetAccess: false }, { mode: "none", allow: [] }],
    ["it is open", { internetAccess: true }, { mode: "internet", allow: [] }],
    ["hosts are listed", { network: allowlist }, { mode: "allowlist", allow: allowed }],
  ])("when %s", async (_what, fields, network) => {
    const made = await make(fields);
    const { environment } = made.json;
    expect(environment).toMatchObject({ network, internetAccess: network.mode !== "none" });
  });

  const hosts = ["", "*", "*.com", "localhost", "a.internal", "10.0.0.1", "[::1]", "2130706433"];
  test.each([...hosts, "exa mple.com", "a..b", "https://example.com", "example.com:443"])(
    "doesn't take %j for a host",
    async (host) => {
      const made = await make({ network: { mode: "allowlist", allow: [{ host }] } });
      expect([made.status, made.json.code]).toEqual([400, "VALIDATION_FAILED"]);
    },
  );

  test.each([
    ["two answers at once", { internetAccess: false, network: { mode: "internet" } }],
    ["a list without hosts", { network: { mode: "allowlist", allow: [] } }],
    [
      "a port that isn't one",
      { network: { mode: "allowlist", allow: [{ host: "a.b", ports: [0] }] } },
    ],
    ["another mode", { network: { mode: "all" } }],
  ])("doesn't take %s", async (_what, fields) => {
    expect((await make(fields)).status).toBe(400);
  });

  test("is changed by name, and stays if what was read is sent back", async () => {
    const id = await newEnvironment(owner.key, { network: allowlist });
    const kept = await change(id, { name: "renamed", internetAccess: true });
    expect(kept.json.environment).toMatchObject({ name: "renamed", network: { allow: allowed } });
    const closed = await change(id, { internetAccess: false });
    expect(closed.json.environment.network).toEqual({ mode: "none", allow: [] });
    expect((await change(id, { secrets: [] })).status).toBe(400);
  });
});

describe("a network widened on an environment with secrets", () => {
  test("needs secrets:write, by its name", async () => {
    const secrets = [{ key: "TOKEN", value: "a secret of some length" }];
    const id = await newEnvironment(owner.key, { network: allowlist, secrets });
    const body = { name: "limited", scopes: ["environments:write"] };
    const limited = await send("/v1/keys", { key: owner.key, body });
    const key = limited.json.key;
    const wider = { network: { mode: "internet" } };
    const refused = await change(id, wider, key);
    expect(refused.status).toBe(403);
    expect(refused.json.details).toMatchObject({ requiredScope: "secrets:write" });
    expect((await change(id, { network: { mode: "none" } }, key)).status).toBe(200);
    expect((await change(id, wider)).status).toBe(200);
    const bare = await newEnvironment(owner.key);
    expect((await change(bare, wider, key)).status).toBe(200);
  });
});

const attempts = "for n in 1 2 3; do curl -s -o /dev/null http://169.254.169.254/$n; done; true";

describe("NET-4 an execution's egress log", () => {
  test("holds each attempt, in pages, for its owner alone", async () => {
    const environmentId = await newEnvironment(owner.key, { internetAccess: true });
    const threadId = await newThread(owner.key, { environmentId });
    const { run } = await runScript(owner.key, threadId, attempts);
    const path = `/v1/executions/${run.id}/egress`;
    const all = await send(path, { key: owner.key });
    expect(all.json).toMatchObject({ total_count: 3, has_more: false, cut_count: 0 });
    expect(all.json.data[0]).toMatchObject({
      ...{ sequence: 1, host: "169.254.169.254", port: 80, method: "http" },
      ...{ verdict: "refused", rule: "private_address", sentBytes: 0, receivedBytes: 0 },
    });
    const second = await send(`${path}?limit=1&offset=1`, { key: owner.key });
    expect(second.json).toMatchObject({ data: [{ sequence: 2 }], has_more: true, total_count: 3 });
    const stranger = await newOwner({ creditUsd: 0 });
    expect((await send(path, { key: stranger.key })).status).toBe(404);
    expect((await send(path)).status).toBe(401);
  });

  test("tells what was asked for where nothing may leave, and F5 a message may only close more", async () => {
    const environmentId = await newEnvironment(owner.key, { network: allowlist });
    const threadId = await newThread(owner.key, { environmentId });
    const closed = await runScript(owner.key, threadId, attempts, {
      body: { internetAccess: false },
    });
    const read = await send(`/v1/executions/${closed.run.id}`, { key: owner.key });
    expect(read.json.execution.network).toBe("none");
    const log = await send(`/v1/executions/${closed.run.id}/egress`, { key: owner.key });
    const refused = { verdict: "refused", rule: "no_network", sentBytes: 0, address: null };
    expect(log.json).toMatchObject({ data: [refused, refused, refused], total_count: 3 });
    const wider = [{ mode: "internet" }, { mode: "allowlist", allow: [{ host: "other.com" }] }];
    for (const network of wider) {
      const { answer } = await runScript(owner.key, threadId, "true", { body: { network } });
      expect([answer.status, answer.json.code]).toEqual([403, "NETWORK_NOT_ALLOWED"]);
    }
    const narrower = { mode: "allowlist", allow: [{ host: "a.pkg.dev" }] };
    const script =
      "curl -s http://example.com/ ; curl -s -x $HTTPS_PROXY -p http://a.pkg.dev:80/; true";
    const { content } = await runScript(owner.key, threadId, script, {
      body: { network: narrower },
    });
    expect(content).toMatch(/"rule":"host_not_allowed"/);
  });
});
