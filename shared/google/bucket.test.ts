import { Readable } from "node:stream";
import type { File } from "@google-cloud/storage";
import { describe, expect, test, vi } from "vitest";
import { describeError } from "../core/describe-error.ts";
import { ApiError } from "../errors/api-error.ts";
import { downloadRange, isRefused, storageFailure, storeOnce } from "./bucket.ts";

describe("storeOnce()", () => {
  test("sends bytes in pieces, which are no copies, and again when it is tried again", async () => {
    const bytes = Buffer.alloc(150_000, "text");
    const client: Partial<File> = {
      async save(data: unknown) {
        for (const _try of [1, 2]) {
          const sent: Buffer[] = [];
          for await (const piece of (data as () => AsyncIterable<Buffer>)()) sent.push(piece);
          expect(Buffer.concat(sent).equals(bytes)).toBe(true);
          expect(Math.max(...sent.map(({ length }) => length))).toBeLessThanOrEqual(65_536);
          expect(sent.every(({ buffer }) => buffer === bytes.buffer)).toBe(true);
        }
      },
    };
    expect(await storeOnce(client as File, bytes, {})).toBe(true);
  });
});

describe("downloadRange()", () => {
  const range = { offsetBytes: 2, sizeBytes: 6 };
  const reading = (read: () => Readable) => {
    const client: Partial<File> = { createReadStream: vi.fn(read) };
    return client as File;
  };

  test("fills the given room with what comes", async () => {
    const file = reading(() => Readable.from([Buffer.from("abc"), Buffer.from("def")]));
    const room = Buffer.alloc(9, ".");
    expect(String(await downloadRange(file, range, room))).toBe("abcdef");
    expect(String(room)).toBe("abcdef...");
    const asked = { start: 2, end: 7, decompress: false };
    expect(file.createReadStream).toHaveBeenCalledWith(asked);
  });

  test("returns what there is of an object that ends before, and nothing of the room", async () => {
    const file = reading(() => Readable.from([Buffer.from("abc")]));
    expect(String(await downloadRange(file, range))).toBe("abc");
    expect(String(await downloadRange(file, range, Buffer.alloc(9, ".")))).toBe("abc");
  });

  test("refuses more than it asked for", async () => {
    const file = reading(() => Readable.from([Buffer.from("abcdefgh")]));
    const room = Buffer.alloc(9, ".");
    await expect(downloadRange(file, range, room)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("says if there is no object, and throws what fails otherwise", async () => {
    const failing = (cause: object) =>
      reading(
        () =>
          new Readable({ read: (_size) => undefined, construct: (done) => done(cause as Error) }),
      );
    expect(await downloadRange(failing({ code: 404 }), range)).toBeNull();
    const error = await downloadRange(failing({ code: 416 }), range).catch((thrown) => thrown);
    expect(describeError(error)).toBe("StorageRefusal: Cloud Storage refused with status 416");
  });
});

describe("a failure of Cloud Storage", () => {
  test.each([400, 401, 403, 404, 411, 413])("of status %d is a fault that is logged", (code) => {
    for (const cause of [{ code, message: "m" }, Object.assign(new Error("m"), { code })]) {
      expect(isRefused(cause)).toBe(true);
      const failure = storageFailure(cause);
      expect(failure).not.toBeInstanceOf(ApiError);
      expect(describeError(failure)).toContain(`Cloud Storage refused with status ${code}`);
    }
  });

  test.each([408, 409, 412, 429, 500, 503])("of status %d may pass", (code) => {
    for (const cause of [{ code, message: "m" }, Object.assign(new Error("m"), { code })]) {
      const failure = storageFailure(cause);
      expect(failure).toMatchObject({ code: "UNAVAILABLE" });
      expect(describeError(failure)).toContain(String(code));
    }
  });

  test("without a status may pass, whatever it is", () => {
    for (const cause of [new Error("m"), "m", null, undefined, { code: "ECONNRESET" }]) {
      const failure = storageFailure(cause);
      expect(failure).toMatchObject({ code: "UNAVAILABLE" });
      expect(describeError(failure.cause)).not.toContain("isn't an error");
    }
  });
});
