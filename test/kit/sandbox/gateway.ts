/** A gateway and a metadata server over HTTP, as small as the runner's protocol allows. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Manifest } from "#shared/core/workspace/manifest";
import {
  manifestBytes,
  manifestDigest,
  parseManifest,
} from "#shared/core/workspace/manifest-bytes";
import type { Item } from "#shared/protocol/item";
import {
  ClaimReply,
  ClaimRequest,
  defaultEgressLimits,
  EgressAttempt,
  EgressRequest,
  EventsRequest,
  gatewayPaths,
  HeartbeatRequest,
  type RunnerEvent,
  SettleRequest,
} from "#shared/protocol/runner";

export const idToken = "id-token-of-the-runner";
export const ticket = "ticket-for-one-use";
export const controlToken = "control-token";

export interface HeardEvent extends RunnerEvent {
  readonly heardAtMs: number;
}

export class FakeGateway {
  readonly objects = new Map<string, Buffer>();
  readonly events: HeardEvent[] = [];
  readonly puts: string[] = [];
  readonly egress: EgressAttempt[] = [];
  egressCut = 0;
  /** Every byte that the runner sent, for canary scans. */
  readonly received: string[] = [];
  settled: SettleRequest | undefined;
  claims = 0;
  heartbeats = 0;
  /** A status to answer a path with instead, while the count lasts. */
  readonly failures = new Map<string, { status: number; times: number }>();
  refusesObjects: boolean = false;
  /** Whether objects that the runner sends get no answer. */
  hangsOnObjects: boolean = false;
  stop: "cancelled" | "budget" | null = null;
  claim: ClaimReply | undefined;
  readonly #server: Server;
  readonly #watchers = new Set<() => void>();

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", () => resolve()));
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return `127.0.0.1:${address.port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Resolves once `condition` holds; checks again after each call of the runner. */
  async until(condition: () => boolean, withinMs = 60_000): Promise<void> {
    const timeout = Promise.withResolvers<never>();
    const timer = setTimeout(() => timeout.reject(new Error("waited in vain")), withinMs);
    try {
      while (!condition()) {
        const next = new Promise<void>((resolve) => this.#watchers.add(resolve));
        await Promise.race([next, timeout.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  items(): Item[] {
    return this.events.map(({ item }) => item);
  }

  /** Everything streamed as text, in order. */
  text(): string {
    return this.items()
      .map((item) => (item.type === "text" ? item.content : ""))
      .join("");
  }

  store(bytes: Uint8Array): string {
    const digest = createHash("sha256").update(bytes).digest("hex");
    this.objects.set(digest, Buffer.from(bytes));
    return digest;
  }

  storeManifest(manifest: Manifest): string {
    const bytes = manifestBytes(manifest);
    this.objects.set(manifestDigest(bytes), Buffer.from(bytes));
    return manifestDigest(bytes);
  }

  savedManifest(): Manifest {
    if (this.settled?.workspace.state !== "saved") throw new Error("not saved");
    const bytes = this.objects.get(this.settled.workspace.manifestSha256);
    if (bytes === undefined) throw new Error("no manifest");
    return parseManifest(bytes);
  }

  /** A saved file's bytes, joined from its parts. */
  savedFile(path: string): string {
    const entry = this.savedManifest().entries.find((candidate) => candidate.path === path);
    if (entry?.type !== "file") throw new Error(`${path} isn't a file`);
    const parts = entry.parts.map(({ pack, offsetBytes, sizeBytes }) =>
      pack === null
        ? Buffer.alloc(sizeBytes)
        : (this.objects.get(pack)?.subarray(offsetBytes, offsetBytes + sizeBytes) ??
          Buffer.alloc(0)),
    );
    return Buffer.concat(parts).toString("utf8");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks);
    const path = new URL(request.url ?? "/", "http://gateway").pathname;
    if (this.hangsOnObjects && request.method === "PUT") return;
    const { status, reply } = this.#route(request, path, body);
    response.writeHead(status);
    response.end(Buffer.isBuffer(reply) ? reply : JSON.stringify(reply));
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }

  #route(request: IncomingMessage, path: string, body: Buffer) {
    if (path.startsWith("/computeMetadata/")) return { status: 200, reply: Buffer.from(idToken) };
    const failure = this.failures.get(path) ?? { status: 0, times: 0 };
    if (failure.times > 0) {
      this.failures.set(path, { ...failure, times: failure.times - 1 });
      return { status: failure.status, reply: { error: "as the test wants it" } };
    }
    const wanted = path === gatewayPaths.claim ? idToken : controlToken;
    if (request.headers.authorization !== `Bearer ${wanted}`) return { status: 401, reply: {} };
    const object = /^\/internal\/workspace\/(?:manifests|packs)\/([0-9a-f]{64})$/.exec(path)?.[1];
    if (object !== undefined) return this.#object(request.method, object, body);
    this.received.push(body.toString("utf8"));
    return this.#call(path, JSON.parse(body.toString("utf8")));
  }

  #object(method: string | undefined, digest: string, body: Buffer) {
    if (method === "GET") {
      const reply = this.objects.get(digest);
      return reply === undefined ? { status: 404, reply: {} } : { status: 200, reply };
    }
    if (this.refusesObjects) return { status: 403, reply: {} };
    if (this.store(body) !== digest) return { status: 400, reply: {} };
    this.puts.push(digest);
    return { status: 201, reply: {} };
  }

  #call(path: string, body: unknown): { status: number; reply: unknown } {
    if (path === gatewayPaths.claim) {
      this.claims += 1;
      const isOurs = ClaimRequest.parse(body).ticket === ticket;
      return isOurs
        ? { status: 200, reply: ClaimReply.parse(this.claim) }
        : { status: 409, reply: {} };
    }
    if (path === gatewayPaths.events) {
      for (const event of EventsRequest.parse(body).events) {
        this.events.push({ ...event, heardAtMs: performance.now() });
      }
      const acknowledgedSequence = this.events.at(-1)?.sequence ?? 0;
      return { status: 200, reply: { acknowledgedSequence, flushIntervalMs: 50 } };
    }
    if (path === gatewayPaths.egress) {
      const { data: batch } = EgressRequest.safeParse(body);
      if (batch === undefined) return { status: 400, reply: {} };
      this.egress.push(...batch.attempts);
      for (const { batch: _batch, sequence, ...end } of batch.ends) {
        const index = this.egress.findIndex((attempt) => attempt.sequence === sequence);
        const { open: _open, ...attempt } = this.egress[index] ?? {};
        this.egress[index] = EgressAttempt.parse({ ...attempt, ...end });
      }
      this.egressCut = batch.cut;
      return { status: 200, reply: { stored: true } };
    }
    if (path === gatewayPaths.heartbeat) {
      HeartbeatRequest.parse(body);
      this.heartbeats += 1;
      return { status: 200, reply: { lease: this.#lease(), stop: this.stop } };
    }
    this.settled = SettleRequest.parse(body);
    return { status: 200, reply: { settled: true, conflicts: [] } };
  }

  #lease() {
    const heartbeatIntervalMs = this.claim?.lease.heartbeatIntervalMs ?? 30_000;
    return {
      version: `v${this.heartbeats + 1}`,
      expiresAt: Date.now() + 90_000,
      heartbeatIntervalMs,
    };
  }
}

export const megabyte = 1024 * 1024;

/** A claim that allows what an ordinary script needs. */
export function claimFor(content: string, changes: Partial<ClaimReply> = {}): ClaimReply {
  return {
    executionId: "exec_test",
    attempt: 1,
    threadId: "thread_test",
    environmentId: "env_test",
    controlToken,
    modelToken: "model-token",
    lease: {
      version: "v1",
      expiresAt: Date.now() + 90_000,
      heartbeatIntervalMs: 30_000,
      readerUntil: 0,
    },
    flushIntervalMs: 50,
    task: { model: "shell", instructions: null, content },
    models: null,
    conversation: null,
    mcpServers: [],
    skills: { skills: [], missing: [] },
    limits: {
      wallClockMs: 30_000,
      cpuMillis: 2_000,
      memoryBytes: 256 * megabyte,
      processesMax: 64,
      openFilesMax: 256,
      fileBytesMax: 16 * megabyte,
      workspaceBytes: 32 * megabyte,
      workspaceInodesMax: 2_000,
      tmpBytes: 16 * megabyte,
      streamBytesMax: megabyte,
    },
    network: { mode: "none", allow: [], limits: defaultEgressLimits },
    environmentVariables: [],
    secrets: [],
    boundSecrets: [],
    setupScripts: [],
    manifestSha256: null,
    previousManifestSha256: null,
    layer: null,
    ...changes,
  };
}
