/** Repositories that are made byte by byte, as git never makes them. */
import { setImmediate as breathe } from "node:timers/promises";
import { deflateSync } from "node:zlib";
import { ReadBudget } from "#shared/core/git/read-budget";
import { type ManifestEntry, type ManifestFile, manifestOf } from "#shared/core/workspace/manifest";
import { compareTree } from "#shared/core/workspace/tree-order";
import type { ByteRange } from "#shared/google/byte-range";
import { openRepository, type Repository } from "../../functions/git/repository.ts";
import { RepositoryFiles } from "../../functions/git/repository-files.ts";

/** Opens a repository of files that are in memory. */
export async function openParts(
  parts: Readonly<Record<string, string | Buffer>>,
  check: () => void = () => undefined,
): Promise<Repository> {
  const all = { ".git/HEAD": "ref: refs/heads/main\n", ...parts };
  const contents = new Map(Object.entries(all).map(([path, is]) => [path, Buffer.from(is)]));
  const entries: ManifestEntry[] = [...contents]
    .map(([path, { length }]) => fileOf(path, length))
    .sort((a, b) => compareTree(a.path, b.path));
  const read = async ({ path }: ManifestFile, { offsetBytes, sizeBytes }: ByteRange) =>
    contents.get(path)?.subarray(offsetBytes, offsetBytes + sizeBytes) ?? Buffer.alloc(0);
  const budget = new ReadBudget({ check, breathe });
  const files = new RepositoryFiles({ manifest: manifestOf(entries), read, budget }, "");
  const opened = await openRepository(files);
  if (typeof opened === "string") throw new Error(opened);
  return opened;
}

function fileOf(path: string, sizeBytes: number): ManifestFile {
  return { path, type: "file", sha256: "", sizeBytes, mode: 0o644, modifiedAt: 1, parts: [] };
}

export interface IndexPart {
  readonly version: 2 | 4;
  readonly entries: readonly Buffer[];
  readonly extensions?: Buffer;
}

export function indexOf({ version, entries, extensions = Buffer.alloc(0) }: IndexPart): Buffer {
  const head = Buffer.alloc(12);
  head.write("DIRC");
  head.writeUInt32BE(version, 4);
  head.writeUInt32BE(entries.length, 8);
  return Buffer.concat([head, ...entries, extensions, Buffer.alloc(20)]);
}

/** An entry of an index of version 4, which adds to the name before. */
export function addedEntry(name: string): Buffer {
  const fixed = Buffer.alloc(62);
  fixed.writeUInt32BE(0o100_644, 24);
  return Buffer.concat([fixed, Buffer.from(`\0${name}\0`)]);
}

/** One that drops the end of the name before, and adds to it. */
export function shortened(name: string, dropped: number): Buffer {
  const fixed = Buffer.alloc(62);
  fixed.writeUInt32BE(0o100_644, 24);
  return Buffer.concat([fixed, Buffer.from(distanceOf(dropped)), Buffer.from(`${name}\0`)]);
}

export function extension(name: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name);
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}

/** A folder of the extension TREE. */
export function treeFolder(name: string, folders: number): Buffer {
  return Buffer.concat([Buffer.from(`${name}\0${0} ${folders}\n`), Buffer.alloc(20)]);
}

export function treeRow(mode: string, name: string, oid: string): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, "hex")]);
}

export interface PackedPart {
  /** More than one name may stand for the same object. */
  readonly oids: readonly string[];
  readonly type: 1 | 2;
  readonly bytes: Buffer;
}

/** A pack and its index, as files of a repository. */
export function packOf(objects: readonly PackedPart[], name = "pack-a"): Record<string, Buffer> {
  const head = Buffer.from("PACK\0\0\0\x02\0\0\0\x01", "latin1");
  const places: (readonly [string, number])[] = [];
  const stored = [head];
  let offset = head.length;
  for (const { oids, type, bytes } of objects) {
    for (const oid of oids) places.push([oid, offset]);
    const part = Buffer.concat([Buffer.from(headerOf(type, bytes.length)), deflateSync(bytes)]);
    stored.push(part);
    offset += part.length;
  }
  places.sort(([a], [b]) => (a < b ? -1 : 1));
  const index = Buffer.alloc(1_032 + places.length * 28 + 40);
  index.writeUInt32BE(0xff744f63, 0);
  index.writeUInt32BE(2, 4);
  for (let byte = 0; byte < 256; byte += 1) {
    const until = places.filter(([oid]) => Number.parseInt(oid.slice(0, 2), 16) <= byte);
    index.writeUInt32BE(until.length, 8 + 4 * byte);
  }
  for (const [place, [oid, start]] of places.entries()) {
    Buffer.from(oid, "hex").copy(index, 1_032 + 20 * place);
    index.writeUInt32BE(start, 1_032 + 24 * places.length + 4 * place);
  }
  const path = `.git/objects/pack/${name}`;
  return { [`${path}.pack`]: Buffer.concat([...stored, Buffer.alloc(20)]), [`${path}.idx`]: index };
}

function headerOf(type: number, size: number): number[] {
  const bytes: number[] = [];
  let byte = (type << 4) | (size & 15);
  for (let left = Math.floor(size / 16); left > 0; left = Math.floor(left / 128)) {
    bytes.push(byte | 0x80);
    byte = left & 0x7f;
  }
  return [...bytes, byte];
}

function distanceOf(distance: number): number[] {
  const bytes = [distance & 0x7f];
  for (let left = distance >> 7; left > 0; left >>= 7) {
    left -= 1;
    bytes.unshift(0x80 | (left & 0x7f));
  }
  return bytes;
}

export function commitOf(tree: string, parents: readonly string[], message: string): Buffer {
  const lines = parents.map((oid) => `parent ${oid}\n`).join("");
  const who = "a <a> 1 +0000";
  return Buffer.from(`tree ${tree}\n${lines}author ${who}\ncommitter ${who}\n\n${message}`);
}
