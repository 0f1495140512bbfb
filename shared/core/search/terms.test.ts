import { describe, expect, test } from "vitest";
import { highlightOf } from "./highlight.ts";
import { type FoundText, rankThreads } from "./rank.ts";
import { pairsMax, searchTerms, termsOf, wordsMax } from "./terms.ts";

const isFound = (text: string, query: string) => {
  const terms = new Set(termsOf(text));
  return searchTerms(query).required.every((term) => terms.has(term));
};

describe("the terms of a text", () => {
  test.each([
    ["Résumé of the Straße", "resume", true],
    ["run npm install, then build", "build npm", true],
    ["run npm install, then build", '"npm install"', true],
    ["run npm install, then build", '"install npm"', false],
    ["run npm install, then build", "inst", false],
    ["東京の天気", "天気", true],
    ["東京の天気", "気天", false],
    ["version 2.14", "2.14", true],
  ])("of %j are found by %j: %s", (text, query, found) => {
    expect(isFound(text, query)).toBe(found);
  });

  test("are bounded however long the text is", () => {
    const text = Array.from({ length: 5_000 }, (_, index) => `word${index}`).join(" ");
    expect(termsOf(text)).toHaveLength(wordsMax + pairsMax);
  });

  test("are those of a text's beginning if it repeats itself for megabytes", () => {
    expect(termsOf(`${"so ".repeat(20_000)} late`)).toEqual(["so", "so so"]);
  });

  test("leave out a word that a phrase implies, so that fewer are looked for", () => {
    expect(searchTerms('"npm install" fast fast').required).toEqual(["npm install", "fast"]);
  });
});

test("a title outranks a message, and neighbours outrank words that stand apart", () => {
  const text = (threadId: string, kind: FoundText["kind"], words: string): FoundText => {
    return { id: threadId, threadId, kind, terms: termsOf(words), createdAt: 1 };
  };
  const found = [
    text("apart", "message", "report the nightly"),
    text("near", "message", "the nightly report"),
    text("title", "title", "nightly report"),
  ];
  const ranked = rankThreads(found, searchTerms("nightly report"));
  expect(ranked.map(({ threadId }) => threadId)).toEqual(["title", "near", "apart"]);
});

test("a highlight is one line around the first match, with each match marked", () => {
  const text = `${"before ".repeat(30)}\nthe Nightly   report\n${"after ".repeat(50)}`;
  const shown = highlightOf(text, new Set(["nightly", "report"])) ?? "";
  expect(shown).toContain("the **Nightly** **report** after");
  expect(shown).toMatch(/^…/);
  expect(shown).toMatch(/…$/);
  expect(shown.length).toBeLessThan(230);
  expect(highlightOf("nothing here", new Set(["report"]))).toBeNull();
});
