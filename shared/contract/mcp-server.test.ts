import { expect, test } from "vitest";
import { validated } from "../pipeline/parse.ts";
import { EnvironmentCreate } from "./environment.ts";
import { MessageCreate } from "./message-create.ts";

const http = { type: "http", name: "a", url: "https://a.example" };

function refusalOf(...mcpServers: readonly object[]): string {
  const sentences = [
    () => validated(EnvironmentCreate, { name: "e", mcpServers }, "body"),
    () => validated(MessageCreate, { content: "c", mcpServers }, "body"),
  ].map((take) => {
    try {
      take();
      return "taken";
    } catch (error) {
      return error instanceof Error ? error.message : "";
    }
  });
  expect(sentences[1]).toBe(sentences[0]);
  return sentences[0] ?? "";
}

const token =
  "The field mcpServers.0.bearerToken must be printable ASCII, since it goes into a header.";

test.each([
  [{ bearerToken: "a-b.c_d+e/f==" }, "taken"],
  [{ bearerToken: "" }, "taken"],
  [{ bearerToken: "to\nken" }, token],
  [{ bearerToken: "tok\u2026" }, token],
  [{ url: undefined }, "The field mcpServers.0.url is required, since the server's type is http."],
  [
    { type: "stdio" },
    "The field mcpServers.0.command is required, since the server's type is stdio.",
  ],
])("an MCP server with %o", (change, sentence) => {
  expect(refusalOf({ ...http, ...change })).toBe(sentence);
});

test("an MCP server that another one of its name would replace is refused", () => {
  expect(refusalOf(http, { ...http, name: "b" })).toBe("taken");
  const sentence = "names two servers alike: only the last one would be used.";
  expect(refusalOf(http, { ...http, url: "https://b.example" })).toBe(
    `The field mcpServers ${sentence}`,
  );
});
