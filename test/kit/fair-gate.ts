/** A fair gate with a clock of its own, which says whom it let in. */
import { FairGate, type FairGateLimits } from "#shared/limits/fair-gate";

export const limits: FairGateLimits = {
  sharedMax: 4,
  aloneMax: 10,
  ownerWaitingMax: 6,
  waitMsMax: 5_000,
};

/** A gate whose waiting requests report the order in which they were admitted. */
export function newGate(own: Partial<FairGateLimits> = {}) {
  let nowMs = 0;
  const gate = new FairGate({ ...limits, ...own }, () => nowMs);
  const admitted: string[] = [];
  const refused: string[] = [];
  const ask = (
    ownerId: string,
    keyId: string | null = null,
    kind: "endings" | "needed" = "endings",
  ) => {
    const path = keyId === null ? null : [keyId.replace(/-.*/, ""), keyId];
    const turn = gate.enter(ownerId, path && { kind, turn: path });
    const name = keyId ?? ownerId;
    turn?.entered.then(
      () => admitted.push(name),
      (error) => refused.push(`${name} ${error.code}`),
    );
    return turn;
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { gate, admitted, refused, ask, pass };
}

/** Gives settled promises a turn. */
export async function told(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

export const times = (count: number, act: () => unknown) => Array.from({ length: count }, act);
