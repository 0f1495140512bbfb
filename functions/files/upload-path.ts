import { confinePath } from "#shared/core/workspace/paths";
import { ApiError } from "#shared/errors/api-error";

const nameless = new Set(["", "undefined", "blob"]);
/** `C:\\folder\\name`, as some clients send it. Otherwise a backslash is part of a name. */
const windowsPath = /^(?:[A-Za-z]:\\|\\\\)/;

/**
 * Decides an upload's path. Clients use `path` for a folder or for the file's whole path. It is the
 * whole path if there is no filename (some runtimes send "undefined") or if its last segment is the
 * filename; otherwise it is a folder.
 * @throws {ApiError} `INVALID_PATH`, `VALIDATION_FAILED` if neither names the file.
 */
export function landingPath(upload: { readonly filename: string; readonly path: string }): string {
  const { filename: given } = upload;
  const filename = given.split(windowsPath.test(given) ? /[/\\]/ : "/").at(-1) ?? "";
  const path = upload.path.replace(/^\/+/, "");
  const trimmed = withoutSlashes(path);
  if (nameless.has(filename)) return requirePathInWorkspace(path);
  if (trimmed === "") return requirePathInWorkspace(filename);
  if (trimmed.split("/").at(-1) === filename) return requirePathInWorkspace(trimmed);
  return requirePathInWorkspace(`${trimmed}/${filename}`);
}

/** Removes the leading and trailing slashes that clients write around folders. */
export function withoutSlashes(path: string): string {
  return path.replace(/^\/+|(?<!\/)\/+$/g, "");
}

/** @throws {ApiError} `INVALID_PATH` naming what is wrong with it. */
export function requirePathInWorkspace(raw: string): string {
  const result = confinePath(raw);
  if (result.path !== undefined) return result.path;
  throw new ApiError("INVALID_PATH", { message: `The file path ${result.refused}.` });
}
