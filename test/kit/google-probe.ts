/**
 * What the fake Google answers to the probe: accounts, repositories, buckets, policies, jobs and
 * their log. It runs no container; `world.probe` says what the one that isn't there would have
 * printed.
 */
import * as z from "zod";
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
  if (/(:[gs]etIamPolicy|\/b\/[\w-]+-paddock-probe\/iam)$/.test(path)) {
    return policyAnswer(world, path, body);
  }
  if (host === "storage.googleapis.com") return bucketAnswer(world, `${method} ${path} ${body}`);
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

const Policy = z.object({
  bindings: z.array(z.object({ role: z.string(), members: z.array(z.string()) })).default([]),
});
const Sent = z.union([z.object({ policy: Policy }), Policy.transform((policy) => ({ policy }))]);

/** Members of the project's policy count as made; those of what is removed go with it. */
function policyAnswer({ probe, project }: GoogleWorld, path: string, body: string): object | null {
  if (/\/secrets\//.test(path)) return null;
  if (body === "" || path.endsWith(":getIamPolicy")) {
    const members = probe.made.flatMap((one) => one.split("binding ")[1] ?? []);
    const isProject = path === `/v3/projects/${project}:getIamPolicy`;
    return { etag: "x", bindings: isProject ? [{ role: "roles/logging.logWriter", members }] : [] };
  }
  const { bindings } = Sent.parse(JSON.parse(body)).policy;
  probe.granted.push(...bindings.map(({ role, members }) => `${role} ${members.join(" ")}`));
  if (path !== `/v3/projects/${project}:setIamPolicy`) return {};
  const others = probe.made.filter((one) => !one.startsWith("binding "));
  const members = bindings.flatMap((binding) => binding.members);
  probe.made.splice(0, probe.made.length, ...others, ...members.map((one) => `binding ${one}`));
  return {};
}

function bucketAnswer({ probe }: GoogleWorld, asked: string): object | "missing" | null {
  if (!asked.includes("-paddock-probe")) return null;
  if (asked.startsWith("POST /storage/v1/b {")) {
    // What a build uploads is there at once.
    probe.made.push("bucket", "object");
    return {};
  }
  const [, method, object] = /^(\w+) \S+-paddock-probe(\/o(?:\/\S+)?)? $/.exec(asked) ?? [];
  if (object === "/o") return { items: probe.made.includes("object") ? [{ name: "a/b" }] : [] };
  const kind = object === undefined ? "bucket" : "object";
  // A bucket that holds something can't be deleted.
  const index = probe.made.indexOf(kind);
  if (index < 0 || (kind === "bucket" && probe.made.includes("object"))) return "missing";
  if (method === "DELETE") probe.made.splice(index, 1);
  return {};
}
