import { describe, expect, test } from "vitest";
import { keysMax, withOneKeyMore } from "./key-count.ts";

describe("withOneKeyMore()", () => {
  const full = { atMost: keysMax, made: 7 };

  test("counts a key without reading while there is certainly room", () => {
    expect(withOneKeyMore({ atMost: keysMax - 1, made: 7 }, null)).toEqual({
      atMost: keysMax,
      made: 8,
    });
  });

  test("wants the keys counted where there may be no room, or nothing was counted yet", () => {
    expect(withOneKeyMore(full, null)).toBe("unknown");
    expect(withOneKeyMore(null, null)).toBe("unknown");
  });

  test("accepts a count only if no key was made since", () => {
    expect(withOneKeyMore(full, { live: 3, made: 6 })).toBe("unknown");
    expect(withOneKeyMore(full, { live: 3, made: 7 })).toEqual({ atMost: 4, made: 8 });
    expect(withOneKeyMore(null, { live: 3, made: null })).toEqual({ atMost: 4, made: 1 });
  });

  test("refuses the key beyond the last", () => {
    expect(withOneKeyMore(full, { live: keysMax - 1, made: 7 })).toEqual({
      atMost: keysMax,
      made: 8,
    });
    expect(withOneKeyMore(full, { live: keysMax, made: 7 })).toBe("full");
  });
});
