import { createHash, pbkdf2 } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { access } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { downloadedJarName } from "../../local/firestore/jar-locations.mjs";
import { checkFirestoreEmulator, fetchJar } from "./firestore-emulator.mjs";

const jar = Buffer.from("not really a jar".repeat(10_000));
const sha256 = createHash("sha256").update(jar).digest("hex");
const progress = { update: () => undefined };
const server = createServer((_, response) => response.end(jar));
let folder;
let url;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "paddock-setup-"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${server.address().port}/`;
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Keeps the threads that open files busy: what is opened meanwhile waits in line behind it. */
async function occupyThreads() {
  const jobs = Array.from({ length: 16 }, () =>
    promisify(pbkdf2)("password", "salt", 200_000, 32, "sha256"),
  );
  await Promise.all(jobs);
}

describe("fetchJar()", () => {
  test("puts the jar in its place", async () => {
    const place = join(folder, "right");
    const path = await fetchJar(place, progress, { url, bytes: jar.length, sha256 });
    expect(path).toBe(join(place, downloadedJarName));
    expect(readFileSync(path).equals(jar)).toBe(true);
  });

  test("keeps nothing of a jar with another checksum", async () => {
    const place = join(folder, "forged");
    const source = { url, bytes: jar.length, sha256: "0".repeat(64) };
    await expect(fetchJar(place, progress, source)).rejects.toThrow("wrong checksum");
    expect(readdirSync(place)).toEqual([]);
  });

  test("stops when more comes than was promised", async () => {
    const place = join(folder, "endless");
    const source = { url, bytes: 1000, sha256 };
    await expect(fetchJar(place, progress, source)).rejects.toThrow("can't be downloaded");
    expect(readdirSync(place)).toEqual([]);
  });

  test("leaves nothing behind where files are slow to open", async () => {
    const place = join(folder, "slow");
    const source = { url, bytes: 1000, sha256 };
    const pool = occupyThreads();
    await expect(fetchJar(place, progress, source)).rejects.toThrow("can't be downloaded");
    await pool;
    // A file that is opened later than its removal would be there now.
    await access(folder);
    expect(readdirSync(place)).toEqual([]);
  });

  test("says what to do on a machine without a network", async () => {
    const source = { url: "http://127.0.0.1:9/", bytes: jar.length, sha256 };
    await expect(fetchJar(join(folder, "off"), progress, source)).rejects.toThrow(
      "connect this machine, or install it with `gcloud components install",
    );
  });
});

describe("checkFirestoreEmulator()", () => {
  test("is content with an emulator that runs already", () => {
    const finding = checkFirestoreEmulator({ FIRESTORE_EMULATOR_HOST: "127.0.0.1:8080" });
    expect(finding).toEqual({ state: "ready", note: "running at 127.0.0.1:8080" });
  });

  test("takes the jar that is named, and says so if it isn't there", () => {
    const path = join(folder, "named.jar");
    const environment = { FIRESTORE_EMULATOR_JAR: path };
    expect(checkFirestoreEmulator(environment).state).toBe("missing");
    writeFileSync(path, jar);
    expect(checkFirestoreEmulator(environment)).toEqual({ state: "ready", note: path });
  });
});
