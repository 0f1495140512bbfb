/**
 * Processes that share one account, without a database: each reads, decides with the product's own
 * functions and commits under preconditions. Commits get lost, and so do their answers, and a
 * process may decide on what it read long ago.
 */
import { type Account, credit, newAccount } from "#shared/core/money/account";
import { type HoldLimits, hold, type KeyCeilings, renew } from "#shared/core/money/hold";
import { addLine, type LedgerLine, noLines } from "#shared/core/money/ledger";
import { type Settlement, settle, settleLate } from "#shared/core/money/settle";

export type Operation =
  | {
      readonly do: "start";
      readonly id: string;
      readonly keyId: string;
      readonly amount: number;
      readonly ceilings: KeyCeilings;
    }
  | { readonly do: "renew"; readonly id: string; readonly by: number; readonly atLeast: number }
  | { readonly do: "settle"; readonly id: string; readonly cost: number | null }
  | { readonly do: "credit"; readonly line: string; readonly amount: number }
  | { readonly do: "limit"; readonly daily: number | null; readonly monthly: number | null };

export interface ModelExecution {
  readonly keyId: string;
  readonly ended: boolean;
  readonly heldMicrousd: number;
}

/** The whole database. It is replaced as a whole, so a reader keeps the state that it read. */
export interface Disk {
  readonly account: Account;
  readonly executions: ReadonlyMap<string, ModelExecution>;
  readonly ledger: ReadonlyMap<string, LedgerLine>;
}

/** What a commit changes, and the decision's result, for the model to judge. */
export interface LedgerChange {
  readonly account: Account;
  readonly execution?: readonly [id: string, ModelExecution];
  readonly lines: readonly (readonly [id: string, LedgerLine])[];
  readonly settlement?: Settlement;
  /** The total that is held for the execution from now on. */
  readonly grantedMicrousd?: number;
}

/** Null changes nothing: refused, done before, or nothing to do. */
export type LedgerDecision = {
  readonly change: LedgerChange | null;
  readonly refusal: string | null;
};

export interface Clock {
  readonly now: number;
  readonly limits: HoldLimits;
}

/** How long after its start an execution may hold anything. */
export const holdMs = 3_600_000;

export function freshDisk(now: number): Disk {
  return { account: newAccount(now), executions: new Map(), ledger: new Map() };
}

export function decide(disk: Disk, operation: Operation, clock: Clock): LedgerDecision {
  switch (operation.do) {
    case "start":
      return start(disk, operation, clock);
    case "renew":
      return renewed(disk, operation, clock);
    case "settle":
      return settled(disk, operation, clock);
    case "credit":
      return credited(disk, operation, clock);
    case "limit": {
      const { daily: dailyLimitMicrousd, monthly: monthlyLimitMicrousd } = operation;
      return done({
        account: { ...disk.account, dailyLimitMicrousd, monthlyLimitMicrousd },
        lines: [],
      });
    }
  }
}

const nothing: LedgerDecision = { change: null, refusal: null };
const done = (change: LedgerChange): LedgerDecision => ({ change, refusal: null });

type Of<D extends Operation["do"]> = Extract<Operation, { do: D }>;

function start(
  disk: Disk,
  { id, keyId, amount, ceilings }: Of<"start">,
  clock: Clock,
): LedgerDecision {
  // The same Idempotency-Key: its execution exists.
  if (disk.executions.has(id)) return nothing;
  const { now, limits } = clock;
  const asked = { executionId: id, keyId, ceilings, amountMicrousd: amount, now, limits };
  const result = hold(disk.account, { ...asked, expiresAt: now + holdMs });
  if (!result.granted) return { change: null, refusal: result.refusal };
  const execution = [id, { keyId, ended: false, heldMicrousd: amount }] as const;
  return done({ account: result.account, execution, lines: [], grantedMicrousd: amount });
}

function renewed(disk: Disk, { id, by, atLeast }: Of<"renew">, { now }: Clock): LedgerDecision {
  const execution = disk.executions.get(id);
  if (!execution || execution.ended) return nothing;
  const toMicrousd = execution.heldMicrousd + by;
  const asked = { executionId: id, part: "time", toMicrousd, now } as const;
  const result = renew(disk.account, { ...asked, atLeastMicrousd: atLeast });
  if (!result) return { change: null, refusal: "BUDGET" };
  const { account, heldMicrousd } = result;
  const next = [id, { ...execution, heldMicrousd }] as const;
  return done({ account, execution: next, lines: [], grantedMicrousd: heldMicrousd });
}

function settled(disk: Disk, { id, cost }: Of<"settle">, { now }: Clock): LedgerDecision {
  const execution = disk.executions.get(id);
  if (!execution || execution.ended) return nothing;
  const { keyId, heldMicrousd } = execution;
  const inTime = settle(disk.account, { id, costMicrousd: cost, now });
  const settlement =
    inTime ??
    settleLate(disk.account, { keyId, costMicrousd: cost, wasHeldMicrousd: heldMicrousd, now });
  const { chargedMicrousd, chargedDays: days, lossMicrousd } = settlement;
  const of = { keyId, keyLineageId: settlement.countedFor, createdAt: now };
  const charge = { ...of, type: "charge" as const, amountMicrousd: 0 - chargedMicrousd, days };
  const loss = { ...of, type: "loss" as const, amountMicrousd: 0, days: {}, lossMicrousd };
  return done({
    account: settlement.account,
    execution: [id, { ...execution, ended: true }],
    lines: [
      [`charge ${id}`, { ...charge, lossMicrousd: 0 }],
      ...(lossMicrousd > 0 ? [[`loss ${id}`, loss] as const] : []),
    ],
    settlement,
  });
}

function credited(disk: Disk, { line, amount }: Of<"credit">, { now }: Clock): LedgerDecision {
  if (disk.ledger.has(line)) return nothing;
  const account = credit(disk.account, amount, now);
  const amounts = { amountMicrousd: amount, lossMicrousd: 0, days: null };
  return done({
    account,
    lines: [[line, { type: "credit", ...amounts, keyId: null, createdAt: now }]],
  });
}

/** Commits all of it or nothing: null if what it was decided on has changed, or a line exists. */
export function commit(disk: Disk, read: Disk, change: LedgerChange): Disk | null {
  if (disk.account !== read.account) return null;
  const [id, execution] = change.execution ?? [];
  if (id && disk.executions.get(id) !== read.executions.get(id)) return null;
  if (change.lines.some(([line]) => disk.ledger.has(line))) return null;
  return {
    account: change.account,
    executions: id && execution ? new Map(disk.executions).set(id, execution) : disk.executions,
    ledger: change.lines.length > 0 ? new Map([...disk.ledger, ...change.lines]) : disk.ledger,
  };
}

export function sumsOf({ ledger }: Disk) {
  return [...ledger.values()].reduce(addLine, noLines);
}
