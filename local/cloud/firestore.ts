import { rm } from "node:fs/promises";
import { type Emulator, startEmulator } from "../firestore/emulator.ts";
import { writeFileAtomically } from "../lib/atomic-file.ts";
import type { Layout } from "./layout.ts";
import { projectId } from "./names.ts";

/** The file in the data folder that tells scripts the running database's `host:port`. */
export const firestoreHostFile = "firestore-host";

/** Firestore with the data of an earlier run. It is started first because it is the slowest. */
export async function startFirestore(
  plan: Layout,
  fail: (sentence: string) => void,
): Promise<Emulator> {
  return plan.parts.start(
    "firestore",
    () => startKept(plan, fail),
    (emulator) => keepAndClose(plan, emulator),
  );
}

async function startKept(plan: Layout, fail: (sentence: string) => void): Promise<Emulator> {
  const emulator = await startEmulator({
    projectId,
    host: plan.firestoreHost,
    importFrom: plan.folder.file("firestore"),
    onExit: (output) => {
      const how = output.includes("OutOfMemoryError") ? "ran out of memory" : "ended by itself";
      fail(`The Firestore emulator ${how}; the local cloud has stopped.`);
    },
  });
  // An emulator that was running already may hold an earlier run's data.
  if (!emulator.isOurs && plan.options.fresh) await emulator.clear();
  await writeFileAtomically(plan.folder.file(firestoreHostFile), emulator.host);
  return emulator;
}

async function keepAndClose({ folder }: Layout, emulator: Emulator): Promise<void> {
  await rm(folder.file(firestoreHostFile), { force: true });
  try {
    await emulator.exportTo(folder.file("firestore"));
  } finally {
    await emulator.close();
  }
}
