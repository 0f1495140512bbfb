/** The emulator's process: it can't outlive ours, and Ctrl-C reaches it only through us. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { firestoreJarLocations } from "./jar-locations.mjs";

/** The limit for a process that hangs; one that ends is noticed at once. */
const startMsMax = 120_000;
const outputLengthMax = 4_096;
const mainClass = "com.google.cloud.datastore.emulator.firestore.CloudFirestore";
const mib = 2 ** 20;
/** The emulator forgets nothing: ten minutes of full load fill 512 MiB. */
const heapMib = { least: 512, most: 3_072 };

/** Flags that halve the default start time; like Java, they use a quarter of the memory. */
function jvmFlags(): readonly string[] {
  const quarterMib = Math.floor(totalmem() / 4 / mib);
  const heap = Math.max(heapMib.least, Math.min(heapMib.most, quarterMib));
  return [
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    `-Xmx${heap}m`,
    // Without memory its answers are unreliable, so it had better exit.
    "-XX:+ExitOnOutOfMemoryError",
    "-Duser.language=en",
  ];
}

/** The emulator's jar on this machine. @throws if there is none; the set-up fetches it. */
export function findFirestoreJar(): string {
  const jar = firestoreJarLocations().find((path) => existsSync(path));
  if (jar === undefined) {
    throw new Error("The Firestore emulator isn't installed: run `npm run setup`.");
  }
  return jar;
}

export interface JavaProcess {
  /** Resolves with the end of its output when it ends by itself. */
  readonly ended: Promise<string>;
  kill(): Promise<void>;
}

/** @param host `host:port` to listen at. */
export function spawnEmulator(host: string, rulesFile: string): JavaProcess {
  const { JAVA_HOME } = process.env;
  const java = JAVA_HOME ? join(JAVA_HOME, "bin/java") : "java";
  const [address = "", port = ""] = host.split(":");
  const emulator = ["start", "--host", address, "--port", port, "--rules", rulesFile];
  const command = [java, ...jvmFlags(), "-cp", findFirestoreJar(), mainClass, ...emulator];
  // A session of its own keeps Ctrl-C from ending it before its data is stored.
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", ...command], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { ended: watch(child), kill: () => kill(child) };
}

async function watch(child: ChildProcess): Promise<string> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-outputLengthMax);
    });
  }
  // Also when it couldn't be started at all.
  await once(child, "close").catch((failure: unknown) => {
    output += String(failure);
  });
  return output;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}

/** Resolves once the emulator answers. @throws if it ends first, or takes more than two minutes. */
export async function waitUntilReady(host: string, { ended }: JavaProcess): Promise<void> {
  let output: string | undefined;
  void ended.then((text) => {
    output = text;
  });
  const deadlineMs = performance.now() + startMsMax;
  while (!(await answers(host))) {
    if (output !== undefined) throw new Error(`The Firestore emulator didn't start: ${output}`);
    if (performance.now() > deadlineMs) throw new Error("The Firestore emulator doesn't answer.");
    await delay(20);
  }
}

async function answers(host: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${host}/`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
