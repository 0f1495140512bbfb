/** A real start's documents, so that the baseline writes the same ones. */
import type { Firestore } from "@google-cloud/firestore";

export interface StartSample {
  readonly ownerPath: string;
  readonly keyPath: string;
  readonly environmentPath: string;
  readonly hold: { readonly amountMicrousd: number };
  readonly execution: object;
  readonly message: object;
  readonly auditRow: object;
}

/** The documents of an owner that has started exactly one execution. */
export async function sampleStart(database: Firestore, ownerId: string): Promise<StartSample> {
  const owner = database.doc(`owners/${ownerId}`);
  const first = async (collection: string, action?: string) => {
    const all = owner.collection(collection);
    const query = action === undefined ? all : all.where("action", "==", action);
    const [document] = (await query.limit(1).get()).docs;
    if (!document) throw new Error(`the sample has no ${collection}`);
    return document;
  };
  const [execution, auditRow] = [
    await first("executions"),
    await first("audit", "execution.started"),
  ];
  const thread = owner.collection("threads").doc(execution.get("threadId"));
  const message = await thread.collection("messages").doc(execution.get("messageId")).get();
  const account = await owner.collection("account").doc("budget").get();
  const keys = await database.collection("apiKeys").where("ownerId", "==", ownerId).limit(1).get();
  const environment = owner.collection("environments").doc(execution.get("environmentId"));
  return {
    ownerPath: owner.path,
    keyPath: keys.docs[0]?.ref.path ?? "",
    environmentPath: environment.path,
    hold: account.get("holds")[execution.id],
    execution: execution.data(),
    message: message.data() ?? {},
    auditRow: auditRow.data(),
  };
}
