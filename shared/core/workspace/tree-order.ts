/**
 * The order of a workspace's entries: a folder, then everything in it, then its next sibling. Names
 * are compared by their UTF-8 bytes. So everything below a path follows it without a gap, and the
 * entry before an entry tells which folders it is the first of.
 */

const slash = 0x2f;

interface Placed {
  readonly path: string;
}

/** Negative if `a` comes first. A slash ranks below every character that a name may contain. */
export function compareTree(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const [left, right] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (left !== right) return treeRank(left) - treeRank(right);
  }
  return a.length - b.length;
}

/** Compares by UTF-8 bytes; `<` compares UTF-16 units and puts emoji before U+E000. */
export function compareBytewise(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const [left, right] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

function treeRank(unit: number): number {
  return unit === slash ? -1 : codePointRank(unit);
}

function codePointRank(unit: number): number {
  const isSurrogate = unit >= 0xd800 && unit <= 0xdfff;
  return isSurrogate ? unit + 0x1_0000 : unit;
}

/** Whether `path` is in `folder`, at any depth. The empty folder is the workspace itself. */
export function isBelow(path: string, folder: string): boolean {
  if (folder === "") return true;
  return path.charCodeAt(folder.length) === slash && path.startsWith(folder);
}

/** `a/b/c` → `a/b`; empty for a name without a folder. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** `a/b/c` → `c`. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The index of the first entry that isn't before `path`. `entries` are in tree order. */
export function placeOf(entries: readonly Placed[], path: string): number {
  return firstWhere(entries, 0, (entry) => compareTree(entry.path, path) >= 0);
}

export function entryAt<T extends Placed>(entries: readonly T[], path: string): T | undefined {
  const found = entries[placeOf(entries, path)];
  return found?.path === path ? found : undefined;
}

/** The range of entries below `folder`, without the folder's own entry. */
export function rangeBelow(
  entries: readonly Placed[],
  folder: string,
): { readonly start: number; readonly end: number } {
  if (folder === "") return { start: 0, end: entries.length };
  const place = placeOf(entries, folder);
  const start = entries[place]?.path === folder ? place + 1 : place;
  return { start, end: firstWhere(entries, start, ({ path }) => !isBelow(path, folder)) };
}

/** Finds the first entry that `holds` is true for; it is true for all later ones, too. */
function firstWhere(
  entries: readonly Placed[],
  from: number,
  holds: (entry: Placed) => boolean,
): number {
  let [low, high] = [from, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    if (entry === undefined || holds(entry)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The lengths of those folders of `path` that its predecessor `before` isn't in. */
export function newFolderLengths(before: string, path: string): number[] {
  const lengths: number[] = [];
  let isShared = true;
  for (let index = 0; index < path.length; index += 1) {
    const unit = path.charCodeAt(index);
    if (unit === slash) {
      const isKnown = isShared && (before.length === index || before.charCodeAt(index) === slash);
      if (!isKnown) lengths.push(index);
    }
    isShared &&= before.charCodeAt(index) === unit;
  }
  return lengths;
}
