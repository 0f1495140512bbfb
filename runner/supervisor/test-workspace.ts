import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Manifest, manifestOf } from "#shared/core/manifest";
import { parseManifest } from "#shared/core/manifest-bytes";
import type { Item } from "#shared/protocol/runner";
import { KeptWorkspace } from "./kept-workspace.ts";

/** A file system in memory, as workspaces are, keeps every time and every hole. */
export const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
export const mib = 1_048_576;
export const roomy = { workspaceBytes: 64 * mib, workspaceInodesMax: 1_000 };

const folders: string[] = [];
export const objects = new Map<string, Uint8Array>();
export const notes: string[] = [];
export const items: Item[] = [];

export const storage = {
  putManifest: async (digest: string, body: Uint8Array) => void objects.set(digest, body),
  putPack: async (digest: string, body: Uint8Array) => void objects.set(digest, body),
  manifest: async (digest: string) => objects.get(digest) ?? null,
  pack: async (digest: string) => objects.get(digest) ?? null,
};
export const reader = {
  note: (text: string) => void notes.push(text),
  emit: (item: Item) => void items.push(item),
};

/** Before each test. A hook here would only be the first file's: files share their modules. */
export function forgetAll(): void {
  folders.length = 0;
  objects.clear();
  notes.length = 0;
  items.length = 0;
}

/** After each test. */
export function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

export function newFolder(): string {
  const folder = mkdtempSync(join(scratch, "paddock-workspace-"));
  folders.push(folder);
  return folder;
}

interface Execution {
  readonly base?: string | null;
  readonly previous?: string | null;
  readonly limits?: typeof roomy;
  readonly run?: (folder: string) => void;
}

/** One execution on the workspace: in, what it does, and out. Returns the newest manifest. */
export async function execute({ base = null, previous = null, limits = roomy, run }: Execution) {
  const claimed = { manifestSha256: base, previousManifestSha256: previous };
  const workspace = new KeptWorkspace(storage, { ...claimed, limits: limits as never }, reader);
  const folder = newFolder();
  await workspace.fetch();
  await workspace.fill(folder);
  workspace.tellWhatIsMissing();
  run?.(folder);
  const saved = await workspace.save(() => Date.now() + 5_000);
  const digest = saved.state === "saved" ? saved.manifestSha256 : base;
  const bytes = digest === null ? undefined : objects.get(digest);
  const manifest = bytes === undefined ? manifestOf([]) : parseManifest(bytes);
  return { folder, digest, manifest, state: saved.state };
}

export const paths = ({ entries }: Manifest) => entries.map(({ path }) => path);
