/** Executions on a workspace as the supervisor saves it, without sandbox, gateway or cloud. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { executionLimits } from "#shared/core/executions/profiles";
import { type Manifest, manifestOf } from "#shared/core/workspace/manifest";
import { parseManifest } from "#shared/core/workspace/manifest-bytes";
import type { Limits } from "#shared/protocol/runner";
import { KeptWorkspace } from "../../runner/supervisor/kept-workspace.ts";

/** A file system in memory, like a workspace's, keeps every time and every hole. */
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const roomy = { workspaceBytes: 64 * 1_048_576, workspaceInodesMax: 1_000 };

export interface OneExecution {
  /** The digest of the manifest that it starts from. */
  readonly base?: string | null;
  readonly previous?: string | null;
  readonly limits?: Pick<Limits, "workspaceBytes" | "workspaceInodesMax">;
  readonly run?: (folder: string) => void;
}

/** Storage, folders and answers of one test; each test starts empty. */
export class WorkspaceExecutions {
  readonly objects = new Map<string, Uint8Array>();
  readonly notes: string[] = [];
  #folders: string[] = [];

  constructor() {
    beforeEach(() => {
      this.objects.clear();
      this.notes.length = 0;
    });
    afterEach(() => {
      for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
      this.#folders = [];
    });
  }

  newFolder(): string {
    const folder = mkdtempSync(join(scratch, "paddock-workspace-"));
    this.#folders.push(folder);
    return folder;
  }

  /** Brings the workspace in, runs, and saves it. */
  async execute({ base = null, previous = null, limits = roomy, run }: OneExecution) {
    const claimed = {
      manifestSha256: base,
      previousManifestSha256: previous,
      limits: { ...executionLimits("lite", 60_000), ...limits },
    };
    const workspace = new KeptWorkspace(this.#storage(), claimed, {
      note: (text) => void this.notes.push(text),
      emit: () => undefined,
    });
    const folder = this.newFolder();
    await workspace.fetch();
    await workspace.fill(folder);
    workspace.tellWhatIsMissing();
    run?.(folder);
    const saved = await workspace.save(() => Date.now() + 60_000);
    const digest = saved.state === "saved" ? saved.manifestSha256 : base;
    const bytes = digest === null ? undefined : this.objects.get(digest);
    const manifest = bytes === undefined ? manifestOf([]) : parseManifest(bytes);
    return { folder, digest, manifest, state: saved.state };
  }

  #storage() {
    const put = async (digest: string, body: Uint8Array) => void this.objects.set(digest, body);
    const get = async (digest: string) => this.objects.get(digest) ?? null;
    return { putManifest: put, putPack: put, manifest: get, pack: get };
  }
}

export function pathsOf({ entries }: Manifest): string[] {
  return entries.map(({ path }) => path);
}
