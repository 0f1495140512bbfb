/**
 * The cloud of tests that break things: its leases and deadlines are seconds, its sweeps run every
 * second, and it can be killed as a whole while Firestore goes on.
 */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { makeFirstOperator } from "../../local/cloud/make-first-operator.ts";
import { firstOperator, projectId } from "../../local/cloud/names.ts";
import { startEmulator } from "../../local/firestore/emulator.ts";
import { freePorts } from "../../local/functions/free-ports.ts";
import { startProviders } from "../../local/providers/server.ts";
import { CloudHost, type Started } from "./cloud-host.ts";
import { turnOfTask } from "./scripted-task.ts";

const limits = {
  executions: { max: 1_000, windowMs: 900_000 },
  wallClockMs: 30_000,
  slices: { lengthMs: 2_000, endingMs: 1_000 },
  timing: {
    dispatchDeadlineMs: 1_000,
    claimDeadlineMs: 3_000,
    heartbeatIntervalMs: 500,
    leaseMs: 15_000,
  },
};

const providerKey = "local-provider-key";

/** What an execution needs; every start of the cloud, also after a kill, starts each of them. */
const functions = [
  "admin",
  "environments",
  "executions",
  "files",
  "keys",
  "maintenance",
  "model-gateway",
  "runner-gateway",
  "threads",
];

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataFolder = await mkdtemp(join(tmpdir(), "paddock-failures-"));
  // A folder of its own, so that tests can replace bundles.
  const distFolder = join(dataFolder, "dist");
  await cp("dist", distFolder, { recursive: true });
  const emulator = await startEmulator({ projectId });
  const providers = await startProviders({ script: turnOfTask, keys: [providerKey] });
  const [port = 0] = await freePorts(1);
  const host = new CloudHost({
    dataFolder: join(dataFolder, "cloud"),
    distFolder,
    port,
    limits,
    sweepEveryMs: 1_000,
    functions,
    models: { providers: { anthropic: { baseUrl: providers.url } } },
    providerKeys: { anthropic: providerKey },
    firestoreHost: emulator.host,
  });
  let started = await host.start();
  const control = await serve(async (text) => {
    const { do: what } = JSON.parse(text);
    if (what === "kill-cloud") return await host.kill();
    if (what === "start-cloud") {
      started = await host.start();
      return null;
    }
    return await passOn(started, text);
  });
  const ask = { do: "operator-token", email: firstOperator };
  const operatorToken = String(await passOn(started, JSON.stringify(ask)));
  await makeFirstOperator(started.baseUrl, operatorToken);
  const { baseUrl, environment } = started;
  const controlUrl = control.url;
  project.provide("cloud", {
    ...{ baseUrl, controlUrl, operatorToken, environment, distFolder },
    dataFolder: join(dataFolder, "cloud"),
  });
  return async () => {
    await control.close();
    await host.stop();
    await emulator.close();
    await providers.close();
    await rm(dataFolder, { recursive: true, force: true });
  };
}

async function passOn({ controlUrl }: Started, text: string): Promise<unknown> {
  const answer = await fetch(controlUrl, { method: "POST", body: text });
  if (!answer.ok) throw new Error(await answer.text());
  return await answer.json();
}

async function serve(obey: (text: string) => Promise<unknown>) {
  const server = createServer(async (request, response) => {
    try {
      let text = "";
      for await (const chunk of request) text += chunk;
      response.end(JSON.stringify((await obey(text)) ?? null));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  const [port = 0] = await freePorts(1);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
