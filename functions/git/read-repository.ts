/** Opens a repository of an environment's stored files, for the routes. */

import * as z from "zod";
import { GitFault } from "#shared/core/git/git-fault";
import { ReadBudget } from "#shared/core/git/read-budget";
import { idSchema } from "#shared/core/ids";
import type { Manifest } from "#shared/core/workspace/manifest";
import { confinePath } from "#shared/core/workspace/paths";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { pacedWork } from "#shared/limits/paced-work";
import { type Environment, environments } from "#shared/store/environments";
import { OwnerTurns } from "#shared/store/owner-turns";
import type { ReadStore } from "#shared/store/store";
import { readFileBytes, readFilesOf } from "#shared/workspace/manifests";
import { openRepository, type Repository } from "./repository.ts";
import { type ReadBytes, RepositoryFiles } from "./repository-files.ts";

export const inEnvironment = z.object({ environmentId: idSchema("environment") });
export const RepositoryQuery = z.object({ path: z.string().max(1_024).default("") });

/** Clients wait for a minute, and what runs git reads after it. */
const readMsMax = 20_000;

/** Each takes up to 130 MB besides its list of files, so few are read at a time. */
const turns = new OwnerTurns({ allMax: 3, ownerMax: 1 });

/** @throws {ApiError} `INVALID_PATH` */
export function folderOf(path: string): string {
  const trimmed = path.replace(/^\/+|(?<!\/)\/+$/g, "");
  if (trimmed === "" || trimmed === ".") return "";
  const confined = confinePath(trimmed);
  if (confined.path !== undefined) return confined.path;
  throw new ApiError("INVALID_PATH", { message: `The path ${confined.refused}.` });
}

/** A folder as answers show it. */
export function shownPath(folder: string): string {
  return folder === "" ? "." : folder;
}

export interface RepositoryReader {
  readonly owner: Owner;
  readonly signal: AbortSignal;
}

export async function filesOf(
  { owner, signal }: RepositoryReader,
  environment: Pick<Environment, "workspace">,
): Promise<Manifest> {
  return (await readFilesOf(owner, environment, signal)).manifest;
}

/** Where a repository is. */
interface RepositoryPlace {
  /** Loads the list of files, which may take tens of megabytes. */
  readonly files: () => Promise<Manifest>;
  readonly folder: string;
}

/**
 * Does `work` with the repository of a folder, and turns what can't be read into a refusal. The
 * list of files is loaded once it is the request's turn: those that wait hold none (TEN-1).
 * @param none What is answered where there is none; without it, that is refused.
 * @throws {ApiError} `NOT_A_REPOSITORY`, `REPOSITORY_UNREADABLE`, `UNAVAILABLE`.
 */
export async function withRepository<T>(
  { owner, signal }: RepositoryReader,
  { files: load, folder }: RepositoryPlace,
  work: (repository: Repository) => Promise<T>,
  none: (why: string) => T = (message) => {
    throw new ApiError("NOT_A_REPOSITORY", { message });
  },
): Promise<T> {
  const late = AbortSignal.timeout(readMsMax);
  const either = AbortSignal.any([signal, late]);
  const read: ReadBytes = async (file, range) => await readFileBytes(owner, file, range);
  const budget = new ReadBudget({
    check: () => either.throwIfAborted(),
    breathe: pacedWork.newBreath(),
  });
  const readIt = async () => {
    const files = new RepositoryFiles({ manifest: await load(), read, budget }, folder);
    const opened = await openRepository(files);
    return typeof opened === "string" ? none(opened) : await work(opened);
  };
  try {
    return await turns.run(owner.id, readIt, either);
  } catch (error) {
    if (error instanceof GitFault) throw unreadable(error.why, error);
    if (error instanceof ApiError) throw error;
    if (late.aborted) throw unreadable("Reading the repository takes too long.", error);
    if (signal.aborted) throw new ApiError("UNAVAILABLE", { cause: "the client is gone" });
    throw error;
  }
}

function unreadable(message: string, cause: unknown): ApiError {
  return new ApiError("REPOSITORY_UNREADABLE", {
    message: `${message} A message that calls git can read it.`,
    cause,
  });
}

/** The same of an environment's files as they are now. */
export async function readRepository<T>(
  reader: RepositoryReader & { readonly store: ReadStore },
  where: { readonly environmentId: string; readonly path: string },
  work: (repository: Repository) => Promise<T>,
  none?: (why: string) => T,
): Promise<T> {
  const folder = folderOf(where.path);
  const { value } = await reader.store.require(environments.of(reader.owner, where.environmentId));
  const files = async () => await filesOf(reader, value);
  return await withRepository(reader, { files, folder }, work, none);
}
