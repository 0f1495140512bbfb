import { describe, expect, test } from "vitest";
import { countCharacters } from "../../../test/kit/count-characters.ts";
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
    [`a${"\u0300\u0316".repeat(100)}b`, "ab", true],
    ["\ufdfa\ufdfa", "صلى", false],
    ["it is ﬃne, 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 of more than eight units", "FFINE unicode", true],
    ["가나다라마바사아자차", "가나다라마바사아자차".normalize("NFD"), true],
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

  test.each([
    ["of marks in no order", `a${"\u0300\u0316".repeat(100_000)}`],
    ["of one character that becomes eighteen", "\ufdfa".repeat(200_000)],
    ["of words of them", `${"\ufdfa".repeat(100)} `.repeat(2_000)],
    ["of words of marks", `a${"\u0300\u0316".repeat(100)} `.repeat(1_000)],
    ["without a space", "漢".repeat(200_000)],
  ])("and a highlight take work in proportion to a text %s", (_, text) => {
    const sought = new Set(["elsewhere"]);
    expect(countCharacters(() => termsOf(text))).toBeLessThan(80 * text.length);
    expect(countCharacters(() => highlightOf(text, sought))).toBeLessThan(80 * text.length);
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
