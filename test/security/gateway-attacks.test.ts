/**
 * Attempts of a runner that was taken over, at the only address it reaches. Each must be refused,
 * and work at a gateway whose source lacks the defence (that half only if the file is asked for).
 */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { nanoid } from "nanoid";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatTicket, hashTicket } from "#shared/core/ticket";
import { accounts, audiences } from "../../local/cloud/names.ts";
import { prepareBeat } from "../kit/beat.ts";
import { type Answer, send } from "../kit/client.ts";
import { functionUrl, idTokenFor } from "../kit/cloud.ts";
import { startAsides } from "../kit/function-aside.ts";
import { newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { executionOf } from "../kit/settled.ts";
import { triesEveryRow } from "../kit/share.ts";
import { firestore } from "../kit/store.ts";
import type { Alteration } from "../sandbox/support/programs.ts";
import { alteredFunction } from "./support/altered-function.ts";

const claimFile = "functions/runner-gateway/claim.ts";
const ticketFile = "shared/core/ticket.ts";
const forgedMicrousd = 123_456_789;
const hourMs = 3_600_000;

/** Nobody's but this file's: the sweep mustn't find them. */
const planted: string[] = [];
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
    without: { file: claimFile, find: "ticketExpiresAt > at.now", replace: "ticketExpiresAt > 0" },
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
];

/** An execution of this owner in a state of our choice, and its ticket. */
async function plant(fields: {
  readonly status: "queued" | "running";
  readonly ticketExpiresAt?: number;
}): Promise<string> {
  const executionId = `run_${nanoid()}`;
  const stored = await executionOf(owner, template);
  const { environmentId } = stored;
  const secret = randomBytes(32).toString("hex");
  const ids = { ownerId: owner.id, environmentId, executionId, attempt: stored.attempt, secret };
  const ticket = formatTicket(ids);
  const later = Date.now() + hourMs;
  const path = `owners/${owner.id}/executions/${executionId}`;
  planted.push(path);
  await firestore()
    .doc(path)
    .create({
      ...stored,
      ...{ id: executionId, endedAt: null, claimedAt: null, claimantSha256: null },
      ...{ ticketSha256: hashTicket(ticket), ticketExpiresAt: later, sweepAt: later },
      ...(fields.status === "running" ? { claimedAt: Date.now(), leaseExpiresAt: later } : {}),
      ...fields,
    });
  return ticket;
}

async function runningBeat() {
  const ticket = await plant({ status: "running" });
  return prepareBeat(owner, ticket.split(".")[2] ?? "", 0);
}

async function claim(baseUrl: string, ticket: string): Promise<Answer> {
  const key = await idTokenFor(accounts.runner, audiences.gateway);
  const claimant = randomBytes(32).toString("hex");
  const body = { ticket, claimant, runner: { version: "1", sandboxMode: "A" } };
  return send("/internal/executions/claim", { baseUrl, key, body });
}

function heartbeat(baseUrl: string, key: string, leaseVersion: string): Promise<Answer> {
  const body = { leaseVersion, readerUntil: 0 };
  return send("/internal/executions/heartbeat", { baseUrl, key, body });
}

const rows: string[] = [];
const counts = { contained: 0, effective: 0 };
afterAll(async () => {
  await Promise.all(planted.map((path) => firestore().doc(path).delete()));
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
