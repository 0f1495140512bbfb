/** Starts a local cloud for a test run, with a port for what only its process can do. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { makeFirstOperator } from "../../local/cloud/make-first-operator.ts";
import { firstOperator } from "../../local/cloud/names.ts";
import type { LocalCloudOptions } from "../../local/cloud/options.ts";
import { startLocalCloud } from "../../local/cloud.ts";
import { startControl } from "./control-server.ts";
import { wideLimits } from "./wide-limits.ts";

export interface CloudContext {
  readonly baseUrl: string;
  readonly controlUrl: string;
  readonly operatorToken: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly dataFolder: string;
  /** The bundles that its functions and containers start from. */
  readonly distFolder: string;
}

declare module "vitest" {
  interface ProvidedContext {
    cloud: CloudContext;
  }
}

/** @returns a function that ends it. */
export async function provideCloud(
  project: TestProject,
  options: Omit<LocalCloudOptions, "dataFolder"> = {},
): Promise<() => Promise<void>> {
  const dataFolder = await mkdtemp(join(tmpdir(), "paddock-test-"));
  const limits = { ...wideLimits, ...options.limits };
  // Ignored, because tests kill functions on purpose.
  const onNotice = () => undefined;
  const cloud = await startLocalCloud({
    onNotice,
    // Their tests call them, and another call would take the work before them, some of it while the
    // test waits for the process that it is about to kill.
    unscheduled: [
      "audit-sequencer",
      "exporter",
      "incident-watch",
      "maintenance/accounts",
      "maintenance/archive",
      "maintenance/deletions",
    ],
    ...options,
    limits,
    dataFolder,
    fresh: true,
  });
  const control = await startControl(cloud);
  const operatorToken = await cloud.operatorToken(firstOperator);
  await makeFirstOperator(cloud.baseUrl, operatorToken);
  const { baseUrl, environment } = cloud;
  project.provide("cloud", {
    baseUrl,
    controlUrl: control.url,
    operatorToken,
    environment,
    dataFolder,
    distFolder: options.distFolder ?? "dist",
  });
  return async () => {
    await control.close();
    await cloud.stop();
    await rm(dataFolder, { recursive: true, force: true });
  };
}
