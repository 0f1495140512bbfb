/** A local cloud in its own process, so that a test can kill all of it at once. */
import * as z from "zod";
import { startLocalCloud } from "../../local/cloud.ts";
import { startControl } from "./control-server.ts";
import { wideLimits } from "./wide-limits.ts";

const Options = z.object({
  dataFolder: z.string(),
  distFolder: z.string().optional(),
  port: z.int(),
  limits: z.record(z.string(), z.unknown()),
  sweepEveryMs: z.int(),
  functions: z.array(z.string()).optional(),
  models: z.record(z.string(), z.unknown()),
  providerKeys: z.record(z.string(), z.string()),
});

const { distFolder, functions, ...options } = Options.parse(JSON.parse(process.argv[2] ?? ""));
const cloud = await startLocalCloud({
  ...options,
  limits: { ...wideLimits, ...options.limits },
  ...(distFolder === undefined ? {} : { distFolder }),
  ...(functions === undefined ? {} : { functions }),
  onNotice: () => undefined,
});
const control = await startControl(cloud);
console.log(
  JSON.stringify({
    baseUrl: cloud.baseUrl,
    controlUrl: control.url,
    environment: cloud.environment,
  }),
);
