/** Plants audit rows that detectors look at, of now unless it is said otherwise. */
import { nanoid } from "nanoid";
import { idOf } from "#shared/core/ids";
import { newOwner } from "#shared/owners/act-on-owner";
import { auditEntry } from "#shared/store/audit-rows";
import { Store } from "#shared/store/store";
import { firestore } from "./store.ts";

const rowsPerCommit = 400;

interface PlantedRow {
  readonly action: string;
  readonly facts: Readonly<Record<string, string | number>>;
  /** The key or other thing that it is about; the owner if there is none. */
  readonly subject?: string;
  readonly createdAt?: number;
}

export async function plantSignals(ownerId: string, count: number, row: PlantedRow): Promise<void> {
  const owner = newOwner(ownerId, "development");
  const store = new Store(firestore());
  const { action, facts, subject = ownerId, createdAt = Date.now() } = row;
  for (let first = 0; first < count; first += rowsPerCommit) {
    const length = Math.min(rowsPerCommit, count - first);
    await store.commit(
      Array.from({ length }, () => {
        const id = idOf("auditRow", nanoid());
        const actor = { type: "maintenance", id: "test" } as const;
        const made = { id, at: createdAt, actor, action, subject, requestId: id, facts };
        return auditEntry(owner, { ...made, facts: { ...facts }, sealedDetails: null });
      }),
    );
  }
}
