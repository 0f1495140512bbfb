/**
 * Baseline: the writes of a start in the obvious way: one transaction that reads what it needs,
 * checks the money, and writes. It copies the documents of a real start.
 */
import { Firestore } from "@google-cloud/firestore";
import type { StartSample } from "./start-sample.ts";

export class PlainStarts {
  readonly #database: Firestore;
  readonly #sample: StartSample;

  constructor(projectId: string, sample: StartSample) {
    this.#database = new Firestore({ projectId });
    this.#sample = sample;
  }

  async start(ownerId: string, threadId: string, id: string): Promise<void> {
    const sample = this.#sample;
    const database = this.#database;
    const owner = database.collection("owners").doc(ownerId);
    const thread = owner.collection("threads").doc(threadId);
    const account = owner.collection("account").doc("budget");
    const others = [database.doc(sample.keyPath), thread, database.doc(sample.environmentPath)];
    await database.runTransaction(async (transaction) => {
      const [held] = await transaction.getAll(account, ...others);
      const holds: Record<string, { amountMicrousd: number }> = held?.get("holds") ?? {};
      const sum = Object.values(holds).reduce((all, { amountMicrousd }) => all + amountMicrousd, 0);
      if (held?.get("balanceMicrousd") - sum < sample.hold.amountMicrousd) throw new Error("402");
      transaction.update(account, { holds: { ...holds, [id]: sample.hold } });
      transaction.create(owner.collection("executions").doc(id), sample.execution);
      transaction.create(thread.collection("messages").doc(id), sample.message);
      transaction.create(owner.collection("audit").doc(id), sample.auditRow);
      transaction.update(thread, { executionId: id, status: "running" });
    });
  }

  /** The write of a start once its job has a name. */
  async note(ownerId: string, id: string): Promise<void> {
    const execution = this.#database.doc(`owners/${ownerId}/executions/${id}`);
    await execution.update({ jobExecution: "noted", dispatchedAt: 1 });
  }
}
