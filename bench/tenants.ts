/** What one tenant sends, and the results; each tenant has its own process. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod";

export const TenantLoad = z.object({
  baseUrl: z.url(),
  key: z.string(),
  method: z.enum(["GET", "POST"]).default("GET"),
  /** Requested in turn. */
  paths: z.array(z.string()).min(1),
  body: z.string().optional(),
  /** Requests at once. */
  connections: z.int().min(1),
  /** Pause of each connection between an answer and the next request. */
  gapMs: z.number().default(0),
  durationMs: z.number(),
  /** Whether answers are streams, which stay open until the end. */
  staysOpen: z.boolean().default(false),
});
export type TenantLoad = z.input<typeof TenantLoad>;

const Seen = z.object({
  p50Ms: z.number(),
  p99Ms: z.number(),
  statuses: z.record(z.string(), z.int()),
});
export type Seen = z.infer<typeof Seen>;

const program = join(import.meta.dirname, "tenant-load.ts");
/** Detects requests that hang; slow ones are fine. */
const overdueMs = 120_000;

export async function playTenant(load: TenantLoad): Promise<Seen> {
  const timeout = load.durationMs + overdueMs;
  const args = [program, JSON.stringify(load)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout });
  return Seen.parse(JSON.parse(stdout));
}
