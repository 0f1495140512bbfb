/** Renames a file that has to be kept next to another file of the same name. */
import { createHash } from "node:crypto";
import type { ManifestEntry } from "./manifest.ts";
import { pathBytesMax, segmentBytesMax } from "./paths.ts";
import { folderOf, nameOf } from "./tree-order.ts";

/** Every name that `conflictPath` makes has this in its last segment. */
export const conflictMark = ".conflict-";
const extensionBytesMax = 40;
/** The least of the original name that is kept; if the path has no room, the file moves up. */
const nameBytesMin = 40;

/**
 * `name.conflict-<8 hex of its content>.ext`, within the byte limits of a path. It is placed in the
 * folder above if the path has no room for a longer name.
 */
export function conflictPath(entry: ManifestEntry, attempt: number): string {
  const content = contentOf(entry);
  const salted = attempt === 0 ? content : `${content} ${attempt}`;
  const id = createHash("sha256").update(salted).digest("hex").slice(0, 8);
  let folder = folderOf(entry.path);
  while (pathBytesMax - prefixBytes(folder) < nameBytesMin) folder = folderOf(folder);
  const roomBytes = Math.min(segmentBytesMax, pathBytesMax - prefixBytes(folder));
  const name = nameOf(entry.path);
  const dot = name.lastIndexOf(".");
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  const mark = `${conflictMark}${id}`;
  const leftBytes = roomBytes - mark.length;
  const ending = cutToBytes(extension, Math.min(extensionBytesMax, Math.floor(leftBytes / 2)));
  const start = cutToBytes(stem, leftBytes - Buffer.byteLength(ending));
  return `${folder === "" ? "" : `${folder}/`}${start}${mark}${ending}`;
}

/** What the names are derived from: entries that agree in it and in the first name agree in all. */
export function contentOf(entry: ManifestEntry): string {
  return entry.type === "file" ? `${entry.sha256} ${entry.mode}` : JSON.stringify(entry);
}

function prefixBytes(folder: string): number {
  return folder === "" ? 0 : Buffer.byteLength(folder) + 1;
}

/** The longest beginning of `text` that fits, without splitting a character. */
function cutToBytes(text: string, bytesMax: number): string {
  let [bytes, end] = [0, 0];
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesMax) break;
    end += character.length;
  }
  return text.slice(0, end);
}
