/** The `Range` header (RFC 9110, 14): which bytes are wanted. Pure. */
import { listElements } from "./list-elements.ts";

export interface Bytes {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

const rangesSpecifier = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(.*)$/;
const intRange = /^([0-9]+)-([0-9]*)$/;
const suffixRange = /^-([0-9]+)$/;

/**
 * What to answer with. `whole` means that the header is ignored: it has another unit, isn't valid,
 * or asks for several satisfiable ranges, which a server may decline to serve.
 */
export function requestedBytes(
  header: string | null,
  sizeBytes: number,
): Bytes | "whole" | "unsatisfiable" {
  const [, unit = "", set = ""] = rangesSpecifier.exec(header ?? "") ?? [];
  if (unit.toLowerCase() !== "bytes") return "whole";
  const ranges = listElements(set).map((element) => spanOf(element, sizeBytes));
  if (ranges.length === 0 || ranges.includes("invalid")) return "whole";
  const spans = ranges.filter((range) => typeof range === "object");
  const [only] = spans;
  if (only === undefined) return ranges.includes("nothing") ? "whole" : "unsatisfiable";
  return spans.length === 1 ? only : "whole";
}

/** `nothing` is the suffix of something empty; no partial answer can express it. */
function spanOf(element: string, sizeBytes: number): Bytes | "invalid" | "beyond" | "nothing" {
  const [, suffix] = suffixRange.exec(element) ?? [];
  if (suffix !== undefined) {
    if (Number(suffix) === 0) return "beyond";
    if (sizeBytes === 0) return "nothing";
    const length = Math.min(Number(suffix), sizeBytes);
    return { offsetBytes: sizeBytes - length, sizeBytes: length };
  }
  const [, from, to] = intRange.exec(element) ?? [];
  if (from === undefined || to === undefined) return "invalid";
  const first = Number(from);
  const last = to === "" ? Number.POSITIVE_INFINITY : Number(to);
  if (last < first) return "invalid";
  if (first >= sizeBytes) return "beyond";
  return { offsetBytes: first, sizeBytes: Math.min(last, sizeBytes - 1) - first + 1 };
}
