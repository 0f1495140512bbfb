/** What a language model does, as lines for a terminal, which acts on none of a stranger's text. */
import colours from "picocolors";
import * as z from "zod";
import type { Item } from "#shared/protocol/item";
import { harmless, harmlessLine } from "../../cli/terminal-text.ts";

const briefLengthMax = 70;

export function itemLines(item: Item): string[] {
  switch (item.type) {
    case "text": {
      const text = harmless(item.content).trimEnd();
      return text === "" ? [] : text.split("\n").map((each) => `│ ${each}`);
    }
    case "reasoning":
      return [colours.dim(`… ${harmlessLine(item.content.split("\n")[0] ?? "")}`)];
    case "tool_call": {
      const mark = item.status === "failed" ? colours.red("✗") : colours.green("✓");
      const changes = item.fileChanges ?? [];
      const lines = changes.map(({ additions, deletions }) => ` +${additions} −${deletions}`);
      return [`${mark} ${harmlessLine(item.name)} ${briefly(item.arguments)}${lines.join("")}`];
    }
    case "turn_completed": {
      const { input, output, cacheRead } = item.tokens;
      const hit = input === 0 ? 0 : Math.round((100 * cacheRead) / input);
      const count = `${input} tokens read, ${hit} % of them from the cache; ${output} written`;
      return [colours.dim(`answer ${item.turn}: ${count}`)];
    }
    default:
      return [];
  }
}

/** The arguments' first text, which says the most. */
function briefly(text: string): string {
  const [first = ""] = Object.values(z.record(z.string(), z.unknown()).parse(JSON.parse(text)));
  const one = harmlessLine(String(first).replaceAll("\n", " "));
  return colours.dim(one.length > briefLengthMax ? `${one.slice(0, briefLengthMax)}…` : one);
}
