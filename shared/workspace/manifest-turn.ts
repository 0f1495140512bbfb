/**
 * Whatever doubts, encodes or merges manifests. A long one takes seconds of an instance's time and
 * many times its bytes, so it is done in its owner's turn, one manifest's work at a time (TEN-1).
 */
import { LRUCache } from "lru-cache";
import type { WorkspaceRoom } from "../core/executions/profiles.ts";
import { type ChangedFiles, listChanges } from "../core/workspace/changed-files.ts";
import { fitToStore } from "../core/workspace/fit-manifest.ts";
import { type Footprint, footprintSteps } from "../core/workspace/footprint.ts";
import {
  diffSteps,
  emptyManifest,
  type Manifest,
  type ManifestDiff,
  type ManifestEntry,
} from "../core/workspace/manifest.ts";
import { doubtSteps, encodeSteps, manifestSteps } from "../core/workspace/manifest-bytes.ts";
import { ManifestError } from "../core/workspace/manifest-error.ts";
import { type Merge, type MergeInput, mergeSteps } from "../core/workspace/merge-manifests.ts";
import { ApiError } from "../errors/api-error.ts";
import { getObject } from "../google/objects.ts";
import type { Owner } from "../identity/owner.ts";
import { type PacedWork, type Pieces, pacedWork } from "../limits/paced-work.ts";
import { type StoringDeps, storeObject } from "../quotas/store-object.ts";
import type { Environment, WorkspaceHead } from "../store/environments.ts";
import { OwnerTurns } from "../store/owner-turns.ts";
import { runPaced } from "./paced-steps.ts";

/** Manifests never change under their digest. The size is in stored bytes. */
const cache = new LRUCache<string, Manifest>({ maxSize: 32 * 1024 * 1024 });

/** Three long manifests at work leave room in the smallest instance for its largest uploads. */
const turns = new OwnerTurns({ allMax: 3, ownerMax: 1 });
/** Half of a request's time, so that there is time for the work as well. */
const waitMsMax = 30_000;

/** What was read, and under which digest; null for a workspace that never held a file. */
export interface KnownManifest {
  readonly manifest: Manifest;
  readonly sha256: string | null;
}

export interface StoredFitting {
  readonly head: WorkspaceHead;
  /** Paths that didn't fit. */
  readonly left: readonly string[];
}

/**
 * Does `work` in the owner's turn, and gives it up between two steps if the client goes. Inside it,
 * manifests are read through the turn that it is given: a function that asks for another turn of
 * this owner would wait for itself.
 * @param clientSignal Aborted when the client has gone; null if it can't go.
 * @param paced What rests between the steps; tests have one with a clock of their own.
 * @throws {ApiError} `UNAVAILABLE` if the client goes, or if the turn doesn't come in time.
 */
export async function inManifestTurn<T>(
  owner: Owner,
  clientSignal: AbortSignal | null,
  work: (turn: ManifestTurn) => Promise<T>,
  paced: Pick<PacedWork, "newPieces"> = pacedWork,
): Promise<T> {
  const late = AbortSignal.timeout(waitMsMax);
  const signal = clientSignal ? AbortSignal.any([clientSignal, late]) : late;
  const turn = new ManifestTurn(owner, clientSignal, paced.newPieces());
  return await turns.run(owner.id, async () => await work(turn), signal);
}

/** A manifest that was read lately, which takes no turn. */
export function cachedManifest(owner: Owner, sha256: string): Manifest | undefined {
  return cache.get(`${owner.id}/${sha256}`);
}

/** What may be done with manifests while one has the turn; only `inManifestTurn` makes one. */
class ManifestTurn {
  readonly #owner: Owner;
  readonly #clientSignal: AbortSignal | null;
  readonly #piece: Pieces;

  constructor(owner: Owner, clientSignal: AbortSignal | null, piece: Pieces) {
    this.#owner = owner;
    this.#clientSignal = clientSignal;
    this.#piece = piece;
  }

  /**
   * @throws {ManifestError} When the bytes aren't a manifest.
   * @throws {ApiError} `NOT_FOUND`, `UNAVAILABLE`.
   */
  async read(sha256: string | null): Promise<Manifest> {
    if (sha256 === null) return emptyManifest;
    const known = cachedManifest(this.#owner, sha256);
    if (known) return known;
    return await this.keep(sha256, await getObject(this.#owner, { kind: "manifests", sha256 }));
  }

  /**
   * Validates a manifest's bytes and caches it.
   * @throws {ManifestError} When the bytes aren't a manifest.
   */
  async keep(sha256: string, bytes: Uint8Array): Promise<Manifest> {
    const manifest = await this.#run(manifestSteps(bytes));
    cache.set(`${this.#owner.id}/${sha256}`, manifest, { size: bytes.length });
    return manifest;
  }

  /** Makes another manifest of one, or whatever else the steps come to. */
  async change<T>(steps: Generator<void, T>): Promise<T> {
    return await this.#run(steps);
  }

  /** What a workspace needs where it is restored. */
  async footprint(manifest: Manifest): Promise<Footprint> {
    return await this.#run(footprintSteps(manifest));
  }

  /** What changed between two states of a workspace. */
  async changes(base: Manifest, next: Manifest): Promise<ChangedFiles> {
    return listChanges(await this.diff(base, next));
  }

  /** The entries of two states of a workspace that differ. */
  async diff(base: Manifest, next: Manifest): Promise<ManifestDiff> {
    return await this.#run(diffSteps(base, next));
  }

  /** Merges two executions on one workspace; see `mergeManifests`. */
  async merge(input: MergeInput): Promise<Merge> {
    return await this.#run(mergeSteps(input));
  }

  /**
   * The first of an environment's manifests that can be read. If the newest can't, the workspace's
   * last change is lost, but not the workspace.
   * @throws {ApiError} `UNAVAILABLE`.
   */
  async readWorkspace(
    ...newestFirst: readonly (string | null | undefined)[]
  ): Promise<KnownManifest> {
    for (const sha256 of newestFirst) {
      if (sha256 === undefined || sha256 === null) break;
      try {
        return { manifest: await this.read(sha256), sha256 };
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        reportUnreadable(this.#owner, sha256);
      }
    }
    return { manifest: emptyManifest, sha256: null };
  }

  /** The files of an environment's workspace, in the newest state that can be read. */
  async readFilesOf({ workspace }: Pick<Environment, "workspace">): Promise<KnownManifest> {
    return await this.readWorkspace(workspace?.manifestSha256, workspace?.previousManifestSha256);
  }

  /**
   * Stores a manifest and returns what its environment records. A manifest that couldn't be read
   * back isn't stored.
   * @param how.encoded Its stored form, if known already.
   * @param how.makesRoom Whether it names less than the one before; then a full quota accepts it.
   * @throws {ApiError} `WORKSPACE_FULL` if the list of files is longer than a manifest may be.
   */
  async store(
    deps: StoringDeps,
    manifest: Manifest,
    previousSha256: string | null,
    how: { readonly encoded?: Uint8Array; readonly makesRoom?: boolean } = {},
  ): Promise<WorkspaceHead> {
    const { encoded, makesRoom = false } = how;
    const bytes = encoded ?? (await this.#run(encodeSteps(manifest)));
    if (bytes === null) throw new ApiError("WORKSPACE_FULL");
    await this.#run(doubtSteps(manifest));
    const manifestSha256 = await storeObject(deps, this.#owner, {
      kind: "manifests",
      bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      makesRoom,
    });
    cache.set(`${this.#owner.id}/${manifestSha256}`, manifest, { size: bytes.length });
    return headOf(await this.footprint(manifest), manifestSha256, previousSha256);
  }

  /** Stores as much as can be restored, beginning with what `first` holds. */
  async storeFitting(
    deps: StoringDeps,
    next: { readonly manifest: Manifest; readonly first: Manifest; readonly room: WorkspaceRoom },
    previousSha256: string | null,
  ): Promise<StoredFitting> {
    const paths = new Set(next.first.entries.map(({ path }) => path));
    const isFirst = ({ path }: ManifestEntry) => paths.has(path);
    const fitted = await this.#run(fitToStore(next.manifest, next.room, isFirst));
    const encoded = fitted.bytes;
    const head = await this.store(deps, fitted.manifest, previousSha256, { encoded });
    return { head, left: fitted.left.map(({ path }) => path) };
  }

  async #run<T>(steps: Generator<void, T>): Promise<T> {
    return await runPaced(steps, this.#piece, this.#clientSignal);
  }
}

export function headOf(
  { fileCount, totalBytes, restoreBytes }: Footprint,
  manifestSha256: string,
  previousManifestSha256: string | null,
): WorkspaceHead {
  return { manifestSha256, fileCount, totalBytes, restoreBytes, previousManifestSha256 };
}

export type { ManifestTurn };

/** Whether there is no such manifest; other errors may pass. */
export function isUnreadable(error: unknown): boolean {
  return (
    error instanceof ManifestError || (error instanceof ApiError && error.code === "NOT_FOUND")
  );
}

function reportUnreadable(owner: Owner, manifestSha256: string): void {
  const facts = { alarm: true, ownerId: owner.id, manifestSha256 };
  const line = { severity: "ERROR", message: "a manifest can't be read", ...facts };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
