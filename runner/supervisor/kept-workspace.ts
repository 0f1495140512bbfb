/** An execution's workspace: fetched before its commands run, and saved when they have ended. */
import { workspaceRoom } from "#shared/core/executions/profiles";
import { pathsBytesMax } from "#shared/core/workspace/footprint";
import { emptyManifest, type Manifest } from "#shared/core/workspace/manifest";
import type { Item } from "#shared/protocol/item";
import type { ClaimReply } from "#shared/protocol/runner";
import {
  type Absent,
  fetchManifest,
  fillWorkspace,
  type WorkspaceSource,
} from "./fetch-workspace.ts";
import { fileChanges } from "./file-changes.ts";
import { LineIndex } from "./line-index.ts";
import { Remarks } from "./remarks.ts";
import { saveWorkspace, type WorkspaceTarget } from "./save-workspace.ts";
import { type Scan, scanWorkspace } from "./scan-workspace.ts";

type Claimed = Pick<ClaimReply, "manifestSha256" | "previousManifestSha256" | "limits">;

export interface Reader {
  /** Adds a sentence to the answer. */
  note(text: string): void;
  emit(item: Item): void;
}

export type SavedState =
  | { readonly state: "unchanged" }
  | { readonly state: "saved"; readonly manifestSha256: string };

export class KeptWorkspace {
  readonly #storage: WorkspaceSource & WorkspaceTarget;
  readonly #claimed: Claimed;
  readonly #reader: Reader;
  readonly #lines = new LineIndex();
  #base: Manifest = emptyManifest;
  #folder: string | undefined;
  #absent: readonly Absent[] = [];
  #isOlder: boolean = false;

  constructor(storage: WorkspaceSource & WorkspaceTarget, claimed: Claimed, reader: Reader) {
    this.#storage = storage;
    this.#claimed = claimed;
    this.#reader = reader;
  }

  /** Reads the manifest while the folder is being made. */
  async fetch(): Promise<void> {
    const { manifestSha256, previousManifestSha256 } = this.#claimed;
    const newestFirst = [manifestSha256, previousManifestSha256];
    const { manifest, isOlder } = await fetchManifest(this.#storage, newestFirst);
    this.#base = manifest;
    this.#isOlder = isOlder;
  }

  /** Whether there is anything to save. */
  get isFilled(): boolean {
    return this.#folder !== undefined;
  }

  /** Fills the empty `folder` with everything that fits. */
  async fill(folder: string): Promise<void> {
    const room = workspaceRoom(this.#claimed.limits);
    const filling = { folder, room, lines: this.#lines };
    this.#absent = await fillWorkspace(this.#storage, this.#base, filling);
    this.#folder = folder;
  }

  /** Call it only if something is going to run; otherwise there is no answer to add to. */
  tellWhatIsMissing(): void {
    const older = "The workspace's newest state can't be read: this is the one before it.";
    this.#say(this.#isOlder ? older : null);
    const remarks = new Remarks();
    for (const { entry, why } of this.#absent) remarks.add(entry.path, why);
    this.#say(remarks.sentence("Not brought in, and kept as it is"));
  }

  /**
   * Saves the workspace. Call it only when the sandbox has ended.
   * @throws {Error} If the workspace can't be stored by `until()`.
   */
  async save(until: () => number): Promise<SavedState> {
    const folder = this.#folder;
    if (folder === undefined) return { state: "unchanged" };
    const { workspaceBytes } = this.#claimed.limits;
    const known = new Set(this.#base.entries.map(({ path }) => path));
    const scan = await scanWorkspace(folder, { workspaceBytes, known, pathsBytesMax });
    const saved = await saveWorkspace(this.#storage, {
      folder,
      base: this.#base,
      isBaseNewest: !this.#isOlder,
      absent: this.#absent.map(({ entry }) => entry),
      found: scan.found,
      room: workspaceRoom(this.#claimed.limits),
      until: until(),
    });
    const change = { folder, lines: this.#lines, base: this.#base, next: saved.manifest };
    for (const item of fileChanges(change)) this.#reader.emit(item);
    this.#remarkOn(scan, saved.left);
    if (saved.state === "unchanged") return { state: "unchanged" };
    return { state: "saved", manifestSha256: saved.manifestSha256 };
  }

  #remarkOn({ skipped, altered }: Scan, left: readonly string[]): void {
    for (const path of left) skipped.add(path, "has no room");
    this.#say(skipped.sentence("Not saved"));
    this.#say(altered.sentence("Not saved as it was"));
  }

  #say(sentence: string | null): void {
    if (sentence !== null) this.#reader.note(sentence);
  }
}
