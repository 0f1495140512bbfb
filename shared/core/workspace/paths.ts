/** Paths inside a workspace: relative, without `..`, printable. */

export const pathBytesMax = 1_024;
export const segmentBytesMax = 255;
/** Linux allows no longer target, counting the terminating byte. */
const linkTargetBytesMax = 4_095;
const control = /\p{Cc}/u;
const slash = 0x2f;
const dot = 0x2e;

export type ConfinedPath =
  | { readonly path: string; readonly refused?: undefined }
  | { readonly path?: undefined; readonly refused: string };

/**
 * Normalises a path from a stranger: `./a/./b` → `a/b`. Refuses paths that could leave the
 * workspace or can't be stored under their own name, with a sentence that ends "the path …".
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

/** Whether confinePath() returns `path` unchanged. Looks at each character once. */
export function isConfined(path: string): boolean {
  if (path.length > pathBytesMax) return false;
  let pathBytes = 0;
  let segmentBytes = 0;
  let segmentDots = 0;
  for (let index = 0; index <= path.length; index += 1) {
    const unit = index === path.length ? slash : path.charCodeAt(index);
    if (unit === slash) {
      const isDots = segmentDots === segmentBytes && segmentDots <= 2;
      if (segmentBytes > segmentBytesMax || isDots) return false;
      pathBytes += segmentBytes + 1;
      segmentBytes = 0;
      segmentDots = 0;
      continue;
    }
    const bytes = bytesOfUnit(path, index, unit);
    if (bytes === 0) return false;
    segmentBytes += bytes;
    if (unit === dot) segmentDots += 1;
  }
  return pathBytes - 1 <= pathBytesMax;
}

/** The UTF-8 bytes that a unit adds; 0 where it isn't allowed in a path. */
function bytesOfUnit(text: string, index: number, unit: number): number {
  if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return 0;
  if (unit < 0x80) return 1;
  if (unit < 0x800) return 2;
  if (unit < 0xd800 || unit > 0xdfff) return 3;
  if (unit <= 0xdbff) return isBetween(text.charCodeAt(index + 1), 0xdc00, 0xdfff) ? 2 : 0;
  return isBetween(text.charCodeAt(index - 1), 0xd800, 0xdbff) ? 2 : 0;
}

function isBetween(unit: number, first: number, last: number): boolean {
  return unit >= first && unit <= last;
}

/**
 * Why a link's target can't be kept, if so. A target is only text: no code of ours follows it, and
 * inside the sandbox it leads only where the program may go anyway.
 */
export function linkTargetFault(target: string): string | undefined {
  if (target === "") return "is a link to nothing";
  if (!target.isWellFormed()) return "is a link whose target isn't valid Unicode";
  if (target.includes("\0")) return "is a link whose target holds the character U+0000";
  if (Buffer.byteLength(target) > linkTargetBytesMax) {
    return `is a link whose target is longer than ${linkTargetBytesMax} bytes`;
  }
  return undefined;
}
