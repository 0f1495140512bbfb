/**
 * What the fake Google answers to the probe: accounts, repositories, jobs and their log. It runs no
 * container; `world.probe` says what the one that isn't there would have printed.
 */
import type { GoogleRequest, GoogleWorld } from "./google-world.ts";

/** @returns The body of a 200, `"missing"` for a 404, or null for what is none of the probe's. */
export function probeAnswer(
  world: GoogleWorld,
  { method, host, path, body }: GoogleRequest,
): object | "missing" | null {
  const { made, prints } = world.probe;
  if (host === "logging.googleapis.com" && path.endsWith("/entries:list")) {
    return {
      entries: body.includes("execution_name")
        ? prints.map((textPayload) => ({ textPayload }))
        : [],
    };
  }
  if (host === "serviceusage.googleapis.com" && path.endsWith(":batchEnable")) return {};
  if (host === "run.googleapis.com" && path.endsWith(":run")) {
    return { metadata: { name: `${path.slice(4, -4)}/executions/one` } };
  }
  if (host === "run.googleapis.com" && path.endsWith("/executions/one")) {
    return { createTime: "2026-11-30T00:00:00Z", completionTime: "2026-11-30T00:01:00Z" };
  }
  const kind = /\/(serviceAccounts|repositories|jobs)(?:\/[^/]+)?$/.exec(path);
  const isOurs = ["run", "iam", "artifactregistry"].some((one) => host === `${one}.googleapis.com`);
  if (!isOurs || kind === null || method === "GET") return null;
  if (method === "POST") made.push(kind[1] ?? "");
  if (method !== "DELETE") return {};
  const index = made.indexOf(kind[1] ?? "");
  if (index < 0) return "missing";
  made.splice(index, 1);
  return {};
}
