/** Everything that the system stores, as text, to search for what mustn't be there. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { cloud } from "./cloud.ts";
import { firestore } from "./store.ts";

/**
 * Every document of one owner and of no owner. Only owners' documents are looked into for further
 * collections: the rest are thousands in a cloud that many tests share, and have none.
 */
export async function allDocuments(ownerId: string): Promise<string> {
  const found: string[] = [];
  for (const databaseId of ["(default)", "keys"]) {
    const roots = await firestore(databaseId).listCollections();
    for (const collection of roots.filter(({ id }) => id !== "owners")) {
      const { docs } = await collection.get();
      found.push(...docs.flatMap((doc) => [doc.ref.path, JSON.stringify(doc.data())]));
    }
    const rest = [firestore(databaseId).doc(`owners/${ownerId}`)];
    for (let next = rest.pop(); next; next = rest.pop()) {
      const document = await next.get();
      found.push(next.path, JSON.stringify(document.data() ?? null));
      for (const inner of await next.listCollections()) {
        rest.push(...(await inner.listDocuments()));
      }
    }
  }
  return found.join("\n");
}

/** Everything that functions and executions have logged. */
export async function allLogs(): Promise<string> {
  const folder = join(cloud().dataFolder, "logs");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map(({ parentPath, name }) => readFile(join(parentPath, name), "utf8"));
  return (await Promise.all(texts)).join("\n");
}
