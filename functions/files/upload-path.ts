import { confinePath } from "#shared/core/workspace/paths";
import { ApiError } from "#shared/errors/api-error";

const nameless = new Set(["", "undefined", "blob"]);
/**
 * Some clients send `C:\folder\name` or `\\server\folder\name`. Otherwise `\` is part of a name.
 */
const windowsPath = /^(?:[A-Za-z]:\\|\\\\)/;

/**
 * Decides an upload's path. Clients use `path` for a folder or for the file's whole path. It is the
 * whole path if there is no filename (some runtimes send "undefined") or if its last segment is the
 * filename; otherwise it is a folder.
 * @throws {ApiError} `INVALID_PATH`, also if neither names the file.
 */
export function uploadPath(upload: { readonly filename: string; readonly path: string }): string {
  const { filename: given } = upload;
  const filename = given.split(windowsPath.test(given) ? /[/\\]/ : "/").at(-1) ?? "";
  const path = upload.path.replace(/^\/+/, "");
  const trimmed = withoutSlashes(path);
  if (nameless.has(filename)) return requirePathInWorkspace(path);
  if (trimmed === "") return requirePathInWorkspace(filename);
  if (trimmed.split("/").at(-1) === filename) return requirePathInWorkspace(trimmed);
  return requirePathInWorkspace(`${trimmed}/${filename}`);
}

/**
 * Strips leading and trailing slashes. The lookbehind lets a match begin only at the first slash of
 * a row, so that a long row inside the path is read once and not again from each of its slashes.
 */
export function withoutSlashes(path: string): string {
  return path.replace(/^\/+|(?<!\/)\/+$/g, "");
}

/** @throws {ApiError} `INVALID_PATH`, whose message says what is wrong with the path. */
export function requirePathInWorkspace(raw: string): string {
  const result = confinePath(raw);
  if (result.path !== undefined) return result.path;
  throw new ApiError("INVALID_PATH", { message: `The file path ${result.refused}.` });
}
