import { readFileSync } from "node:fs";
import type { SourceMap } from "node:module";

const position = /(?<![^\s():])(\/[^\s():]+\.cjs):(\d+):(\d+)/g;
const maps = new Map<string, SourceMap | null>();

/**
 * A stack with positions in our sources instead of the bundle's. Node can do that itself, but would
 * read every map at each start; here a map is read only when something has failed.
 */
export function originalStack(stack: string): string {
  return stack.replace(position, (whole, bundle: string, line: string, column: string) => {
    const origin = mapOf(bundle)?.findOrigin(Number(line), Number(column));
    if (origin === undefined || !("fileName" in origin) || !origin.fileName) return whole;
    return `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}

/** Null if there is no map. The stack then keeps the bundle's positions. */
function mapOf(bundle: string): SourceMap | null {
  const known = maps.get(bundle);
  if (known !== undefined) return known;
  const map = read(`${bundle}.map`);
  maps.set(bundle, map);
  return map;
}

function read(path: string): SourceMap | null {
  try {
    // It is loaded on first use, because hardly any process needs it.
    const { SourceMap } = process.getBuiltinModule("node:module");
    return new SourceMap(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return null;
  }
}
