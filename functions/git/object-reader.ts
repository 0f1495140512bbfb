/** Reads a repository's objects, loose or packed, without running git. */
import { promisify } from "node:util";
import { inflate, inflateSync } from "node:zlib";
import { LRUCache } from "lru-cache";
import { applyDelta } from "#shared/core/git/apply-delta";
import { damaged, GitFault, tooMuch } from "#shared/core/git/git-fault";
import {
  type Commit,
  commitWork,
  parseCommit,
  type TreeEntry,
  treeEntries,
} from "#shared/core/git/parse-objects";
import type { ReadBudget } from "#shared/core/git/read-budget";
import { inSteps } from "./in-steps.ts";
import { openPacks, type Pack } from "./pack-index.ts";
import type { RepositoryFiles } from "./repository-files.ts";

type ObjectType = "commit" | "tree" | "blob" | "tag";

interface GitObject {
  readonly type: ObjectType;
  readonly bytes: Buffer;
}

/** Trees of folders with a hundred thousand files have some megabytes. */
const objectBytesMax = 8 * 1024 * 1024;
/** Larger objects are unpacked beside the requests, which costs the time of a small one. */
const besideBytesMin = 64 * 1024;
const inflateBeside = promisify(inflate);
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
  readonly #budget: ReadBudget;
  readonly #bases: LRUCache<string, GitObject>;
  #packs: readonly Pack[] | null = null;

  constructor(files: RepositoryFiles) {
    const { budget } = files;
    this.#files = files;
    this.#budget = budget;
    this.#bases = new LRUCache<string, GitObject>({
      maxSize: basesBytesMax,
      dispose: ({ bytes }) => budget.refund("keptBytes", bytes.length),
    });
  }

  async commit(oid: string): Promise<Commit> {
    const { type, bytes } = await this.#object(oid);
    if (type !== "commit") throw damaged("A commit");
    if (this.#budget.work(commitWork(bytes))) await this.#budget.pause();
    return parseCommit(bytes);
  }

  /** Its bytes are held until its entries have been gone through. */
  async tree(oid: string): Promise<Iterable<TreeEntry>> {
    const { type, bytes } = await this.#object(oid);
    if (type !== "tree") throw damaged("A tree");
    return this.#held(bytes);
  }

  *#held(bytes: Buffer): Generator<TreeEntry> {
    this.#budget.spend("keptBytes", bytes.length);
    try {
      yield* treeEntries(bytes);
    } finally {
      this.#budget.refund("keptBytes", bytes.length);
    }
  }

  async #object(oid: string): Promise<GitObject> {
    this.#budget.spend("objects", 1);
    if (this.#budget.work(200)) await this.#budget.pause();
    const loose = this.#files.file(`.git/objects/${oid.slice(0, 2)}/${oid.slice(2)}`);
    if (loose !== undefined) {
      const bytes = await this.#files.whole(loose, objectBytesMax);
      return looseObject(await this.#inflate(bytes, objectBytesMax, "whole"));
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
    const deltas: Delta[] = [];
    try {
      return await this.#applied(place, deltas);
    } finally {
      for (const { delta } of deltas) this.#budget.refund("keptBytes", delta.length);
    }
  }

  /** @param deltas What is held until they have been applied. */
  async #applied(place: Place, deltas: Delta[]): Promise<GitObject> {
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
        this.#budget.spend("keptBytes", stored.delta.length);
        deltas.push({ key, delta: stored.delta });
        next = stored.base;
      }
    }
    const budget = this.#budget;
    const how = { bytesMax: objectBytesMax, budget };
    for (const { key, delta } of deltas.toReversed()) {
      const bytes = await inSteps(applyDelta(found.bytes, delta, how), budget);
      found = this.#keep(key, { type: found.type, bytes });
    }
    return found;
  }

  #keep(key: string, object: GitObject): GitObject {
    this.#budget.spend("keptBytes", object.bytes.length);
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
    const data = await this.#inflate(bytes, size, "beginning");
    if (data.length !== size) throw damaged("A pack");
    return data;
  }

  /** @param part Whether other bytes may follow. */
  async #inflate(bytes: Buffer, sizeMax: number, part: "whole" | "beginning"): Promise<Buffer> {
    const budget = this.#budget;
    budget.spend("unpackedBytes", sizeMax);
    const options = part === "whole" ? {} : { finishFlush: 2 };
    const all = { ...options, maxOutputLength: Math.max(sizeMax, 1) };
    const isSmall = Math.max(bytes.length, part === "whole" ? 0 : sizeMax) < besideBytesMin;
    try {
      const data = isSmall ? inflateSync(bytes, all) : await inflateBeside(bytes, all);
      budget.refund("unpackedBytes", sizeMax - data.length);
      if (budget.work(500 + data.length / 4)) await budget.pause();
      return data;
    } catch (error) {
      if (error instanceof GitFault) throw error;
      throw damaged("An object");
    }
  }
}

interface Delta {
  /** The place of what it makes. */
  readonly key: string;
  readonly delta: Buffer;
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
