/** The file that tells people how to report a weakness has the form of RFC 9116. */
import { describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";

const path = "/.well-known/security.txt";
const dayMs = 86_400_000;

/** The values of a field, whose names are case-insensitive. */
function valuesOf(text: string, field: string): string[] {
  return text.split("\r\n").flatMap((line) => {
    const [name = "", ...rest] = line.split(": ");
    return name.toLowerCase() === field ? [rest.join(": ")] : [];
  });
}

describe("OPS-4 security.txt", () => {
  test("names a contact, says when to expect an answer, and holds for less than a year", async () => {
    const { status, headers, text } = await send(path);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
    });
    expect(valuesOf(text, "contact")).toEqual(["mailto:security@example.com"]);
    expect(text).toContain("within 24 hours");
    const [expires, ...others] = valuesOf(text, "expires");
    expect(others).toEqual([]);
    const inDays = (Date.parse(expires ?? "") - Date.now()) / dayMs;
    expect(inDays).toBeGreaterThan(7);
    expect(inDays).toBeLessThan(365);
    // Nothing but comments and fields, each on a line that ends as the RFC wants.
    expect(text).toMatch(/^(?:(?:#.*|[A-Za-z-]+: \S.*)\r\n)+$/);
  });

  test("needs no key, and refuses what isn't reading", async () => {
    expect(await send(path, { key: "tb_prod_wrong" })).toMatchObject({ status: 200 });
    expect(await send(path, { method: "HEAD" })).toMatchObject({ status: 200, text: "" });
    expect(await send(path, { body: {} })).toMatchObject({
      status: 405,
      json: { code: "METHOD_NOT_ALLOWED" },
    });
  });
});
