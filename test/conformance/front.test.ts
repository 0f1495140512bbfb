/** The front's own process, from its bundle, before functions that run from theirs. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterEach, beforeAll, expect, test } from "vitest";
import { securityHeaders } from "#shared/pipeline/headers";
import { freePorts } from "../../local/functions/free-ports.ts";
import { pollUntil } from "../../local/lib/poll-until.ts";
import { buildAll } from "../../scripts/build/build-all.ts";
import { repositoryRoot } from "../../scripts/tools/repository.ts";

const dist = join(repositoryRoot, "dist");
const children: ChildProcess[] = [];
const servers: Server[] = [];

beforeAll(async () => {
  await buildAll(repositoryRoot);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function start(bundle: string, port: number, settings: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [join(dist, "functions", `${bundle}.cjs`)], {
    env: {
      GOOGLE_CLOUD_PROJECT: "paddock-test",
      METADATA_SERVER_DETECTION: "none",
      PADDOCK_BIND: "127.0.0.1",
      PORT: String(port),
      ...settings,
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  children.push(child);
  const url = `http://127.0.0.1:${port}`;
  const answers = async () => (await fetch(url).catch(() => null)) !== null;
  expect(await pollUntil(answers, 60_000)).toBe(true);
  return { child, url };
}

/** A metadata server that has a token for every audience. @returns what was asked for. */
async function metadata(host: string): Promise<string[]> {
  const audiences: string[] = [];
  const server = createServer((request, response) => {
    audiences.push(new URL(String(request.url), "http://host").searchParams.get("audience") ?? "");
    response.end("a-token");
  });
  servers.push(server);
  await once(server.listen(Number(host.split(":")[1]), "127.0.0.1"), "listening");
  return audiences;
}

test("answers for the functions as they do, counts, and ends in order", async () => {
  const [metadataPort, functionPort = 0, frontPort = 0] = await freePorts(3);
  const GCE_METADATA_HOST = `127.0.0.1:${metadataPort}`;
  const audiences = await metadata(GCE_METADATA_HOST);
  await start("meta", functionPort, {});
  const service = `http://127.0.0.1:${functionPort}`;
  const { child, url } = await start("front", frontPort, {
    GCE_METADATA_HOST,
    PADDOCK_FRONT_SERVICES: service,
    PADDOCK_FUNCTIONS_FILE: join(dist, "functions.json"),
    PADDOCK_LIMITS: JSON.stringify({ addresses: { max: 20, windowMs: 900_000 } }),
  });
  const health = await fetch(`${url}/v1/health`);
  expect(await health.json()).toMatchObject({ status: "healthy" });
  expect(Object.fromEntries(health.headers)).toMatchObject(securityHeaders);
  expect(health.headers.get("ratelimit-limit")).toBe("20");
  expect(audiences).toEqual([service]);
  expect((await fetch(`${url}/v1/internal/executions/claim`, { method: "POST" })).status).toBe(404);
  const statuses: number[] = [];
  while (statuses.at(-1) !== 429 && statuses.length < 40) {
    statuses.push((await fetch(`${url}/v1/version`)).status);
  }
  expect(statuses.length).toBeLessThan(20);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("says in one line why it can't start", async () => {
  const child = spawn(process.execPath, [join(dist, "functions", "front.cjs")], {
    env: { GOOGLE_CLOUD_PROJECT: "paddock-test" },
  });
  children.push(child);
  const output: string[] = [];
  child.stdout.on("data", (piece) => output.push(String(piece)));
  expect(await once(child, "close")).toEqual([1, null]);
  const [line = ""] = output.join("").split("\n");
  expect(JSON.parse(line)).toMatchObject({ message: "the front can't start", severity: "ERROR" });
});
