/** The official Firestore emulator with our rules, and with data that survives it. */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { join } from "node:path";
import { clearDatabases, exportDatabases, importDatabases } from "./exports.ts";
import { spawnEmulator, waitUntilReady } from "./java-process.ts";

const rulesFile = join(import.meta.dirname, "../../firestore.rules");

export interface EmulatorOptions {
  readonly projectId: string;
  /** The databases that are exported, imported and cleared. */
  readonly databases?: readonly string[] | undefined;
  /** `host:port` to listen at; defaults to what `freeHost` finds. */
  readonly host?: string | undefined;
  /** A folder that `exportTo` has filled; a folder without an export means an empty start. */
  readonly importFrom?: string | undefined;
  /** Called with the end of its output if it ends before `close`. */
  readonly onExit?: ((output: string) => void) | undefined;
}

export interface Emulator {
  /** `host:port`, as `FIRESTORE_EMULATOR_HOST` wants it. */
  readonly host: string;
  /** False if it was running before us; then its data isn't ours to keep. */
  readonly isOurs: boolean;
  /**
   * Stores the data; an interrupted export leaves the previous one. Does nothing if it isn't ours.
   */
  exportTo(folder: string): Promise<void>;
  /** Removes all documents. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts the emulator, or uses the one that `FIRESTORE_EMULATOR_HOST` names.
 *
 * @throws if Java or the jar is missing, or the export can't be read.
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const databases = options.databases ?? ["(default)", "keys"];
  const { FIRESTORE_EMULATOR_HOST } = process.env;
  if (FIRESTORE_EMULATOR_HOST) {
    const host = requireLoopback(FIRESTORE_EMULATOR_HOST);
    return running({ host, projectId: options.projectId, databases });
  }
  const host = options.host ?? (await freeHost());
  const at = { host, projectId: options.projectId, databases };
  const java = spawnEmulator(host, rulesFile);
  try {
    await waitUntilReady(host, java);
    if (options.importFrom !== undefined) await importDatabases(at, options.importFrom);
  } catch (failure) {
    await java.kill();
    throw failure;
  }
  let isClosing = false;
  void java.ended.then((output) => {
    if (!isClosing) options.onExit?.(output);
  });
  return {
    ...running(at),
    isOurs: true,
    exportTo: (folder) => exportDatabases(at, folder),
    async close() {
      isClosing = true;
      await java.kill();
    },
  };
}

function running(database: Parameters<typeof clearDatabases>[0]): Emulator {
  return {
    host: database.host,
    isOurs: false,
    exportTo: async () => {},
    clear: () => clearDatabases(database),
    close: async () => {},
  };
}

function requireLoopback(host: string): string {
  if (/^(?:127(?:\.\d{1,3}){3}|localhost):\d{1,5}$/.test(host)) return host;
  throw new Error(`FIRESTORE_EMULATOR_HOST isn't on this machine: ${host}`);
}

/**
 * An address of this machine that no web page can guess. The emulator lets pages of any origin read
 * and write everything, and export it into any folder; at 127.0.0.1 a page would only have to try
 * some thousand ports.
 */
export async function freeHost(): Promise<string> {
  const address = ["127", randomInt(1, 255), randomInt(0, 256), randomInt(1, 255)].join(".");
  return `${address}:${await freePort(address)}`;
}

/** The emulator doesn't accept port 0. */
async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No free port.");
  return address.port;
}
