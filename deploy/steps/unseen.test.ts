/** What Google refuses to tell now is neither missing nor new. */
import { expect, test } from "vitest";
import { googleThat } from "../../test/kit/google-that.ts";
import { whereIsState } from "./bootstrap.ts";
import { removeDefaultNetwork } from "./default-network.ts";
import { ensureKeyVersions } from "./keys-left-behind.ts";
import { ensureSecrets } from "./secrets.ts";

/** They answer for a project of which no state lies here. */
const googleUnseen = (answer: Parameters<typeof googleThat>[0]) =>
  googleThat(answer, "demo-unseen");

test("a state that can't be seen isn't one that was never made", async () => {
  const of = async (object: number, bucket: number) => {
    const at = await googleUnseen((_, { pathname }) => [
      pathname.includes("/o/") ? object : bucket,
      {},
    ]);
    return await whereIsState(at);
  };
  expect(await of(200, 501)).toBe("in the bucket");
  expect(await of(404, 404)).toBe("nowhere");
  expect(await of(403, 200)).toBe("lost");
  await expect(of(501, 200)).rejects.toThrow("can't be seen");
  await expect(of(404, 501)).rejects.toThrow("can't be seen");
});

test("keys that can't be listed aren't taken for none", async () => {
  const at = await googleUnseen(() => [501, {}]);
  await expect(ensureKeyVersions(at, "a-ring")).rejects.toThrow("can't be listed");
});

const secrets = {
  peppers: "paddock-peppers",
  "gateway-tokens": "paddock-gateway-tokens",
  "mail-login": "paddock-mail-login",
  "provider-keys": "paddock-provider-keys",
};

/** Google with these versions of each secret: those of one state are listed by its name. */
async function secretsWith(versions: Readonly<Record<string, readonly number[]>>) {
  const added: string[] = [];
  const at = await googleUnseen((method, { pathname, searchParams }) => {
    const named = (number: number) => ({ name: `${pathname}/${number}` });
    if (method === "POST") added.push(pathname);
    if (method === "POST") return [200, named(9)];
    const state = searchParams.get("filter")?.replace("state:", "") ?? "";
    return [200, { versions: (versions[state] ?? []).map(named) }];
  });
  return { at, added };
}

test("the newest enabled version of a secret is mounted", async () => {
  const { at, added } = await secretsWith({ ENABLED: [2, 11, 10], DISABLED: [12] });
  expect((await ensureSecrets(at, secrets)).peppers).toBe("11");
  expect(added).toEqual([]);
});

test("a secret without any version gets its first", async () => {
  const { at, added } = await secretsWith({ DESTROYED: [1] });
  expect((await ensureSecrets(at, secrets)).peppers).toBe("9");
  expect(added).toHaveLength(4);
});

test("a secret whose versions somebody has disabled gets no other", async () => {
  const { at, added } = await secretsWith({ DISABLED: [1, 3] });
  await expect(ensureSecrets(at, secrets)).rejects.toThrow("gcloud secrets versions enable 3");
  expect(added).toEqual([]);
});

test("a network that can't be seen isn't taken for none, nor for a changed one", async () => {
  const of = async (network: number, rules: number) => {
    const { google, options } = await googleUnseen((_, { pathname }) => [
      pathname.endsWith("/firewalls") ? rules : network,
      { name: "default", autoCreateSubnetworks: false },
    ]);
    const clock = { nowMs: () => 0, wait: async () => undefined };
    await removeDefaultNetwork({ google, clock, options: { ...options, yes: true } });
  };
  await of(404, 501);
  await of(200, 403);
  await expect(of(501, 200)).rejects.toThrow("can't be seen");
  await expect(of(200, 501)).rejects.toThrow("can't be listed");
});
