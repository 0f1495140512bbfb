/** Names inside a workspace: relative, forward only, printable. */

const pathBytesMax = 1_024;
const segmentBytesMax = 255;
const control = /\p{Cc}/u;

export type ConfinedPath =
  | { readonly path: string; readonly refused?: undefined }
  | { readonly path?: undefined; readonly refused: string };

/**
 * Normalises a path a stranger gave: `./a/./b` → `a/b`. Refuses, with a sentence that ends "the
 * path …", whatever could leave the workspace or can't be stored under its own name.
 */
export function confinePath(raw: string): ConfinedPath {
  if (raw === "") return { refused: "is empty" };
  if (!raw.isWellFormed()) return { refused: "isn't valid Unicode" };
  if (control.test(raw)) return { refused: "holds a control character" };
  if (raw.startsWith("/")) return { refused: "is absolute" };
  const segments = raw.split("/").filter((segment) => segment !== ".");
  if (segments.length === 0 || segments.includes("")) return { refused: "has an empty segment" };
  if (segments.includes("..")) return { refused: "leaves the workspace" };
  if (segments.some((segment) => Buffer.byteLength(segment) > segmentBytesMax)) {
    return { refused: `has a segment longer than ${segmentBytesMax} bytes` };
  }
  const path = segments.join("/");
  if (Buffer.byteLength(path) > pathBytesMax) {
    return { refused: `is longer than ${pathBytesMax} bytes` };
  }
  return { path };
}

/** Whether a symlink at `path` points to something inside the workspace, read as text. */
export function confineSymlink(path: string, target: string): boolean {
  if (target === "" || target.startsWith("/") || !target.isWellFormed()) return false;
  if (control.test(target) || Buffer.byteLength(target) > pathBytesMax) return false;
  let depth = path.split("/").length - 1;
  for (const segment of target.split("/")) {
    if (segment === "..") depth -= 1;
    else if (segment !== "" && segment !== ".") depth += 1;
    if (depth < 0) return false;
  }
  return true;
}
