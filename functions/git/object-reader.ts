/** Reads a repository's objects, loose or packed, without running git. */
import { inflateSync } from "node:zlib";
import { LRUCache } from "lru-cache";
import { applyDelta } from "#shared/core/git/apply-delta";
import { damaged, GitFault } from "#shared/core/git/git-fault";
import {
  type Commit,
  parseCommit,
  parseTree,
  type TreeEntry,
} from "#shared/core/git/parse-objects";
import { openPacks, type Pack } from "./pack-index.ts";
import { type RepositoryFiles, tooMuch } from "./repository-files.ts";

type ObjectType = "commit" | "tree" | "blob" | "tag";

interface GitObject {
  readonly type: ObjectType;
  readonly bytes: Buffer;
}

/** Trees of folders with a hundred thousand files have some megabytes. */
const objectBytesMax = 8 * 1024 * 1024;
/** What one request may unpack, and how many objects it may read. */
const unpackedBytesMax = 192 * 1024 * 1024;
const objectsMax = 20_000;
/** Git makes chains of 50, and older versions made some of 250. */
const chainMax = 300;
/** The header of a packed object: its size, and where its base is. */
const packedHeaderMax = 40;
const basesBytesMax = 16 * 1024 * 1024;

const types: Readonly<Record<number, ObjectType>> = { 1: "commit", 2: "tree", 3: "blob", 4: "tag" };
const offsetDelta = 6;
const namedDelta = 7;

export class ObjectReader {
  readonly #files: RepositoryFiles;
  readonly #bases = new LRUCache<string, GitObject>({ maxSize: basesBytesMax });
  #packs: readonly Pack[] | null = null;
  #unpackedLeft = unpackedBytesMax;
  #objectsLeft = objectsMax;

  constructor(files: RepositoryFiles) {
    this.#files = files;
  }

  async commit(oid: string): Promise<Commit> {
    const { type, bytes } = await this.#object(oid);
    if (type !== "commit") throw damaged("A commit");
    return parseCommit(bytes);
  }

  async tree(oid: string): Promise<readonly TreeEntry[]> {
    const { type, bytes } = await this.#object(oid);
    if (type !== "tree") throw damaged("A tree");
    return parseTree(bytes);
  }

  async #object(oid: string): Promise<GitObject> {
    this.#objectsLeft -= 1;
    if (this.#objectsLeft < 0) throw tooMuch();
    const loose = this.#files.file(`.git/objects/${oid.slice(0, 2)}/${oid.slice(2)}`);
    if (loose !== undefined) {
      const bytes = await this.#files.whole(loose, objectBytesMax);
      return looseObject(this.#inflate(bytes, objectBytesMax, "whole"));
    }
    const place = await this.#find(oid);
    if (place === null) {
      throw new GitFault("An object isn't in the repository: it is damaged, or a partial clone.");
    }
    return await this.#packed(place);
  }

  async #find(oid: string): Promise<Place | null> {
    this.#packs ??= await openPacks(this.#files);
    for (const pack of this.#packs) {
      const offset = await pack.offsetOf(oid);
      if (offset !== null) return { pack, offset };
    }
    return null;
  }

  /** Follows the chain to an object that is stored whole, and applies what was found on the way. */
  async #packed(place: Place): Promise<GitObject> {
    const deltas: { readonly key: string; readonly delta: Buffer }[] = [];
    let next = place;
    let found: GitObject | undefined;
    while (found === undefined) {
      const key = `${next.pack.file.path}@${next.offset}`;
      const known = this.#bases.get(key);
      if (known) {
        found = known;
        break;
      }
      if (deltas.length >= chainMax) {
        throw new GitFault(`An object is stored as more than ${chainMax} differences.`);
      }
      const stored = await this.#stored(next);
      if ("object" in stored) found = this.#keep(key, stored.object);
      else {
        deltas.push({ key, delta: stored.delta });
        next = stored.base;
      }
    }
    for (const { key, delta } of deltas.reverse()) {
      const bytes = applyDelta(found.bytes, delta, objectBytesMax);
      this.#count(bytes.length);
      found = this.#keep(key, { type: found.type, bytes });
    }
    return found;
  }

  #keep(key: string, object: GitObject): GitObject {
    this.#bases.set(key, object, { size: object.bytes.length + 1 });
    return object;
  }

  async #stored({ pack, offset }: Place): Promise<Stored> {
    const { file } = pack;
    const sizeBytes = Math.min(packedHeaderMax, file.sizeBytes - offset);
    if (sizeBytes <= 0) throw damaged("A pack");
    const head = await this.#files.near(file, { offsetBytes: offset, sizeBytes });
    const { type, size, bytes } = packedHeader(head);
    let start = offset + bytes;
    if (size > objectBytesMax) throw tooMuch();
    let base: Place | null = null;
    if (type === offsetDelta) {
      const back = distanceAt(head, bytes);
      start = offset + back.end;
      if (back.distance <= 0 || back.distance > offset) throw damaged("A pack");
      base = { pack, offset: offset - back.distance };
    } else if (type === namedDelta) {
      start += 20;
      base = await this.#find(head.toString("hex", bytes, bytes + 20));
      if (base === null) throw damaged("A pack");
    }
    const data = await this.#inflateAt(pack, start, size);
    if (base !== null) return { base, delta: data };
    const name = types[type];
    if (name === undefined) throw damaged("A pack");
    return { object: { type: name, bytes: data } };
  }

  async #inflateAt({ file }: Pack, offset: number, size: number): Promise<Buffer> {
    // What can't be compressed grows by a few bytes for each block.
    const room = size + Math.ceil(size / 500) + 64;
    const sizeBytes = Math.min(room, file.sizeBytes - offset);
    if (sizeBytes <= 0) throw damaged("A pack");
    const bytes = await this.#files.near(file, { offsetBytes: offset, sizeBytes });
    const data = this.#inflate(bytes, size, "beginning");
    if (data.length !== size) throw damaged("A pack");
    return data;
  }

  /** @param part Whether other bytes may follow. */
  #inflate(bytes: Buffer, sizeMax: number, part: "whole" | "beginning"): Buffer {
    try {
      const options = part === "whole" ? {} : { finishFlush: 2 };
      const data = inflateSync(bytes, { ...options, maxOutputLength: Math.max(sizeMax, 1) });
      this.#count(data.length);
      return data;
    } catch (error) {
      if (error instanceof GitFault) throw error;
      throw damaged("An object");
    }
  }

  #count(bytes: number): void {
    this.#unpackedLeft -= bytes;
    if (this.#unpackedLeft < 0) throw tooMuch();
  }
}

interface Place {
  readonly pack: Pack;
  readonly offset: number;
}

type Stored = { readonly object: GitObject } | { readonly base: Place; readonly delta: Buffer };

function looseObject(data: Buffer): GitObject {
  const zero = data.indexOf(0);
  const [type = "", size = ""] = data
    .toString("latin1", 0, Math.min(Math.max(zero, 0), 40))
    .split(" ");
  const known = Object.values(types).find((name) => name === type);
  const bytes = data.subarray(zero + 1);
  if (known === undefined || Number(size) !== bytes.length) throw damaged("An object");
  return { type: known, bytes };
}

function packedHeader(head: Buffer) {
  let index = 0;
  let byte = head[index++] ?? 0;
  const type = (byte >> 4) & 7;
  let size = byte & 15;
  for (let factor = 16; (byte & 0x80) !== 0; factor *= 128) {
    byte = head[index++] ?? 0;
    size += (byte & 0x7f) * factor;
    if (index > 10) throw damaged("A pack");
  }
  return { type, size, bytes: index };
}

function distanceAt(head: Buffer, start: number) {
  let index = start;
  let byte = head[index++] ?? 0;
  let distance = byte & 0x7f;
  while ((byte & 0x80) !== 0 && index < start + 9) {
    byte = head[index++] ?? 0;
    distance = (distance + 1) * 128 + (byte & 0x7f);
  }
  return { distance, end: index };
}
