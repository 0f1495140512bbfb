import { describe, expect, test } from "vitest";
import { scriptText } from "./script-text.ts";

describe("scriptText()", () => {
  test.each([
    ["line feeds are as they were", "echo a\necho b\n", "echo a\necho b\n"],
    ["carriage returns before line feeds go", "echo a\r\necho b\r\n", "echo a\necho b\n"],
    ["the last line's goes too, without its line feed", "echo a\r\necho b\r", "echo a\necho b"],
    ["lines from two systems: the first decides", "echo a\r\necho b\n", "echo a\necho b\n"],
    ["a byte order mark goes", "\u{feff}echo a\n", "echo a\n"],
    ["both go", "\u{feff}#!/bin/sh\r\necho a\r\n", "#!/bin/sh\necho a\n"],
    ["an empty first line decides, too", "\r\necho a\r\n", "\necho a\n"],
    [
      "a text that is written with them, by a script that isn't, keeps them",
      "cat >f <<'E'\nGET / HTTP/1.1\r\n\r\nE\n",
      "cat >f <<'E'\nGET / HTTP/1.1\r\n\r\nE\n",
    ],
    ["one within a line stays", "printf 'a\rb'\n", "printf 'a\rb'\n"],
    ["a mark further down stays", "echo \u{feff}\n", "echo \u{feff}\n"],
    ["nothing is nothing", "", ""],
  ])("%s", (_what, script, text) => {
    expect(scriptText(script)).toBe(text);
  });
});
