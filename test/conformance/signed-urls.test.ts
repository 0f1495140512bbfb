/** Signed URLs, made by Google's own client through IAM; local/storage/CONFORMANCE.md. */
import { randomBytes } from "node:crypto";
import { type GetSignedUrlConfig, Storage } from "@google-cloud/storage";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openAccountKeys } from "../../local/identity/account-keys.ts";
import { type Identity, startIdentity } from "../../local/identity/server.ts";
import { type Storage as LocalStorage, startStorage } from "../../local/storage/server.ts";
import { makeFolder, removeFolder } from "./grpc-kit.ts";

const email = "fn-files@paddock-test.iam.gserviceaccount.com";
const stranger = "fn-other@paddock-test.iam.gserviceaccount.com";
const bucket = "paddock-workspaces";
const kib = 1_024;
const minuteMs = 60_000;

const folder = makeFolder();
let identity: Identity;
let server: LocalStorage;
let client: Storage;
let aheadMs = 0;

beforeAll(async () => {
  const keys = await openAccountKeys(folder, [email, stranger]);
  identity = await startIdentity({ dataFolder: folder, projectId: "paddock-test", keys });
  const metadata = await identity.startMetadataServer({ email });
  const now = () => Date.now() + aheadMs;
  server = await startStorage({ dataFolder: folder, buckets: [bucket], keys, now });
  vi.stubEnv("STORAGE_EMULATOR_HOST", server.url);
  vi.stubEnv("GCE_METADATA_HOST", `127.0.0.1:${metadata.port}`);
  vi.stubEnv("METADATA_SERVER_DETECTION", "assume-present");
  client = new Storage({ projectId: "paddock-test" });
});

afterAll(async () => {
  await Promise.all([server.close(), identity.close()]);
  vi.unstubAllEnvs();
  removeFolder(folder);
});

beforeEach(() => {
  aheadMs = 0;
});

const signBlobAt = (name: string) =>
  `http://${identity.credentialsHost}/v1/projects/-/serviceAccounts/${name}`;

let objects = 0;
function newName(): string {
  objects += 1;
  return `owners/o/transfers/${objects} ü+(1)`;
}

async function sign(name: string, what: Partial<GetSignedUrlConfig>): Promise<string> {
  const [url] = await client
    .bucket(bucket)
    .file(name)
    .getSignedUrl({
      version: "v4",
      action: "read",
      expires: Date.now() + minuteMs,
      signingEndpoint: signBlobAt(""),
      ...what,
    });
  return url;
}

const limited = (most: number) => ({ "x-goog-content-length-range": `${most},${most}` });

/** A signed request that begins an upload of exactly `size` bytes. */
async function newUpload(size: number, name = newName()) {
  const extensionHeaders = { ...limited(size), "x-goog-if-generation-match": "0" };
  const url = await sign(name, { action: "resumable", extensionHeaders });
  const headers = { ...extensionHeaders, "x-goog-resumable": "start" };
  return { name, url, headers };
}

async function begin({ url, headers }: { url: string; headers: Record<string, string> }) {
  const answer = await fetch(url, { method: "POST", headers });
  expect(answer.status).toBe(201);
  return answer.headers.get("location") ?? "";
}

async function put(session: string, range: string, bytes = Buffer.alloc(0)): Promise<Response> {
  const headers = { "content-range": range };
  return await fetch(session, { method: "PUT", headers, body: new Uint8Array(bytes) });
}

async function codeOf(answer: Response): Promise<[number, string | undefined]> {
  return [answer.status, /<Code>(\w+)<\/Code>/.exec(await answer.text())?.[1]];
}

async function stored(content: Buffer): Promise<string> {
  const name = newName();
  await client.bucket(bucket).file(name).save(content, { resumable: false });
  return name;
}

describe("a signed download", () => {
  test("gives the object, a range of it, or its size", async () => {
    const content = randomBytes(1_000);
    const responseDisposition = "attachment; filename*=UTF-8''a%20b";
    const url = await sign(await stored(content), { responseDisposition });
    const whole = await fetch(url);
    expect(whole.status).toBe(200);
    expect(whole.headers.get("content-disposition")).toBe(responseDisposition);
    expect(Buffer.from(await whole.arrayBuffer()).equals(content)).toBe(true);
    const part = await fetch(url, { headers: { range: "bytes=10-19" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 10-19/1000"]);
    expect(Buffer.from(await part.arrayBuffer()).equals(content.subarray(10, 20))).toBe(true);
  });

  test("is refused once anything of it is altered", async () => {
    const [name, other] = [await stored(Buffer.from("mine")), await stored(Buffer.from("yours"))];
    const url = await sign(name, {});
    const changed = (change: (copy: URL) => void) => {
      const copy = new URL(url);
      change(copy);
      return copy.href;
    };
    const altered = [
      changed((copy) => {
        copy.pathname = `/${bucket}/${encodeURI(other)}`;
      }),
      changed((copy) => copy.searchParams.set("X-Goog-Expires", "604800")),
      changed((copy) => copy.searchParams.append("response-content-type", "text/html")),
      changed((copy) => {
        const signature = copy.searchParams.get("X-Goog-Signature") ?? "";
        copy.searchParams.set("X-Goog-Signature", `${signature.slice(0, -2)}00`);
      }),
      changed((copy) => {
        const credential = copy.searchParams.get("X-Goog-Credential") ?? "";
        copy.searchParams.set("X-Goog-Credential", credential.replace(email, stranger));
      }),
      changed((copy) => {
        const credential = copy.searchParams.get("X-Goog-Credential") ?? "";
        copy.searchParams.set("X-Goog-Credential", credential.replace(email, "nobody@example.com"));
      }),
    ];
    for (const each of altered) {
      expect(await codeOf(await fetch(each))).toEqual([403, "SignatureDoesNotMatch"]);
    }
    expect(await codeOf(await fetch(url, { method: "DELETE" }))).toEqual([
      403,
      "SignatureDoesNotMatch",
    ]);
    const extra = { "x-goog-user-project": "other" };
    expect(await codeOf(await fetch(url, { headers: extra }))).toEqual([
      400,
      "MalformedSecurityHeader",
    ]);
  });

  test("is refused after its time, and before it", async () => {
    const url = await sign(await stored(Buffer.from("late")), {});
    aheadMs = 2 * minuteMs;
    expect(await codeOf(await fetch(url))).toEqual([400, "ExpiredToken"]);
    aheadMs = -20 * minuteMs;
    expect(await codeOf(await fetch(url))).toEqual([400, "MalformedSecurityHeader"]);
  });
});

describe("a signed upload", () => {
  test("is sent in chunks, asked about, and complete with its last byte", async () => {
    const content = randomBytes(600 * kib);
    const upload = await newUpload(content.length);
    const session = await begin(upload);
    expect((await put(session, `bytes */${content.length}`)).headers.get("range")).toBeNull();
    const first = await put(session, "bytes 0-262143/614400", content.subarray(0, 256 * kib));
    expect([first.status, first.headers.get("range")]).toEqual([308, "bytes=0-262143"]);
    const asked = await put(session, "bytes */614400");
    expect([asked.status, asked.headers.get("range")]).toEqual([308, "bytes=0-262143"]);
    const rest = content.subarray(256 * kib);
    expect((await put(session, "bytes 262144-614399/614400", rest)).status).toBe(200);
    expect((await put(session, "bytes */614400")).status).toBe(200);
    const bytes = Buffer.from(await (await fetch(await sign(upload.name, {}))).arrayBuffer());
    expect(bytes.equals(content)).toBe(true);
  });

  test("is refused without the headers that were signed", async () => {
    const { url, headers } = await newUpload(10);
    const without = { ...headers, "x-goog-content-length-range": "0,99999999" };
    const wider = await fetch(url, { method: "POST", headers: without });
    expect(await codeOf(wider)).toEqual([403, "SignatureDoesNotMatch"]);
    const { "x-goog-content-length-range": _, ...unlimited } = headers;
    const missing = await fetch(url, { method: "POST", headers: unlimited });
    expect(await codeOf(missing)).toEqual([400, "MalformedSecurityHeader"]);
    const withBody = await fetch(url, { method: "POST", headers, body: "x" });
    expect(withBody.status).toBeGreaterThanOrEqual(400);
  });

  test.each([
    ["more bytes than were signed", "bytes 0-19/20", 20, "EntityTooLarge"],
    [
      "more bytes than were signed, of an open length",
      "bytes 0-262143/*",
      262_144,
      "EntityTooLarge",
    ],
    ["fewer bytes than were signed", "bytes 0-4/5", 5, "EntityTooSmall"],
    ["a gap", "bytes 5-9/10", 5, "invalid"],
    ["a chunk of another size", "bytes 0-4/10", 5, "invalid"],
    ["another length than it says", "bytes 0-8/9", 4, "invalid"],
    ["a range that can't be read", "bytes 9", 5, "invalid"],
  ])("of %s is refused", async (_what, range, length, code) => {
    const upload = await newUpload(10);
    const session = await begin(upload);
    expect(await codeOf(await put(session, range, randomBytes(length)))).toEqual([400, code]);
    expect(await client.bucket(bucket).file(upload.name).exists()).toEqual([false]);
  });

  test("can't replace an object, also if it was begun before that was stored", async () => {
    const upload = await newUpload(4);
    const [early, late] = [await begin(upload), await begin(upload)];
    expect((await put(early, "bytes 0-3/4", Buffer.from("good"))).status).toBe(200);
    expect((await put(late, "bytes 0-3/4", Buffer.from("evil"))).status).toBe(412);
    const { url, headers } = upload;
    expect((await fetch(url, { method: "POST", headers })).status).toBe(412);
    const [bytes] = await client.bucket(bucket).file(upload.name).download({ decompress: false });
    expect(bytes.toString()).toBe("good");
  });

  test("ends when it is cancelled, and after a week", async () => {
    const [cancelled, old] = [await begin(await newUpload(4)), await begin(await newUpload(4))];
    expect((await fetch(cancelled, { method: "DELETE" })).status).toBe(499);
    expect((await put(cancelled, "bytes 0-3/4", Buffer.from("late"))).status).toBe(404);
    aheadMs = 7 * 24 * 60 * minuteMs;
    expect((await put(old, "bytes 0-3/4", Buffer.from("late"))).status).toBe(410);
  });
});

describe("signBlob", () => {
  const ask = async (account: string, authorization?: string) =>
    await fetch(`${signBlobAt(account)}:signBlob`, {
      method: "POST",
      headers: authorization === undefined ? {} : { authorization },
      body: JSON.stringify({ payload: Buffer.from("text").toString("base64") }),
    });

  test("signs for the account whose token asks, and for no other", async () => {
    const token = await client.authClient.getAccessToken();
    const own = `Bearer ${token}`;
    expect((await ask(email, own)).status).toBe(200);
    expect((await ask(stranger, own)).status).toBe(403);
    expect((await ask("nobody@example.com", own)).status).toBe(404);
    expect((await ask(email)).status).toBe(401);
    expect((await ask(email, "Bearer local.guessed")).status).toBe(401);
  });
});
