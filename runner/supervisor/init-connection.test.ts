import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { encodeFrame, type Kind, kinds } from "../init/frames.ts";
import { listenForInit } from "./init-connection.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A supervisor's end of the line, and what the other end says on it. */
async function lineTo() {
  const folder = mkdtempSync(join(tmpdir(), "paddock-init-"));
  folders.push(folder);
  const path = join(folder, "line");
  const { accept } = await listenForInit(path);
  const init = connect(path).on("error", () => undefined);
  const line = await accept();
  const say = (kind: Kind, text: string) => init.write(encodeFrame(kind, text));
  return { line, say };
}

const request = { script: "true", env: {}, refusingPort: null } as never;
const half = "a\\ud800b";

describe("what an init reports", () => {
  test.each([
    ["a refused host", kinds.refused, `{"method":"connect","host":"${half}","port":1}`],
    ["an ended script", kinds.ended, `{"code":null,"signal":"${half}"}`],
  ])("isn't taken, nor is anything after it, if it is no text: %s", async (_what, kind, text) => {
    const { line, say } = await lineTo();
    const refused: string[] = [];
    const running = line.run(request, {
      onOutput: () => undefined,
      onRefused: ({ host }) => refused.push(host),
    });
    say(kind, text);
    await line.closed;
    expect([await running, refused]).toEqual([null, []]);
  });

  test("proves no walls with what is no text", async () => {
    const { line, say } = await lineTo();
    const probe = line.probe();
    say(kinds.probe, `{"denials":{"network":"${half}"},"facts":{}}`);
    await expect(probe).rejects.toThrow("It ended before its probe.");
  });
});
