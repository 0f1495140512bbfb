/**
 * A trial's way, whole: clients reach functions through one front, runners through another. What
 * Google checks of the fronts' tokens isn't there locally.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFront } from "#shared/pipeline/front/front-server";
import { type Side, servedRoutes } from "#shared/pipeline/front/served-routes";
import { runSmoke } from "../../deploy/smoke/run.ts";
import { firstOperator } from "../../local/cloud/names.ts";
import { type LocalCloud, startLocalCloud } from "../../local/cloud.ts";
import { buildAll } from "../../scripts/build/build-all.ts";
import { repositoryRoot } from "../../scripts/tools/repository.ts";

const dataFolder = mkdtempSync(join(tmpdir(), "paddock-trial-"));
const servers: Server[] = [];
/** What each front has passed on: the functions' names. */
const passed: Record<Side, string[]> = { edge: [], gateways: [] };
let cloud: LocalCloud | undefined;

async function front(side: Side): Promise<string> {
  const server = createFront({
    routes: servedRoutes(side, join(repositoryRoot, "dist/functions.json")),
    urlOf(name) {
      passed[side].push(name);
      return cloud?.functionUrl(name) ?? "http://127.0.0.1:1";
    },
    tokenFor: async () => "a-token",
    perAddress: side === "edge" ? { max: 1_000, windowMs: 900_000 } : null,
    now: () => performance.now(),
  });
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${Object(server.address()).port}`;
}

beforeAll(async () => {
  await buildAll(repositoryRoot);
});
afterAll(async () => {
  await cloud?.stop();
  for (const server of servers) server.close().closeAllConnections();
  rmSync(dataFolder, { recursive: true, force: true });
});

test("runs tasks, streams them, and keeps what is refused refused", {
  timeout: 300_000,
}, async () => {
  const url = await front("edge");
  const gatewayUrl = await front("gateways");
  cloud = await startLocalCloud({ dataFolder, gatewayUrl, onNotice: () => undefined });
  const operatorToken = await cloud.operatorToken(firstOperator);
  const only = [
    ...["health", "security-headers", "forged-key", "owner-and-key"],
    ...["shell-task", "secret", "streaming", "revocation"],
  ];
  expect(await runSmoke({ url, operatorToken, only })).toEqual({
    passed: only.length,
    failed: 0,
    notTried: 0,
  });
  expect(new Set(passed.gateways)).toEqual(new Set(["runner-gateway"]));
  expect(passed.edge).not.toContain("runner-gateway");
  const outside = await fetch(`${url}/v1/internal/executions/claim`, { method: "POST" });
  expect(outside.status).toBe(404);
});
