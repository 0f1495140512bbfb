/** Slow expressions, each of which was in the product or is similar to one that was. */
import { describe, expect, test } from "vitest";
import { superlinear } from "./regexp-growth.ts";

const judge = ({ source, flags }: RegExp) => superlinear(source, flags);

describe("superlinear()", () => {
  test.each([
    /^[ \t]+|[ \t]+$/g,
    /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:[^\s/@]+@/i,
    /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+/,
    /\r\n|[\n\v\f\r\u0085\u2028\u2029]|\\+r\\+n|\\+[nr]/,
    /[^\w.:[\]-].*$/,
    /fork: .*Resource temporarily unavailable/,
    /(\/[^\s():]+\.cjs):(\d+):(\d+)/g,
    /x[xa]*y/,
    /a{0,300}b/,
    /(?:ab)+c/,
    /(?=.*x)a/,
    /(?<!x)x[ax]*b/,
  ])("a search begins again at each place: %s", (expression) => {
    expect(judge(expression)).toContain("begin again");
  });

  test.each([/^\s*\s*x/, /^.*,.*x/, /^a+[ab]+c/, /^(?:a|b)*a*c/])("two share: %s", (expression) => {
    expect(judge(expression)).toContain("can share a text");
  });

  test.each([/^(?:a+)+b/, /^(?:a|a)*b/, /^(?:a*)*b/, /^(?:a?b?)*c/, /^([a-z]+\.?)+$/])(
    "two ways to repeat: %s",
    (expression) => expect(judge(expression)).toContain("two ways to repeat"),
  );

  test("what varies within a bounded repetition multiplies", () => {
    expect(judge(/^(?:a{1,60}){1,60}b/)).not.toBeNull();
    expect(judge(/^(?:a?){60}b/)).not.toBeNull();
    expect(judge(/^(?:[0-9a-f]{1,4}:){7}/)).toBeNull();
  });

  test.each([/(a+)b\1/, /(?<=ab)c/])("%s isn't judged, so it isn't taken", (expression) => {
    expect(judge(expression)).toContain("can't be judged");
  });

  test.each([
    /^[ \t]+|(?<![ \t])[ \t]+$/g,
    /(?<!\\)\\+(?:r\\+n|[nr])/,
    /[^\w.:[\]-].*/s,
    /\s+/g,
    /'+/g,
    /^([a-z]+\.)+$/,
    /x[^x]*y/,
    /a{0,30}b/,
    /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
    /a+b/y,
    /^a+b/m,
    /^"(?:[^"\\]|\\.)*"$/,
  ])("%s is linear", (expression) => expect(judge(expression)).toBeNull());
});
