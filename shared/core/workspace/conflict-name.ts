/** What a file is called that has to stand beside another one of its name. */
import { createHash } from "node:crypto";
import type { ManifestEntry } from "./manifest.ts";
import { pathBytesMax, segmentBytesMax } from "./paths.ts";
import { folderOf, nameOf } from "./tree-order.ts";

const extensionBytesMax = 40;
/** A name says at least so much of what it was; where a path has no room, it moves up a folder. */
const nameBytesMin = 40;

/**
 * `name.conflict-<8 hex of its content>.ext`, held to the lengths that a path is held to: counted
 * in bytes, and in the folder above where the path has no room for a longer name.
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
  const mark = `.conflict-${id}`;
  const leftBytes = roomBytes - mark.length;
  const ending = cutToBytes(extension, Math.min(extensionBytesMax, Math.floor(leftBytes / 2)));
  const start = cutToBytes(stem, leftBytes - Buffer.byteLength(ending));
  return `${folder === "" ? "" : `${folder}/`}${start}${mark}${ending}`;
}

/** What the names are made from: entries that agree in it and in the first name agree in all. */
export function contentOf(entry: ManifestEntry): string {
  return entry.type === "file" ? `${entry.sha256} ${entry.mode}` : JSON.stringify(entry);
}

function prefixBytes(folder: string): number {
  return folder === "" ? 0 : Buffer.byteLength(folder) + 1;
}

/** The beginning of `text` that isn't longer, and doesn't end within a character. */
function cutToBytes(text: string, bytesMax: number): string {
  let [bytes, end] = [0, 0];
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesMax) break;
    end += character.length;
  }
  return text.slice(0, end);
}
