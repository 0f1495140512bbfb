// @module-tag slow
import { sign } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { makeKey } from "../../test/kit/audit-export.ts";
import { type Mood, startWitness } from "../../test/kit/witness-server.ts";
import { formatCheckpoint } from "../core/audit/checkpoint.ts";
import { type AuditEpoch, epochLeaf } from "../core/audit/heads.ts";
import { appendLeaf, frontierOf, rootOf } from "../core/audit/merkle-tree.ts";
import { hexOf } from "../core/audit/proven-head.ts";
import { signatureOf, verifyNote } from "../core/audit/signed-note.ts";
import type { Ref } from "../store/documents.ts";
import { askWitnesses, configuredWitnesses } from "./ask-witnesses.ts";
import { proveLogConsistency, storedLogLevel } from "./prove-log-consistency.ts";

const log = makeKey("paddock.test/audit/1");
const epochs = Array.from({ length: 1_200 }, (_, number): AuditEpoch => {
  return { v: 1, number, at: number, mapRoot: number.toString(16).padStart(64, "0") };
});
const leaves = epochs.map(epochLeaf);

/** What the sequencer has stored of the log; each document that is read is counted. */
class LogStore {
  reads = 0;
  readonly #documents = new Map<string, object>();

  constructor({ withNodes = true } = {}) {
    for (const epoch of epochs) this.#documents.set(`auditEpochs/log-${epoch.number}`, epoch);
    leaves.reduce((frontier, leaf) => {
      const appended = appendLeaf(frontier, leaf);
      for (const { level, index, hash } of appended.filled) {
        if (level < storedLogLevel || !withNodes) continue;
        this.#documents.set(`auditLogNodes/log-${level}-${index}`, { v: 1, hash: hexOf(hash) });
      }
      return appended.frontier;
    }, frontierOf([]));
  }

  async getAll(...refs: readonly Ref[]) {
    this.reads += refs.length;
    return refs.map((ref) => ({
      ref,
      value: this.#documents.get(ref.path) ?? null,
      version: null,
    }));
  }
}

function checkpointOf(size: number, store = new LogStore(), fork = false) {
  const own = fork ? leaves.with(0, Buffer.alloc(32, 9)) : leaves;
  const frontier = frontierOf(own.slice(0, size));
  const text = formatCheckpoint({ origin: log.key.name, size, root: rootOf(frontier) });
  const signature = signatureOf(log.key, sign(null, Buffer.from(text), log.privateKey));
  const lastLeaf = own[size - 1] ?? Buffer.alloc(0);
  const tree = { name: "log", frontier, lastLeaf };
  const prove = async (oldSize: number) =>
    await proveLogConsistency({ store: store as never }, tree, oldSize);
  return { size, note: { text, signatures: [signature] }, prove };
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function startOne() {
  const witness = await startWitness("witness.test/w1", [log.key]);
  open.push(witness);
  const reports: string[] = [];
  const clock = { nowMs: 1_000 };
  const ask = async (size: number, store?: LogStore, fork?: boolean) => {
    const checkpoint = checkpointOf(size, store, fork);
    const turn = {
      now: () => clock.nowMs,
      report: (message: string) => void reports.push(message),
    };
    const trusted = configuredWitnesses(JSON.stringify([witness.named]));
    const signatures = await askWitnesses(checkpoint, turn, trusted);
    const { text } = checkpoint.note;
    const note = { text, signatures: [...checkpoint.note.signatures, ...signatures] };
    return { signatures, signedAt: verifyNote(note, witness.key)?.signedAt };
  };
  return { witness, reports, clock, ask };
}

describe("AUD-10 a witness", () => {
  test("cosigns each checkpoint, and after a while apart the next one", async () => {
    const { witness, reports, ask } = await startOne();
    for (const size of [1, 2, 3, 4, 9, 257, 258, 1_000, 1_200]) {
      const { signatures, signedAt } = await ask(size);
      expect(signatures, `of ${size}: ${reports}`).toHaveLength(1);
      expect(signedAt).toBeGreaterThan(0n);
    }
    // It is asked again for what it has cosigned, if the answer was lost.
    expect((await ask(1_200)).signatures).toHaveLength(1);
    expect(witness.state.cosigned?.size).toBe(1_200);
    expect(reports).toEqual([]);
  });

  test("is proven a log of any length with few reads, unless nothing of it was stored", async () => {
    const { witness, reports, ask } = await startOne();
    await ask(3);
    const store = new LogStore();
    expect((await ask(1_200, store)).signatures).toHaveLength(1);
    expect(store.reads).toBeLessThan(600);
    Object.assign(witness.state, { cosigned: checkpointHead(3) });
    const old = new LogStore({ withNodes: false });
    expect((await ask(1_200, old)).signatures).toHaveLength(1);
    expect(reports).toEqual([]);
  });

  const moods: readonly (readonly [Mood, string])[] = [
    ["silent", "it didn't answer in time"],
    ["broken", "it answered 500"],
    ["endless", "its answer is too long"],
    ["redirecting", "it can't be reached"],
    ["forging", "its cosignature is wrong"],
    ["for another text", "its cosignature is wrong"],
    ["without a time", "its cosignature is wrong"],
    ["ahead", "it says its size is 1004"],
  ];
  test.each(moods)("that is %s is left out, rests, and is asked again later", async (mood, why) => {
    const { witness, reports, clock, ask } = await startOne();
    expect((await ask(3)).signatures).toHaveLength(1);
    witness.state.mood = mood;
    expect((await ask(4)).signatures).toEqual([]);
    expect(reports).toEqual([`a witness hasn't cosigned: ${why}`]);
    const { asked } = witness.state;
    witness.state.mood = "honest";
    expect((await ask(5)).signatures).toEqual([]);
    expect(witness.state.asked).toBe(asked);
    clock.nowMs += 60_000;
    expect((await ask(6)).signatures, `${reports}`).toHaveLength(1);
  });

  test("that is down costs nothing, and doesn't cosign another history", async () => {
    const { witness, reports, clock, ask } = await startOne();
    await ask(100);
    expect((await ask(200, undefined, true)).signatures).toEqual([]);
    expect(reports).toEqual(["a witness hasn't cosigned: it answered 422"]);
    await witness.close();
    clock.nowMs += 60_000;
    expect((await ask(201)).signatures).toEqual([]);
    expect(reports[1]).toBe("a witness hasn't cosigned: it can't be reached");
  });

  test("is named by its key and URL, or nothing is signed", () => {
    for (const text of ["{}", '[{"key":"a","url":"https://a.example"}]', '[{"url":"ftp://a"}]']) {
      expect(() => configuredWitnesses(text)).toThrow();
    }
  });
});

function checkpointHead(size: number) {
  return { size, root: rootOf(frontierOf(leaves.slice(0, size))) };
}
