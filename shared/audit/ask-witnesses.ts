/**
 * Collects the cosignatures of the deployment's witnesses for a checkpoint that isn't stored yet. A
 * witness that is down, late or lies is left out and asked less often; nothing waits for it.
 */

import * as z from "zod";
import { config } from "../config.ts";
import type { Hash } from "../core/audit/merkle-tree.ts";
import { parseNoteKey, type SignedNote } from "../core/audit/signed-note.ts";
import type { CallTurn } from "../core/call-turn.ts";
import { describeError } from "../core/describe-error.ts";
import { Fault } from "../core/fault.ts";
import { outgoingAddress } from "../core/network/outgoing-address.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { addCheckpoint, type Witness, type WitnessAnswer } from "./witness-client.ts";

/** How long a witness that failed isn't asked: otherwise each epoch would wait for its time-out. */
const restMs = 60_000;

const Witnesses = z
  .array(
    z.object({
      key: z.string(),
      url: outgoingAddress({ schemes: "https or http", query: "refused" }),
    }),
  )
  .max(10);

/** What this process knows of a witness. */
interface Memory {
  /** The size that it has cosigned last; null if that isn't known. */
  size: number | null;
  restsUntil: number;
}
const memories = new Map<string, Memory>();

/** The witnesses of the deployment. @throws {Fault} if the setting is malformed. */
export function configuredWitnesses(text = config().PADDOCK_AUDIT_WITNESSES): readonly Witness[] {
  const listed = Witnesses.safeParse(JSON.parse(text)).data;
  if (!listed) throw new Fault("PADDOCK_AUDIT_WITNESSES isn't a list of keys and URLs");
  return listed.map(({ key: given, url }) => {
    const key = parseNoteKey(given);
    if (key?.kind !== "cosignature")
      throw new Fault(`the key of ${url} isn't name+id+key of type 4`);
    return { key, url };
  });
}

export interface NewCheckpoint {
  readonly size: number;
  /** Signed by the log. */
  readonly note: SignedNote;
  /** That it continues the log of `oldSize`; null if that can't be proven. */
  prove(oldSize: number): Promise<readonly Hash[] | null>;
}

/** @returns The cosignatures that were made in time, in the order of the witnesses. */
export async function askWitnesses(
  checkpoint: NewCheckpoint,
  { now, report }: { now(): number; readonly report: CallTurn["report"] },
  witnesses: readonly Witness[] = configuredWitnesses(),
): Promise<SignedNote["signatures"]> {
  const collected = await allInOrder(
    witnesses.map(async (witness) => {
      const memory = memories.get(witness.url) ?? { size: null, restsUntil: 0 };
      memories.set(witness.url, memory);
      // A clock that went back would let it rest for ever.
      if (memory.restsUntil > now() && memory.restsUntil <= now() + restMs) return [];
      const answer = await ask(witness, checkpoint, memory).catch(failed);
      if (answer.kind === "cosigned") {
        memory.size = checkpoint.size;
        return answer.signatures;
      }
      const why = answer.kind === "refused" ? answer.why : `it says its size is ${answer.size}`;
      const facts = { witness: witness.key.name, size: checkpoint.size };
      report(`a witness hasn't cosigned: ${why}`, null, facts);
      Object.assign(memory, { size: null, restsUntil: now() + restMs });
      return [];
    }),
  );
  return collected.flat();
}

function failed(cause: unknown): WitnessAnswer {
  return { kind: "refused", why: describeError(cause) };
}

/** Mostly it has cosigned the checkpoint before; if not, it says which, and is asked once more. */
async function ask(
  witness: Witness,
  { size, note, prove }: NewCheckpoint,
  memory: Memory,
): Promise<WitnessAnswer> {
  const attempt = async (oldSize: number): Promise<WitnessAnswer> => {
    const proof = await prove(oldSize);
    if (!proof) return { kind: "refused", why: `nothing proves what follows ${oldSize}` };
    return await addCheckpoint(witness, { oldSize, proof, note });
  };
  const first = await attempt(Math.min(memory.size ?? size - 1, size));
  // A witness that has seen a longer log than there is won't cosign this one.
  return first.kind === "conflict" && first.size <= size ? await attempt(first.size) : first;
}
