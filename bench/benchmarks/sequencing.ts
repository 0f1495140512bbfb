import { randomBytes } from "node:crypto";
import type { Firestore } from "@google-cloud/firestore";
import { nanoid } from "nanoid";
import { loadMap } from "#shared/audit/publish-heads";
import { sequenceRows } from "#shared/audit/sequence-rows";
import { idOf } from "#shared/core/ids";
import { newOwner } from "#shared/owners/act-on-owner";
import { auditEntry } from "#shared/store/audit-rows";
import { Store } from "#shared/store/store";
import { openFirestore } from "../../local/firestore/admin-client.ts";
import type { Figure } from "../figure.ts";
import { median } from "../statistics.ts";

const rounds = { short: 1, full: 5 };
const ownersCount = 4;
const rowsPerCommit = 400;
/** How many rows each owner has in a round. */
const rowsCount = { short: 400, full: 2_000 };

/** Rows that get their places, next to as many documents that are patched in equal commits. */
export const sequencing: Figure = {
  name: "sequencing",
  title: `Audit rows of ${ownersCount} owners get their places in their trees`,
  async run({ environment, effort }) {
    const database = openFirestore(environment);
    const store = new Store(database);
    const [ours, bare]: [number[], number[]] = [[], []];
    try {
      for (let round = 0; round <= rounds[effort]; round += 1) {
        const paths = await plantRows(store, rowsCount[effort]);
        const taken = await sequenceAll(store);
        const alone = await patchAll(database, paths);
        // The first round loads the client.
        if (round === 0) continue;
        ours.push(taken);
        bare.push(alone);
      }
    } finally {
      await database.terminate();
    }
    const what = "the same documents, patched 400 at a time";
    return [
      {
        what: "rows",
        unit: "/s",
        value: median(ours),
        baseline: { what, value: median(bare) },
        goal: { of: "value", atLeast: 500 },
      },
    ];
  },
};

/** @returns the paths of rows as changes leave them. */
async function plantRows(store: Store, count: number): Promise<readonly string[]> {
  const paths: string[] = [];
  for (let number = 0; number < ownersCount; number += 1) {
    const owner = newOwner(idOf("owner", nanoid()), "development");
    for (let first = 0; first < count; first += rowsPerCommit) {
      const writes = Array.from({ length: Math.min(rowsPerCommit, count - first) }, (_, index) => {
        const id = idOf("auditRow", nanoid());
        const actor = { type: "maintenance", id: "bench" } as const;
        const facts = { number: first + index };
        const named = { id, subject: id, requestId: id, action: "thing.changed" };
        return auditEntry(owner, { ...named, at: Date.now(), actor, facts, sealedDetails: null });
      });
      await store.commit(writes);
      paths.push(...writes.map(({ path }) => path));
    }
  }
  return paths;
}

/** Rows per second. The cloud's own sequencer may take some, which count for nobody then. */
async function sequenceAll(store: Store): Promise<number> {
  const deps = { store, now: Date.now, random: (bytes: number) => randomBytes(bytes) };
  const report = (message: string, cause: unknown) => {
    throw new Error(message, { cause });
  };
  const secret = Buffer.from((await loadMap(deps)).value.secret, "hex");
  const beganAt = performance.now();
  const { sequenced } = await sequenceRows(deps, secret, { isLate: () => false, report });
  return sequenced / ((performance.now() - beganAt) / 1_000);
}

async function patchAll(database: Firestore, paths: readonly string[]): Promise<number> {
  const beganAt = performance.now();
  for (let first = 0; first < paths.length; first += rowsPerCommit) {
    const batch = database.batch();
    for (const path of paths.slice(first, first + rowsPerCommit)) {
      batch.update(database.doc(path), { sequence: first });
    }
    await batch.commit();
  }
  return paths.length / ((performance.now() - beganAt) / 1_000);
}
