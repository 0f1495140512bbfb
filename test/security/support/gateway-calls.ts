/** What a runner sends to its gateway, as small as it may be. */
import { createHash, randomBytes } from "node:crypto";
import { expect } from "vitest";
import { manifestOf } from "#shared/core/workspace/manifest";
import { manifestBytes, manifestDigest } from "#shared/core/workspace/manifest-bytes";
import { type Answer, send } from "../../kit/client.ts";

/** The control token of an execution, and its newest lease. */
export interface Working {
  readonly key: string;
  readonly leaseVersion: string;
}

export async function storeEvent(baseUrl: string, { key }: Working, sequence = 1): Promise<Answer> {
  const events = [{ sequence, at: 1, item: { type: "text", content: "worked" } }];
  return await send("/internal/executions/events", { baseUrl, key, body: { events } });
}

export async function storeEgress(baseUrl: string, { key }: Working): Promise<Answer> {
  const attempts = [
    {
      ...{ sequence: 1, at: 1, host: "a.test", port: 443, method: "connect", verdict: "allowed" },
      ...{ rule: null, address: "192.0.2.1", sentBytes: 1, receivedBytes: 1, durationMs: 1 },
    },
  ];
  const body = { attempts, firstSequence: 1, cut: 0 };
  return await send("/internal/executions/egress", { baseUrl, key, body });
}

export async function storePack(baseUrl: string, { key }: Working): Promise<Answer> {
  const raw = randomBytes(16);
  const path = `/internal/workspace/packs/${createHash("sha256").update(raw).digest("hex")}`;
  const headers = { "content-type": "application/octet-stream" };
  return await send(path, { baseUrl, key, method: "PUT", raw, headers });
}

export async function storeManifest(baseUrl: string, { key }: Working): Promise<string> {
  const folder = { path: "bin", type: "directory", mode: 0o755 } as const;
  const raw = Buffer.from(manifestBytes(manifestOf([folder])));
  const sha256 = manifestDigest(raw);
  const headers = { "content-type": "application/octet-stream" };
  const path = `/internal/workspace/manifests/${sha256}`;
  const stored = await send(path, { baseUrl, key, method: "PUT", raw, headers });
  expect(stored.status, stored.text).toBe(200);
  return sha256;
}
