import { describe, expect, test } from "vitest";
import { findUnheardSockets } from "./socket-rules.ts";
import { parseSource } from "./source-file.ts";

const found = (text: string, path = "test/kit/a.ts") =>
  findUnheardSockets(parseSource(path, `import { connect } from "node:net";\n${text}`));

describe("findUnheardSockets()", () => {
  test.each([
    `const client = connect(port); client.write("x");`,
    `const client = connect(port); await once(client, "connect"); client.once("error", fail);`,
    `exchange(connect(port, "127.0.0.1"));`,
  ])("refuses %s", (text) => {
    expect(found(text)).toHaveLength(1);
  });

  test("knows it by another name, of TLS, too", () => {
    const text = `import { connect as dial } from "node:tls";\nconst inner = dial({ socket });`;
    expect(findUnheardSockets(parseSource("runner/a.test.ts", text))).toHaveLength(1);
  });

  test.each([
    `const client = connect(port).on("error", () => undefined);`,
    `const client = connect(port); client.on("error", () => undefined);`,
    `const made = store.connect(port);`,
  ])("allows %s", (text) => {
    expect(found(text)).toEqual([]);
  });

  test("is about tests: what the product opens is listened to by its own rules", () => {
    expect(found("const a = connect(port);", "runner/egress/a.ts")).toEqual([]);
  });
});
