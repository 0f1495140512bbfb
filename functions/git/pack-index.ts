/** Finds objects in packs by the packs' own indexes, of which only the needed parts are read. */
import { damaged, GitFault } from "#shared/core/git/git-fault";
import type { ManifestFile } from "#shared/core/workspace/manifest";
import type { RepositoryFiles } from "./repository-files.ts";

export interface Pack {
  readonly file: ManifestFile;
  /** Null if the object isn't in it. */
  readonly offsetOf: (oid: string) => Promise<number | null>;
}

const packsMax = 100;
const magic = 0xff744f63;
const fanoutAt = 8;
const fanoutBytes = 256 * 4;
const namesAt = fanoutAt + fanoutBytes;
const oidBytes = 20;

export async function openPacks(files: RepositoryFiles): Promise<readonly Pack[]> {
  const found = files.below(".git/objects/pack");
  for (const { path } of found) {
    if (files.budget.work(20 + path.length / 8)) await files.budget.pause();
  }
  const names = found
    .map(({ path }) => path.slice(path.lastIndexOf("/") + 1))
    .filter((name) => name.endsWith(".idx"));
  if (names.length > packsMax) {
    throw new GitFault(`The repository has more than ${packsMax} packs: \`git gc\` joins them.`);
  }
  const packs: Pack[] = [];
  for (const name of names) {
    const index = files.file(`.git/objects/pack/${name}`);
    const file = files.file(`.git/objects/pack/${name.slice(0, -4)}.pack`);
    if (index && file) packs.push(await openPack(files, index, file));
  }
  return packs;
}

async function openPack(
  files: RepositoryFiles,
  index: ManifestFile,
  file: ManifestFile,
): Promise<Pack> {
  const head = await files.near(index, { offsetBytes: 0, sizeBytes: namesAt });
  if (head.readUInt32BE(0) !== magic || head.readUInt32BE(4) !== 2) {
    throw new GitFault("A pack's index is of a version that isn't read here.");
  }
  const fanout = (byte: number) => (byte < 0 ? 0 : head.readUInt32BE(fanoutAt + 4 * byte));
  const count = fanout(255);
  if (index.sizeBytes < namesAt + count * (oidBytes + 8) + 2 * oidBytes) throw damaged("A pack");
  const offsetsAt = namesAt + count * (oidBytes + 4);
  const offsetOf = async (oid: string) => {
    const byte = Number.parseInt(oid.slice(0, 2), 16);
    const [first, end] = [fanout(byte - 1), fanout(byte)];
    if (first > end || end > count) throw damaged("A pack");
    const place = await placeOf(files, index, { oid, first, end });
    if (place === null) return null;
    const near = { offsetBytes: offsetsAt + 4 * place, sizeBytes: 4 };
    const offset = (await files.near(index, near)).readUInt32BE(0);
    if (offset < 0x8000_0000) return offset;
    const large = offsetsAt + 4 * count + 8 * (offset - 0x8000_0000);
    const bytes = await files.near(index, { offsetBytes: large, sizeBytes: 8 });
    return Number(bytes.readBigUInt64BE(0));
  };
  return { file, offsetOf };
}

/** Names are sorted, so each comparison halves those that are left. */
async function placeOf(
  files: RepositoryFiles,
  index: ManifestFile,
  { oid, first, end }: { readonly oid: string; readonly first: number; readonly end: number },
): Promise<number | null> {
  const wanted = Buffer.from(oid, "hex");
  let [low, high] = [first, end];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const near = { offsetBytes: namesAt + middle * oidBytes, sizeBytes: oidBytes };
    const order = Buffer.compare(await files.near(index, near), wanted);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return null;
}
