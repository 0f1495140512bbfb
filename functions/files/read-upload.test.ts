/** Forms that end early, hold too much, or contain names that can't be used. */
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { ignoredOfForm } from "#shared/pipeline/ignored-fields";
import { readUpload, type Upload } from "./read-upload.ts";

const head = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n';
const pathHead = '--b\r\ncontent-disposition: form-data; name="path"\r\n\r\n';
const end = "\r\n--b--\r\n";
const encoded = (part: string, encoding: string) =>
  part.replace(/\r\n\r\n$/, `\r\ncontent-transfer-encoding: ${encoding}\r\n\r\n`);

async function read(form: string | Buffer, parameters = "boundary=b"): Promise<Upload> {
  const headers = { "content-type": `multipart/form-data; ${parameters}` };
  const request = Object.assign(new IncomingMessage(new Socket()), { headers, complete: true });
  request.push(form);
  request.push(null);
  return await readUpload(request, 15_000);
}

describe("SEC-8 an upload", () => {
  test("whose form is whole is read", async () => {
    const upload = await read(`${head}hello\r\n${pathHead}docs${end}`);
    const whole = { filename: "a.txt", bytes: Buffer.from("hello"), path: "docs", ignored: [] };
    expect(upload).toEqual(whole);
    const asItIs = await read(`${encoded(head, "Binary")}hello${end}`);
    expect(asItIs.bytes.toString()).toBe("hello");
  });

  test("whose form has fields that nothing is made of says which", async () => {
    const others = ["folder", "Path", "folder", "a\r\nb"].map(
      (name) => `${pathHead.replace('"path"', JSON.stringify(name))}docs\r\n`,
    );
    const { path, ignored } = await read(`${others.join("")}${head}hello${end}`);
    expect(path).toBe("");
    expect(ignoredOfForm(ignored)).toBe(
      "The fields folder, Path, of another name aren't known here and were ignored.",
    );
    expect(ignoredOfForm([])).toBeNull();
  });

  test.each([
    ["ends inside of its file", `${head}hello`],
    ["ends between its parts", `${head}hello\r\n${pathHead}`],
    ["ends inside of a field", `${head}hello\r\n${pathHead}docs`],
    ["ends inside of a header", "--b\r\ncontent-dis"],
    ["never begins", "hello"],
    ["has nothing in it", ""],
    ["holds three files", `${head}one\r\n${head}two\r\n${head}three${end}`],
    ["says twice where to put it", `${head}one\r\n${pathHead}a\r\n${pathHead}b${end}`],
    ["says so at too great a length", `${head}one\r\n${pathHead}${"a".repeat(5_000)}${end}`],
    ["has its file in base64", `${encoded(head, "base64")}aGVsbG8=${end}`],
    [
      "has its path in another encoding",
      `${head}one\r\n${encoded(pathHead, "Quoted-Printable")}a=2Fb${end}`,
    ],
    [
      "has more fields than it may",
      `${head}one\r\n${`${pathHead.replace("path", "x")}1\r\n`.repeat(30)}${end}`,
    ],
    [
      "names the file in no UTF-8",
      Buffer.from(`${head.replace("a.txt", "a\xed\xa0\xbd")}one${end}`, "latin1"),
    ],
  ])("whose form %s is refused, in a sentence of ours", async (_what, form) => {
    const error = await read(form).catch((refused) => refused);
    expect(error).toMatchObject({ code: "MALFORMED_MULTIPART", cause: undefined });
    expect(error.message).toMatch(/^The .*\.$/);
  });

  test.each([
    ["stands inside of another parameter", 'x="boundary=b"'],
    ["is longer than any", `boundary=${"b".repeat(300)}`],
    ["is empty", "boundary="],
    ["is empty and quoted", 'boundary=""'],
    ["begins its value in another charset", "boundary=%ff"],
  ])("whose boundary %s is refused, in a sentence of ours", async (_what, parameters) => {
    const error = await read(`${head}hello${end}`, parameters).catch((refused) => refused);
    expect(error).toMatchObject({ code: "MALFORMED_MULTIPART", cause: undefined });
    expect(error.message).toMatch(/^The .*\.$/);
  });

  test("whose sender falls silent is given up, however much has come before", async () => {
    vi.useFakeTimers();
    try {
      const headers = { "content-type": "multipart/form-data; boundary=b" };
      const request = Object.assign(new IncomingMessage(new Socket()), { headers });
      const upload = readUpload(request, 1_000);
      const refused = upload.catch((error: unknown) => error);
      request.push(head);
      await vi.advanceTimersByTimeAsync(900);
      // Each byte gives it the time again.
      request.push("x");
      await vi.advanceTimersByTimeAsync(900);
      expect(await Promise.race([refused, "waits"])).toBe("waits");
      await vi.advanceTimersByTimeAsync(200);
      expect(await refused).toMatchObject({ code: "REQUEST_TIMEOUT" });
    } finally {
      vi.useRealTimers();
    }
  });
});
