/**
 * Attacks by a compromised runner at the only address it can reach. Each must be refused, and must
 * work at a gateway whose source lacks the defence (that half only if the file is requested by
 * name).
 */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Layer } from "#shared/store/environments";
import type { Execution } from "#shared/store/executions";
import { accounts, audiences } from "../../local/cloud/names.ts";
import { executionOf } from "../kit/assert-settled.ts";
import { prepareBeat } from "../kit/beat.ts";
import { type Answer, send } from "../kit/client.ts";
import { functionUrl, idTokenFor } from "../kit/cloud.ts";
import { startAsides } from "../kit/function-aside.ts";
import { newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { type Planted, plantExecution } from "../kit/plant-execution.ts";
import type { Alteration } from "../kit/sandbox/programs.ts";
import { triesEveryRow } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";
import { alteredFunction } from "./support/altered-function.ts";
import {
  storeEgress,
  storeEvent,
  storeManifest,
  storePack,
  type Working,
} from "./support/gateway-calls.ts";

const claimFile = "functions/runner-gateway/claim.ts";
const settleFile = "functions/runner-gateway/settle-execution.ts";
const ticketFile = "shared/core/executions/ticket.ts";
const forgedMicrousd = 123_456_789;
const workedMs = 6_000;

/** Only this file's executions; the sweep mustn't find them. */
const planted: Planted["remove"][] = [];
let owner: TestOwner;
let template: string;
beforeAll(async () => {
  owner = await newOwner();
  const { run } = await runScript(owner.key, await newThread(owner.key), "true");
  template = run.id;
});

interface Attempt {
  readonly name: string;
  readonly behind: string;
  readonly without: Alteration;
  readonly escapes: (baseUrl: string) => Promise<boolean>;
}

const attempts: readonly Attempt[] = [
  {
    name: "a ticket that was used, by another runner",
    behind: "who claimed is remembered",
    without: {
      file: claimFile,
      find: "if (hashTicket(claimant) === execution.claimantSha256) return;",
      replace: "return;",
    },
    async escapes(baseUrl) {
      const ticket = await plant({ status: "queued" });
      expect((await claim(baseUrl, ticket)).status).toBe(200);
      return (await claim(baseUrl, ticket)).status === 200;
    },
  },
  {
    name: "a ticket that waited too long",
    behind: "tickets expire",
    without: {
      file: claimFile,
      find: "ticketExpiresAt > context.now",
      replace: "ticketExpiresAt > 0",
    },
    async escapes(baseUrl) {
      const ticket = await plant({ status: "queued", ticketExpiresAt: Date.now() - 1 });
      return (await claim(baseUrl, ticket)).status === 200;
    },
  },
  {
    name: "another execution's ticket, of which only the secret is missing",
    behind: "the ticket's hash",
    without: {
      file: claimFile,
      find: "const right = timingSafeEqual(",
      replace: "const right = true || timingSafeEqual(",
    },
    async escapes(baseUrl) {
      const ticket = await plant({ status: "queued" });
      const guessed = `${ticket.slice(0, -64)}${randomBytes(32).toString("hex")}`;
      return (await claim(baseUrl, guessed)).status === 200;
    },
  },
  {
    name: "a control token that nobody signed",
    behind: "the token's signature",
    without: { file: ticketFile, find: "!timingSafeEqual(given, expected)", replace: "false" },
    async escapes(baseUrl) {
      const beat = await runningBeat();
      const [kind = "", keyId = "", payload = ""] = beat.key.split(".");
      const signature = randomBytes(32).toString("base64url");
      const key = [kind, keyId, payload, signature].join(".");
      return (await heartbeat(baseUrl, key, beat.leaseVersion)).status === 200;
    },
  },
  {
    name: "the model's token instead of the control token, to settle and to write events",
    behind: "a token's purpose",
    without: { file: ticketFile, find: "kind !== purpose || ", replace: "" },
    async escapes(baseUrl) {
      const beat = await runningBeat();
      const ticket = await plant({ status: "queued" });
      const claimed = await claim(await functionUrl("runner-gateway"), ticket);
      expect(claimed.status).toBe(200);
      const answer = await heartbeat(baseUrl, claimed.json.modelToken, claimed.json.lease.version);
      expect(beat.key).not.toBe(claimed.json.modelToken);
      return answer.status === 200;
    },
  },
  {
    name: "a lease that says more money was held, so that none is asked for",
    behind: "the lease's signature",
    without: {
      file: "functions/runner-gateway/lease.ts",
      find: "heldMicrousd: isOurs ? Number(held) : null",
      replace: "heldMicrousd: Number(held)",
    },
    async escapes(baseUrl) {
      const { key, leaseVersion } = await runningBeat();
      const version = leaseVersion.split(".").slice(0, 2).join(".");
      const forged = `${version}.${forgedMicrousd}.${"0".repeat(64)}`;
      const answer = await heartbeat(baseUrl, key, forged);
      return answer.text.includes(`.${forgedMicrousd}.`);
    },
  },
  {
    name: "that nothing was executed, with anything to show for it, or a minute late",
    behind: "only a runner with nothing to show is believed",
    without: {
      file: settleFile,
      find: "isIsolation(body) && !data.idle",
      replace: "isIsolation(body) && Number.isNaN(data)",
    },
    async escapes(baseUrl) {
      const [printed, told, sent] = [await working(), await working(), await working()];
      const [packed, late] = [await working(), await working(61_000)];
      await settleUnproven(baseUrl, printed, "worked");
      expect((await storeEvent(baseUrl, told)).status).toBe(200);
      await settleUnproven(baseUrl, told);
      expect((await storeEgress(baseUrl, sent)).status).toBe(200);
      await settleUnproven(baseUrl, sent);
      expect((await storePack(baseUrl, packed)).status).toBe(200);
      await settleUnproven(baseUrl, packed);
      await settleUnproven(baseUrl, late);
      const ended = await Promise.all(
        [printed, told, sent, packed, late].map(({ id }) => executionOf(owner, id)),
      );
      return ended.some(({ chargedMicrousd }) => chargedMicrousd === 0);
    },
  },
  {
    name: "events, egress and packs once the execution has ended",
    behind: "a token ends with its execution",
    without: {
      file: "functions/runner-gateway/live-executions.ts",
      find: "  const known = seen.get(nameOf(claims));",
      replace: "  if (deps) return;\n  const known = seen.get(nameOf(claims));",
    },
    async escapes(baseUrl) {
      const one = await working();
      await settleUnproven(baseUrl, one);
      const late = [
        storeEvent(baseUrl, one, 7),
        storeEgress(baseUrl, one),
        storePack(baseUrl, one),
      ];
      return (await Promise.all(late)).some(({ status }) => status === 200);
    },
  },
  {
    name: "a layer, from a build that it reports as failed",
    behind: "only a build that succeeded makes one",
    without: {
      file: settleFile,
      find: 'body.outcome === "success"',
      replace: 'body.outcome !== "cancelled"',
    },
    async escapes(baseUrl) {
      const build = { hash: randomBytes(32).toString("hex"), isTest: false, variables: [] };
      const one = await working(workedMs, { build });
      const manifestSha256 = await storeManifest(baseUrl, one);
      const body = {
        ...{ leaseVersion: one.leaseVersion, outcome: "failed", reason: "command_failed" },
        ...{ exitCode: 1, output: "", outputTruncated: false, eventsLastSequence: 0 },
        workspace: { state: "saved", manifestSha256 },
      };
      const settle = { baseUrl, key: one.key, body };
      expect((await send("/internal/executions/settle", settle)).status).toBe(200);
      const { environmentId } = await executionOf(owner, one.id);
      const place = firestore().doc(`owners/${owner.id}/environments/${environmentId}`);
      const layers: readonly Layer[] = (await place.get()).get("layers");
      return layers.some(({ hash }) => hash === build.hash);
    },
  },
];

/** An execution of this owner in a given state, and its ticket. */
async function plant(fields: Parameters<typeof plantExecution>[2]): Promise<string> {
  const one = await plantExecution(owner, template, fields);
  planted.push(one.remove);
  return one.ticket;
}

const idOf = (ticket: string) => ticket.split(".")[2] ?? "";

/** One that was claimed a while ago, and what its runner shows. */
async function working(elapsedMs = workedMs, fields: Partial<Execution> = {}) {
  const claimedAt = Date.now() - elapsedMs;
  const id = idOf(await plant({ status: "running", claimedAt, ...fields }));
  return { id, ...(await prepareBeat(owner, id, elapsedMs)) };
}

/** Settles like a runner that claims to have executed nothing. */
async function settleUnproven(baseUrl: string, { key, leaseVersion }: Working, output = "") {
  const body = {
    ...{ leaseVersion, outcome: "failed", reason: "isolation_unavailable", exitCode: null },
    ...{ output, outputTruncated: false, workspace: { state: "unchanged" } },
    eventsLastSequence: 0,
  };
  const settled = await send("/internal/executions/settle", { baseUrl, key, body });
  expect(settled.status, settled.text).toBe(200);
}

async function runningBeat() {
  const ticket = await plant({ status: "running" });
  return prepareBeat(owner, idOf(ticket), 0);
}

async function claim(baseUrl: string, ticket: string): Promise<Answer> {
  const key = await idTokenFor(accounts.runner, audiences.gateway);
  const claimant = randomBytes(32).toString("hex");
  const body = { ticket, claimant, runner: { version: "1", sandboxMode: "userns" } };
  return send("/internal/executions/claim", { baseUrl, key, body });
}

function heartbeat(baseUrl: string, key: string, leaseVersion: string): Promise<Answer> {
  const body = { leaseVersion, readerUntil: 0 };
  return send("/internal/executions/heartbeat", { baseUrl, key, body });
}

const rows: string[] = [];
const counts = { contained: 0, effective: 0 };
afterAll(async () => {
  await Promise.all(planted.map((remove) => remove()));
  const [total, tried] = [attempts.length, triesEveryRow ? attempts.length : 0];
  const counted = `${counts.contained}/${total} contained, ${counts.effective}/${tried} effective`;
  console.log([...rows, `${counted} without the defence`].join("\n"));
});

describe("EXE-2 at the gateway", () => {
  test.each(attempts)("$name", { timeout: 120_000 }, async ({ name, behind, without, escapes }) => {
    const escaped = await escapes(await functionUrl("runner-gateway"));
    if (!escaped) counts.contained += 1;
    let freed: boolean | null = null;
    if (triesEveryRow) {
      const bundle = await alteredFunction("runner-gateway", without);
      const [aside] = await startAsides("runner-gateway", 1, { bundle });
      freed = await escapes(aside?.baseUrl ?? "").finally(() => aside?.stop());
      await rm(dirname(bundle), { recursive: true });
      if (freed) counts.effective += 1;
    }
    const held = escaped ? "NOT CONTAINED" : "contained";
    const works = freed === null ? "not tried" : freed ? "effective" : "NOT EFFECTIVE";
    rows.push([name.padEnd(76), held, works, `without: ${behind}`].join("  "));
    expect(escaped).toBe(false);
    expect(freed ?? true).toBe(true);
  });
});
