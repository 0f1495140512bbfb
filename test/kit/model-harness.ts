/** Model gateways on a database in memory, with scripted providers behind them and real HTTP. */
import { randomBytes, randomUUID } from "node:crypto";
import type { VerifiedClaims } from "#shared/core/executions/ticket";
import { idOf } from "#shared/core/ids";
import { DeploymentLimits } from "#shared/core/limits/deployment-limits";
import { DeploymentModels } from "#shared/core/models/deployment-models";
import { newAccount } from "#shared/core/money/account";
import { hold } from "#shared/core/money/hold";
import type { ModelMeter } from "#shared/core/money/model-meter";
import { ApiError } from "#shared/errors/api-error";
import { type End, endExecution } from "#shared/executions/end-execution";
import { mintOwner, type Owner } from "#shared/identity/owner";
import { readBytes } from "#shared/pipeline/parse";
import { sendJson } from "#shared/pipeline/respond";
import type { Deps } from "#shared/pipeline/route";
import { CommitCoordinator } from "#shared/store/commit-coordinator";
import { create } from "#shared/store/documents";
import { executions } from "#shared/store/executions";
import { meterOf, readMeter } from "#shared/store/model-meters";
import { accountId, accounts } from "#shared/store/owners";
import type { Store } from "#shared/store/store";
import { type CallKind, checkCall } from "../../functions/model-gateway/checked-call.ts";
import { ModelGateway } from "../../functions/model-gateway/model-gateway.ts";
import { refusalReply } from "../../functions/model-gateway/provider-errors.ts";
import { RequestRefused } from "../../functions/model-gateway/requests/fields.ts";
import { type HttpServer, startHttpServer } from "../../local/lib/http.ts";
import { type LocalProviders, startProviders } from "../../local/providers/server.ts";
import { MemoryStore } from "./memory-store.ts";
import { limits as holdLimits } from "./sample-account.ts";
import { sampleExecution } from "./sample-execution.ts";

/** The call of a path, which may be the gateway's or the provider's own. */
function kindOf(pathname: string): CallKind {
  const is = (
    protocol: CallKind["protocol"],
    path: string,
    kind: CallKind["kind"] = "generate",
  ) => {
    return { protocol, kind, path: () => path, stated: null };
  };
  if (pathname.endsWith("/v1/chat/completions")) return is("openai-chat", "/v1/chat/completions");
  if (pathname.endsWith("/v1/responses")) return is("openai-responses", "/v1/responses");
  const count = "/v1/messages/count_tokens";
  if (pathname.endsWith(count)) return is("anthropic-messages", count, "count");
  const gemini = /\/(v1(?:beta)?)\/models\/([^/:]+):([a-zA-Z]+)$/.exec(pathname);
  if (!gemini) return is("anthropic-messages", "/v1/messages");
  const [, version = "", modelName = "", method = ""] = gemini;
  const isStream = method === "streamGenerateContent";
  return {
    protocol: "gemini",
    kind: method === "countTokens" ? "count" : "generate",
    path: (id) => `/${version}/models/${id}:${method}${isStream ? "?alt=sse" : ""}`,
    stated: { modelName, isStream },
  };
}
const bytesMax = 16 * 1024 * 1024;
/** What the execution's time is held for and costs. */
export const timeMicrousd = 1_000;

export interface Harness {
  readonly providers: LocalProviders;
  /** The addresses of the gateways, which Anthropic's client takes as its base. */
  readonly urls: readonly string[];
  /** What clients showed as their token. */
  readonly shown: ReadonlySet<string | undefined>;
  meter(): Promise<ModelMeter>;
  /** From now on this gateway commits nothing more and its connections are cut, as by SIGKILL. */
  kill(index: number): void;
  /** The database goes away for all gateways, right after it has stored their next commit. */
  loseDatabase(): void;
  findDatabase(): void;
  /** Ends the execution as its settlement does; returns what was charged in all. */
  settle(): Promise<{ readonly chargedMicrousd: number; readonly balanceMicrousd: number }>;
  stop(): Promise<void>;
}

interface Planted {
  readonly memory: MemoryStore;
  readonly owner: Owner;
  readonly claims: VerifiedClaims;
}

/** A running execution, with money for its time; its key may hold some for another one. */
async function plant(balanceMicrousd: number, besideMicrousd: number): Promise<Planted> {
  const memory = new MemoryStore();
  const owner = mintOwner(idOf("owner", "o".repeat(21)), "production");
  const now = Date.now();
  const id = idOf("execution", "x".repeat(21));
  const execution = sampleExecution({
    ...{ id, ownerId: owner.id, status: "running", claimedAt: now, keyId: "key" },
    holdMicrousd: timeMicrousd,
  });
  const ceilings = { executionCostMaxMicrousd: null, dayCostMaxMicrousd: null };
  const start = { executionId: id, keyId: "key", ceilings, limits: holdLimits, now };
  const held = hold(
    { ...newAccount(now), balanceMicrousd },
    { ...start, amountMicrousd: timeMicrousd, expiresAt: now + 3_600_000 },
  );
  if (!held.granted) throw new Error(held.refusal);
  const another = { ...start, executionId: "another", amountMicrousd: besideMicrousd };
  const both =
    besideMicrousd === 0 ? held : hold(held.account, { ...another, expiresAt: now + 3_600_000 });
  if (!both.granted) throw new Error(both.refusal);
  await memory.commit([
    create(executions.of(owner, id), execution),
    create(accounts.of(owner, accountId), both.account),
  ]);
  const { threadId, environmentId, attempt } = execution;
  const ids = { ownerId: owner.id, executionId: id, threadId, environmentId, attempt };
  return {
    ...{ memory, owner },
    claims: { ...ids, expiresAt: now + 3_600_000, signedBy: "1" },
  };
}

export async function startHarness(options: {
  readonly balanceMicrousd: number;
  /** What the key holds for another execution. */
  readonly besideMicrousd?: number;
  readonly gateways?: number;
  readonly limits?: object;
  /** Other providers than the scripted ones. */
  readonly deployment?: DeploymentModels;
}): Promise<Harness> {
  const planted = await plant(options.balanceMicrousd, options.besideMicrousd ?? 0);
  const { memory, owner, claims } = planted;
  const providers = await startProviders({ script: [] });
  const { models: limits } = DeploymentLimits.parse({ models: options.limits ?? {} });
  const { url: baseUrl } = providers;
  const stated = { anthropic: { baseUrl }, openai: { baseUrl }, google: { baseUrl } };
  const deployment = options.deployment ?? DeploymentModels.parse({ providers: stated });
  const key = "local-provider-key";
  const keys = { anthropic: key, openai: key, google: key };
  const signing = { current: "1", keys: { "1": Buffer.alloc(32, 1) } };
  const settings = { deployment, limits, keys: () => keys, signingKeys: () => signing };
  const dead = new Set<number>();
  const database: Database = { state: "there" };
  const gatewayOf = (index: number) =>
    new ModelGateway(depsOf(memory, { isDead: () => dead.has(index), database }), settings);
  const count = options.gateways ?? 1;
  const shown = new Set<string | undefined>();
  const servers = await Promise.all(
    Array.from({ length: count }, (_, index) => startGateway(gatewayOf(index), planted, shown)),
  );
  return {
    providers,
    urls: servers.map(({ url }) => url),
    shown,
    meter: async () => (await memory.require(meterOf(owner, claims.executionId))).value,
    kill(index) {
      dead.add(index);
      void servers[index]?.close();
    },
    loseDatabase() {
      database.state = "leaving";
    },
    findDatabase() {
      database.state = "there";
    },
    settle: () => settle(planted),
    async stop() {
      await Promise.all(servers.map((server) => server.close()));
      await providers.close();
    },
  };
}

async function startGateway(
  gateway: ModelGateway,
  { owner, claims }: Planted,
  shown: Set<string | undefined>,
): Promise<HttpServer> {
  return await startHttpServer(async (request, response, { pathname }) => {
    shown.add(request.headers.authorization);
    const kind = kindOf(pathname);
    try {
      const call = checkCall(await readBytes(request, bytesMax), kind, gateway.deployment);
      const header = request.headers["idempotency-key"];
      const asked = {
        ...{ execution: { owner, claims }, call, rawHeaders: request.rawHeaders },
        idempotencyKey: typeof header === "string" ? header : null,
      };
      const isCount = call.kind === "count";
      const reply = await (isCount ? gateway.countTokens(asked) : gateway.call(asked));
      if ("relay" in reply) await reply.relay(response);
      else if ("body" in reply) sendJson(response, reply);
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      const refusal = { status: 400, message: error.sentence, retryAfterS: null } as const;
      sendJson(response, refusalReply(kind.protocol, refusal));
    }
  });
}

async function settle({ memory, owner, claims }: Planted) {
  const deps = depsOf(memory, { isDead: () => false, database: { state: "there" } });
  const read = async () => {
    const found = await deps.store.require(executions.of(owner, claims.executionId));
    return { found, meter: await readMeter(deps.store, owner, found.value) };
  };
  let current = await read();
  const { decision } = await deps.commits.submit({
    owner,
    needsAccount: true,
    refresh: async () => {
      current = await read();
    },
    decide(account) {
      const { value, version } = current.found;
      if (!account) throw new Error("no account");
      const before = { execution: value, version, account, meter: current.meter };
      const ended = endExecution(owner, before, { ...ending, now: Date.now() });
      return { writes: ended.writes, account: ended.account, ended };
    },
  });
  const { execution, account } = decision.ended;
  const { balanceMicrousd } = account;
  return { chargedMicrousd: execution.chargedMicrousd ?? Number.NaN, balanceMicrousd };
}

const ending: Omit<End, "now"> = {
  ...{ outcome: "success", reason: "completed", exitCode: 0, detail: null, output: "" },
  ...{ outputTruncated: false, workspaceState: "unchanged", conflicts: [] },
  ...{ eventsLastSequence: 0, costMicrousd: timeMicrousd },
};

interface Database {
  state: "there" | "leaving" | "away";
}

interface Process {
  readonly isDead: () => boolean;
  readonly database: Database;
}

/** The dependencies of one process; a dead one's commits never happen and are never answered. */
function depsOf(memory: MemoryStore, { isDead, database }: Process): Deps {
  const never = new Promise<never>(() => undefined);
  const requireDatabase = () => {
    if (database.state === "away") throw new ApiError("UNAVAILABLE");
  };
  const commitWithoutRetry: MemoryStore["commitWithoutRetry"] = async (writes) => {
    if (isDead()) return await never;
    requireDatabase();
    const versions = await memory.commitWithoutRetry(writes);
    if (database.state === "leaving") database.state = "away";
    requireDatabase();
    return versions;
  };
  const get: MemoryStore["get"] = async (ref) => {
    requireDatabase();
    return await memory.get(ref);
  };
  const store = Object.assign(Object.create(memory), {
    ...{ commitWithoutRetry, get },
    getAll: memory.getAll.bind(memory),
    require: memory.require.bind(memory),
    exists: memory.exists.bind(memory),
  }) as Store;
  return {
    store,
    keyStore: store,
    commits: new CommitCoordinator(store, { random: Math.random }),
    now: Date.now,
    random: randomBytes,
    newId: (kind) => idOf(kind, randomUUID().replaceAll("-", "").slice(0, 21)),
  };
}
