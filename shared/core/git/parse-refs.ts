/** What branches and other names of commits point to. */

/** A commit, or another name that it stands for. */
export type RefTarget = { readonly oid: string } | { readonly name: string };

const oid = /^[0-9a-f]{40}$/;
const refName = /^refs\/[^\s~^:?*[\\]+$/;

/** Null if the text is neither. */
export function parseRef(text: string): RefTarget | null {
  const line = text.split("\n", 1)[0]?.trim() ?? "";
  if (oid.test(line)) return { oid: line };
  const name = line.startsWith("ref:") ? line.slice(4).trim() : "";
  return refName.test(name) && !name.includes("..") ? { name } : null;
}

export function parsePackedRefs(text: string): ReadonlyMap<string, string> {
  const refs = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [id = "", name = ""] = line.split(" ");
    if (oid.test(id) && name.startsWith("refs/")) refs.set(name, id);
  }
  return refs;
}
