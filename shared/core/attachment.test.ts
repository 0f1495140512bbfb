import { expect, test } from "vitest";
import { attachment } from "./attachment.ts";

/** RFC 8187, 3.2.1. */
const extValue = /^attachment; filename\*=UTF-8''(?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})+$/;

test.each(["report (1).pdf", "it's.txt", "a*b", 'quo"te\\', "ä😀", "a;b=c%d"])("%s", (name) => {
  const header = attachment(name);
  expect(header).toMatch(extValue);
  expect(decodeURIComponent(header.split("''")[1] ?? "")).toBe(name);
});
