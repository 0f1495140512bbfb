import { describe, expect, test } from "vitest";
import { findMissedCloses } from "./close-rules.ts";
import { parseSource } from "./source-file.ts";

const found = (text: string) => findMissedCloses(parseSource("shared/limits/a.ts", text));

describe("findMissedCloses()", () => {
  test.each([
    `response.once("close", leave);`,
    `response.on("close", leave);`,
    `exchange.response.once("close", leave);`,
    `await once(response, "close");`,
    `function f(answer: ServerResponse) { answer.once("close", leave); }`,
    `function f(unread: Pick<ServerResponse, "once">) { unread.once("close", leave); }`,
  ])("refuses %s", (text) => {
    expect(found(text)).toHaveLength(1);
  });

  test.each([
    `onceClosed(response, leave);`,
    `response.off("close", leave);`,
    `response.once("finish", leave);`,
    `socket.once("close", leave);`,
  ])("allows %s", (text) => {
    expect(found(text)).toEqual([]);
  });
});
