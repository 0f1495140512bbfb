import { createHash, randomBytes } from "node:crypto";
import { Timestamp } from "@google-cloud/firestore";
import { describe, expect, test } from "vitest";
import { bucketOf } from "../core/audit/heads-map.ts";
import { AuditTree, auditBuckets, auditLogs } from "../store/audit-trees.ts";
import { parseStored, type Ref, type Snapshot, type Write } from "../store/documents.ts";
import { loadMap, publishHeads } from "./publish-heads.ts";
import type { SequencerDeps } from "./sequencer-deps.ts";

const version = Timestamp.fromMillis(1);
const ownersCount = 800;
const log = { v: 1, origin: "x", size: 0, roots: [], rootsBefore: null, open: null, lastAt: 0 };
const emptyLog = { ref: auditLogs.doc("x"), version, value: log } as never;
const turn = { isLate: () => false, report: () => undefined };

/** A database in which each owner has a new head, as after each minute of writing. */
class Heads {
  readonly published = new Set<string>();
  /** A tree whose stored roots aren't those of its size; null if there is none. */
  odd: string | null = null;
  readonly #positions = new Map<string, string>();
  readonly #inOrder: readonly { readonly path: string; readonly position: string }[];
  readonly #waiting = new Set<string>();
  readonly #documents = new Map<string, object>();

  constructor() {
    for (let index = 0; index < ownersCount; index += 1) {
      const path = `owners/user_${String(index).padStart(21, "0")}/auditTrees/head`;
      this.#positions.set(path, createHash("sha256").update(path).digest("hex"));
    }
    this.#inOrder = Array.from(this.#positions, ([path, position]) => ({ path, position })).sort(
      (one, other) => (one.position < other.position ? -1 : 1),
    );
  }

  renew(): void {
    for (const path of this.#positions.keys()) this.#waiting.add(path);
  }

  get first(): string {
    return this.#inOrder[0]?.path ?? "";
  }

  /**
   * Gives the first owner another head, or puts something else in the place of its bucket.
   * @returns The path of what was changed.
   */
  changeBucket(instead: object | null): string {
    const { position = "" } = this.#inOrder[0] ?? {};
    const path = `auditBuckets/${bucketOf(Buffer.from(position, "hex"))}`;
    const stored = auditBuckets.schema.parse(this.#documents.get(path));
    const entries = stored.entries.map((entry) =>
      entry.position === position ? { position, value: "22".repeat(32) } : entry,
    );
    this.#documents.set(path, instead ?? { ...stored, entries });
    return path;
  }

  read(path: string): object | undefined {
    return this.#documents.get(path);
  }

  get deps(): SequencerDeps {
    const store = {
      get: async (ref: Ref) => this.#read(ref),
      getAll: async (...refs: readonly Ref[]) => refs.map((ref) => this.#read(ref)),
      findDue: async (_all: object, request: { after: string; upTo?: string; limit: number }) => {
        const { after, upTo = "g", limit } = request;
        const inRange = this.#inOrder
          .filter(({ path }) => this.#waiting.has(path))
          .filter(({ position }) => position > after && position <= upTo);
        return inRange.slice(0, limit).map(({ path, position }) => this.#tree(path, position));
      },
      commitWithoutRetry: async (writes: readonly Write[]) => {
        for (const { path, ...write } of writes) {
          if (this.#waiting.delete(path)) this.published.add(path);
          else if ("value" in write) this.#documents.set(path, write.value);
        }
        return writes.map(() => version);
      },
    };
    return { store: store as never, now: () => 0, random: randomBytes };
  }

  #read(ref: Ref): Snapshot<Ref["schema"]> {
    const value = this.#documents.get(ref.path);
    if (!value) return { ref, value: null, version: null };
    return { ref, value: parseStored(ref.schema, value), version };
  }

  #tree(path: string, position: string) {
    const ownerId = path.split("/")[1];
    const roots = ["11".repeat(32)];
    const tree = {
      v: 1,
      ownerId,
      size: path === this.odd ? 3 : 1,
      roots,
      unpublished: position,
      published: null,
    };
    const ref = { path, schema: AuditTree };
    return { ref, found: { ref, version, value: AuditTree.parse(tree) } };
  }
}

describe("AUD-5 heads of many owners", () => {
  test("all get their turn, though calls end before the map has all of them", async () => {
    const heads = new Heads();
    await loadMap(heads.deps);
    // A call reaches 240 of 256 buckets; the chance that all eight miss one is less than 1e-6.
    for (let call = 0; call < 8; call += 1) {
      heads.renew();
      for (let epoch = 0; epoch < 30; epoch += 1) await publishHeads(heads.deps, emptyLog, turn);
    }
    expect(heads.published.size).toBe(ownersCount);
  });

  test("are published although one tree is damaged, which is reported", async () => {
    const heads = new Heads();
    await loadMap(heads.deps);
    heads.odd = heads.first;
    const reported: object[] = [];
    const report = (_message: string, _cause: unknown, facts: object) => reported.push(facts);
    heads.renew();
    const deps = { ...heads.deps, random: (bytes: number) => Buffer.alloc(bytes) };
    expect(await publishHeads(deps, emptyLog, { ...turn, report })).toBeGreaterThan(0);
    expect(reported).toEqual([{ path: heads.odd }]);
    expect(heads.published).not.toContain(heads.odd);
  });

  test.each([
    ["what somebody has changed in it", null],
    ["what a newer release has written", { v: 2 }],
    ["what can't be read", { v: 1, entries: "x" }],
  ])("aren't signed together with a bucket's other heads: %s", async (_what, instead) => {
    const heads = new Heads();
    await loadMap(heads.deps);
    heads.renew();
    const deps = { ...heads.deps, random: (bytes: number) => Buffer.alloc(bytes) };
    await publishHeads(deps, emptyLog, turn);
    const changed = heads.changeBucket(instead);
    heads.renew();
    const reported: object[] = [];
    const report = (_message: string, _cause: unknown, facts: object) => reported.push(facts);
    const before = JSON.stringify(heads.read(changed));
    expect(await publishHeads(deps, emptyLog, { ...turn, report })).toBeGreaterThan(0);
    expect(reported).toEqual([{ path: changed }]);
    expect(JSON.stringify(heads.read(changed))).toBe(before);
  });
});
