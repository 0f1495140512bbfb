import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findLogin, profileName, profilePath, requireApiUrl, writeProfile } from "./settings.ts";

const folder = mkdtempSync(join(tmpdir(), "paddock-settings-"));
const environment = { XDG_CONFIG_HOME: folder };
const stored = { apiUrl: "https://api.example.com", apiKey: "tb_dev_stored" };
const path = profilePath("default", environment);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a stored login", () => {
  test("is a file of the user alone, written whole", async () => {
    await writeProfile(path, { ...stored, apiKey: "tb_dev_earlier" });
    await writeProfile(path, stored);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(path, ".."))).toEqual(["default.json"]);
    expect(await findLogin("default", environment)).toMatchObject(stored);
  });

  test("that isn't there is named", async () => {
    await expect(findLogin("staging", environment)).rejects.toThrow(/\(profile staging\)/);
  });

  test("is refused while others may read it", async () => {
    chmodSync(path, 0o640);
    await expect(findLogin("default", environment)).rejects.toThrow(/Others may read/);
    chmodSync(path, 0o600);
    chmodSync(join(path, ".."), 0o777);
    await expect(findLogin("default", environment)).rejects.toThrow(/must be yours/);
    chmodSync(join(path, ".."), 0o700);
  });

  test("isn't sent to another address than its own", async () => {
    const elsewhere = { ...environment, PADDOCK_API_URL: "https://other.example.com" };
    await expect(findLogin("default", elsewhere)).rejects.toMatchObject({ exitCode: 4 });
  });

  test("is beaten by a key of the environment", async () => {
    const other = { ...environment, PADDOCK_API_KEY: "tb_dev_other" };
    expect(await findLogin("default", other)).toMatchObject({ apiKey: "tb_dev_other" });
  });

  test("is missed with exit code 4", async () => {
    await expect(findLogin("other", environment)).rejects.toMatchObject({ exitCode: 4 });
  });
});

test("a profile's name can't lead out of its folder", () => {
  expect(() => profileName("../other", {})).toThrow();
});

test.each(["http://api.example.com", "ftp://127.0.0.1", "https://a:b@example.com", "https://a/x"])(
  "no key is sent to %s",
  (url) => expect(() => requireApiUrl(url)).toThrow(),
);

test.each([
  ["https://api.example.com/v1/", "https://api.example.com"],
  ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
])("%s is an address", (url, origin) => {
  expect(requireApiUrl(url)).toBe(origin);
});
