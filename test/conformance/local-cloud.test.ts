/** The whole local cloud, with the test's own functions: it starts, ends, and leaves nothing. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Firestore } from "@google-cloud/firestore";
import { v2 } from "@google-cloud/run";
import { credentials } from "@grpc/grpc-js";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalCloud, startLocalCloud } from "../../local/cloud.ts";
import { pollUntil } from "../../local/lib/poll-until.ts";
import { isTurn, sharedOut } from "../kit/shard.ts";

process.env.METADATA_SERVER_DETECTION = "none";
const root = mkdtempSync(join(tmpdir(), "local-cloud-"));
const distFolder = join(root, "dist");

/** Returns its settings, and counts the scheduler's calls. */
const stub = `
  let swept = 0;
  require("node:http").createServer((request, response) => {
    if (request.url.startsWith("/internal/maintenance")) swept += 1;
    response.end(JSON.stringify({ environment: process.env, swept, auth: request.headers.authorization }));
  }).listen(process.env.PORT, process.env.PADDOCK_BIND);
  process.on("SIGTERM", () => process.exit(0));`;
/** Replaces the runner: says hello and waits for its end. */
const launcher = `
  console.log(JSON.stringify({ message: "hello", gateway: process.env.PADDOCK_GATEWAY_URL }));
  process.on("SIGTERM", () => process.exit(0));
  setInterval(() => undefined, 1_000);`;

beforeAll(() => {
  for (const folder of ["functions", "runner"])
    mkdirSync(join(distFolder, folder), { recursive: true });
  writeFileSync(join(distFolder, "runner/launcher.cjs"), launcher);
  const everyMs = (path: string) => (path.startsWith("/internal/maintenance") ? 1_000 : null);
  const route = (path: string) => ({ method: "GET", path, paths: [path], everyMs: everyMs(path) });
  const declare = (name: string, visibility: string, path: string) => {
    writeFileSync(join(distFolder, `functions/${name}.cjs`), stub);
    const limits = { timeoutSeconds: 60 };
    return { visibility, bundle: `functions/${name}.cjs`, limits, routes: [route(path)] };
  };
  const functions = {
    things: declare("things", "edge", "/v1/things"),
    "runner-gateway": declare("runner-gateway", "internal", "/internal/claim"),
    maintenance: declare("maintenance", "internal", "/internal/maintenance/outbox"),
  };
  writeFileSync(join(distFolder, "functions.json"), JSON.stringify({ functions }));
});
afterAll(() => rmSync(root, { recursive: true }));

const optionsFor = (name: string) => ({
  dataFolder: join(root, name),
  distFolder,
  onNotice: () => undefined,
});

/** Sends one request and parses the stub's answer. */
async function ask(url: string): Promise<Record<string, Record<string, string>>> {
  return Object(await (await fetch(url)).json());
}

function firestoreAt(environment: Readonly<Record<string, string>>, databaseId = "(default)") {
  const [host = "", port = ""] = (environment.FIRESTORE_EMULATOR_HOST ?? "").split(":");
  return new Firestore({
    projectId: "paddock-local",
    databaseId,
    host: `${host}:${port}`,
    ssl: false,
    customHeaders: { Authorization: "Bearer owner" },
  });
}

async function startExecution(environment: Readonly<Record<string, string>>) {
  const port = Number((environment.PADDOCK_RUN_ENDPOINT ?? "").split(":")[1]);
  const jobs = new v2.JobsClient({
    apiEndpoint: "127.0.0.1",
    port,
    sslCreds: credentials.createInsecure(),
    projectId: "paddock-local",
  });
  const name = "projects/paddock-local/locations/us-central1/jobs/runner-lite-none";
  await jobs.runJob({ name });
  await jobs.close();
}

const executionsSay = (dataFolder: string, words: string) =>
  pollUntil(() => {
    const folder = join(dataFolder, "run", "logs");
    return readdirSync(folder).some((file) =>
      readFileSync(join(folder, file), "utf8").includes(words),
    );
  }, 120_000);

describe("a running cloud", () => {
  let cloud: LocalCloud;
  const progress: string[] = [];
  beforeAll(async () => {
    const onProgress = ({ name }: { name: string }) => void progress.push(name);
    cloud = await startLocalCloud({ ...optionsFor("running"), onProgress });
  }, 120_000);
  afterAll(() => cloud.stop());

  test("says of each part that it started", () => {
    const parts = ["data folder", "identity", "kms", "storage", "logging", "run", "firestore"];
    expect(progress).toEqual(expect.arrayContaining([...parts, "functions", "edge", "scheduler"]));
  });

  test("answers through the edge, and internal functions only past it", async () => {
    const { environment } = await ask(`${cloud.baseUrl}/v1/things`);
    expect(environment).toMatchObject({ FUNCTION_TARGET: "things", PADDOCK_BIND: "127.0.0.1" });
    expect((await fetch(`${cloud.baseUrl}/internal/claim`)).status).toBe(404);
    const direct = await ask(`${cloud.functionUrl("runner-gateway")}/internal/claim`);
    expect(direct.environment).toMatchObject({ FUNCTION_TARGET: "runner-gateway" });
  });

  test("gives its functions secrets that are nobody else's to read", async () => {
    const { environment = {} } = await ask(`${cloud.baseUrl}/v1/things`);
    for (const name of ["PADDOCK_PEPPERS_FILE", "PADDOCK_GATEWAY_TOKENS_FILE"]) {
      const path = environment[name] ?? "";
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const { current, keys } = JSON.parse(readFileSync(path, "utf8"));
      expect(keys[current]).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(statSync(cloud.dataFolder).mode & 0o777).toBe(0o700);
  });

  test("counts each function's Firestore operations apart", async () => {
    const { environment = {} } = await ask(`${cloud.baseUrl}/v1/things`);
    cloud.operations.reset();
    const firestore = firestoreAt(environment);
    await firestore.doc("owners/o1").set({ v: 1 });
    await firestore.doc("owners/o1").get();
    await firestore.terminate();
    expect(cloud.operations.of("things").counters()).toMatchObject({ reads: 1, writes: 1 });
    expect(cloud.operations.of("maintenance").counters()).toMatchObject({ reads: 0, writes: 0 });
    expect(cloud.operations.sum()).toMatchObject({ reads: 1, writes: 1 });
  });

  test("issues operators a token that its functions can verify", async () => {
    const token = await cloud.operatorToken("someone@paddock.local");
    const jwks = createRemoteJWKSet(new URL(cloud.environment.PADDOCK_OIDC_JWKS_URL ?? ""));
    const { payload } = await jwtVerify(token, jwks, {
      issuer: cloud.environment.PADDOCK_OIDC_ISSUER ?? "",
      audience: cloud.environment.PADDOCK_OPERATOR_AUDIENCE ?? "",
    });
    expect(payload).toMatchObject({ email: "someone@paddock.local", email_verified: true });
  });

  test("sweeps through the maintenance function", async () => {
    const url = `${cloud.functionUrl("maintenance")}/counts`;
    expect(await pollUntil(async () => Number((await ask(url)).swept) > 0, 60_000)).toBe(true);
  });

  test("runs an execution that finds its gateway", async () => {
    await startExecution(cloud.environment);
    expect(await executionsSay(cloud.dataFolder, cloud.functionUrl("runner-gateway"))).toBe(true);
  });

  test("restarts a function that was killed, at the same address", async () => {
    const url = cloud.functionUrl("things");
    const status = async () => (await fetch(`${cloud.baseUrl}/v1/things`)).status;
    const [, refused] = await Promise.all([cloud.killFunction("things"), status()]);
    expect(refused).toBe(503);
    expect(await pollUntil(async () => (await status()) === 200, 60_000)).toBe(true);
    expect(cloud.functionUrl("things")).toBe(url);
  });

  test("shares its data folder with no other", async () => {
    const second = startLocalCloud(optionsFor("running"));
    await expect(second).rejects.toThrow(/Another local cloud uses/);
    expect((await fetch(`${cloud.baseUrl}/v1/things`)).status).toBe(200);
  });
});

describe("data", () => {
  test.runIf(isTurn(3, 6))("of both databases is kept until it is to be forgotten", async () => {
    const options = optionsFor("kept");
    const values = async (cloud: LocalCloud, write?: string) => {
      const found: unknown[] = [];
      for (const database of ["(default)", "keys"]) {
        const firestore = firestoreAt(cloud.environment, database);
        if (write) await firestore.doc("owners/o1").set({ write: `${write} ${database}` });
        found.push((await firestore.doc("owners/o1").get()).data()?.write);
        await firestore.terminate();
      }
      await cloud.stop();
      return found;
    };
    await values(await startLocalCloud(options), "first");
    const kept = await values(await startLocalCloud(options));
    expect(kept).toEqual(["first (default)", "first keys"]);
    const forgotten = await values(await startLocalCloud({ ...options, fresh: true }));
    expect(forgotten).toEqual([undefined, undefined]);
  });

  test("a folder that isn't a local cloud's is neither used nor emptied", async () => {
    const dataFolder = join(root, "foreign");
    mkdirSync(dataFolder);
    writeFileSync(join(dataFolder, "thesis.txt"), "years of work");
    const starting = startLocalCloud({ dataFolder, distFolder, fresh: true });
    await expect(starting).rejects.toThrow(/isn't a local cloud's/);
    expect(readdirSync(dataFolder)).toEqual(["thesis.txt"]);
  });
});

describe("however it ends, no process is left", () => {
  interface Host {
    readonly process: ChildProcess;
    readonly errors: () => string;
    readonly descendants: () => number[];
    readonly dataFolder: string;
  }

  async function startHost(name: string): Promise<Host> {
    const options = optionsFor(name);
    const host = spawn(process.execPath, [
      "test/conformance/local-cloud-host.ts",
      JSON.stringify(options),
    ]);
    let errors = "";
    host.stderr.on("data", (chunk) => (errors += chunk));
    const [line] = await once(host.stdout, "data");
    await startExecution(Object(JSON.parse(String(line))).environment);
    await executionsSay(options.dataFolder, "hello");
    const descendants = () => descendantsOf(host.pid ?? 0);
    return { process: host, errors: () => errors, descendants, dataFolder: options.dataFolder };
  }

  const codes = { SIGINT: 130, SIGTERM: 143, SIGKILL: null } as const;
  test.each(sharedOut(["SIGINT", "SIGTERM", "SIGKILL"] as const, 6))(
    "by %s",
    async (signal) => {
      const host = await startHost(signal);
      const processes = host.descendants();
      // The emulator, three functions, and an execution with its container.
      expect(processes.length).toBeGreaterThanOrEqual(6);
      host.process.kill(signal);
      const [exitCode] = await once(host.process, "exit");
      expect(exitCode).toBe(codes[signal]);
      expect(await pollUntil(() => processes.every((pid) => !isAlive(pid)), 60_000)).toBe(true);
    },
    120_000,
  );

  test.runIf(isTurn(4, 6))(
    "by the emulator's death, with one sentence",
    async () => {
      const host = await startHost("emulator");
      const processes = host.descendants();
      const emulator = processes.find((pid) => commandOf(pid).startsWith("java"));
      process.kill(emulator ?? 0, "SIGKILL");
      const [exitCode] = await once(host.process, "exit");
      expect(exitCode).toBe(1);
      expect(host.errors().trim()).toMatch(/^The Firestore emulator [^\n]+$/);
      expect(await pollUntil(() => processes.every((pid) => !isAlive(pid)), 60_000)).toBe(true);
    },
    120_000,
  );

  test.runIf(isTurn(5, 6))("by a start that fails half-way", async () => {
    const broken = join(root, "broken");
    mkdirSync(broken);
    const manifest = JSON.parse(readFileSync(join(distFolder, "functions.json"), "utf8"));
    writeFileSync(join(broken, "functions.json"), JSON.stringify(manifest));
    const before = descendantsOf(process.pid);
    const starting = startLocalCloud({ dataFolder: join(root, "half"), distFolder: broken });
    await expect(starting).rejects.toThrow(/doesn't start/);
    const left = descendantsOf(process.pid).filter((pid) => !before.includes(pid));
    expect(left.map(commandOf)).toEqual([]);
  });

  function descendantsOf(pid: number): number[] {
    const file = `/proc/${pid}/task/${pid}/children`;
    const children = readFileSync(file, "utf8").trim().split(" ").filter(Boolean).map(Number);
    return children.flatMap((child) => [child, ...descendantsOf(child)]);
  }

  function commandOf(pid: number): string {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  }

  function isAlive(pid: number): boolean {
    try {
      return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      return false;
    }
  }
});
