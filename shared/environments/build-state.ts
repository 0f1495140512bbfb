/** What is known of an environment's build: its layer, or what became of the execution. */
import { LRUCache } from "lru-cache";
import type * as z from "zod";
import { digestOf } from "../core/audit/canonical-bytes.ts";
import { type LayerConfig, layerFaults, layerHash, needsLayer } from "../core/layers/layer.ts";
import { cutText } from "../core/usable-text.ts";
import { whyEnded } from "../executions/event-bodies.ts";
import { builtLayer } from "../executions/layer-of.ts";
import type { Environment } from "../store/environments.ts";
import { Execution, hasEnded } from "../store/executions.ts";

/** What is read of a build's execution. */
export const BuildExecution = Execution.pick({
  id: true,
  status: true,
  reason: true,
  detail: true,
  build: true,
  workspaceState: true,
  createdAt: true,
  endedAt: true,
});
export type BuildExecution = z.output<typeof BuildExecution>;

export interface BuildState {
  readonly status: "pending" | "building" | "ready" | "failed";
  /** A sentence; null unless it failed. */
  readonly error: string | null;
  /** The hash of the configuration as it is now; null if it needs no build. */
  readonly hash: string | null;
  /** When the layer was made, or when the build of it failed; epoch milliseconds. */
  readonly builtAt: number | null;
}

/** A fault may quote a word of any length, and one owner's long ones would push out all others. */
const faultLengthMax = 500;
/** By the configurations' digests; empty for those without a fault. Sizes are in UTF-16 units. */
const faults = new LRUCache<string, string>({
  maxSize: 4 * 1024 * 1024,
  sizeCalculation: (fault, digest) => digest.length + 64 + fault.length,
});

/**
 * The first thing that keeps a configuration from being built; null if nothing does. A list shows a
 * hundred environments at once, and reading the longest of their Dockerfiles takes 17 ms (TEN-1).
 */
function faultOf({ runtimes, packages, dockerfileExtensions }: LayerConfig): string | null {
  const config = { runtimes, packages, dockerfileExtensions };
  const digest = digestOf(config);
  const known = faults.get(digest);
  if (known !== undefined) return known === "" ? null : known;
  const [whole = ""] = layerFaults(config);
  const fault = cutText(whole, faultLengthMax);
  faults.set(digest, fault);
  return fault === "" ? null : fault;
}

/** @param execution That of the environment's last build; null if there is none. */
export function buildState(environment: Environment, execution: BuildExecution | null): BuildState {
  if (!needsLayer(environment)) return { status: "ready", error: null, hash: null, builtAt: null };
  const hash = layerHash(environment);
  const fault = faultOf(environment);
  if (fault !== null) return { status: "failed", error: fault, hash, builtAt: null };
  const layer = builtLayer(environment);
  const last = execution?.build?.hash === hash ? execution : null;
  if (last && !hasEnded(last)) {
    return { status: "building", error: null, hash, builtAt: layer?.builtAt ?? null };
  }
  if (layer) return { status: "ready", error: null, hash, builtAt: layer.builtAt };
  if (last === null) return { status: "pending", error: null, hash, builtAt: null };
  const { reason, detail, endedAt, workspaceState } = last;
  // The environment was read just before the commit that gave it the layer.
  if (last.status === "success" && workspaceState === "saved") {
    return { status: "ready", error: null, hash, builtAt: endedAt };
  }
  const error =
    last.status === "success" || reason === null
      ? "What it made is larger than a layer may be, or couldn't be stored."
      : whyEnded(reason, detail);
  return { status: "failed", error, hash, builtAt: endedAt };
}

/** The name of what was built, as clients show it. */
export function imageTagOf({ name }: Environment, { status, hash }: BuildState): string | null {
  if (status !== "ready" || hash === null) return null;
  const plain = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return `env-${plain.slice(0, 40)}:${hash.slice(0, 12)}`;
}
