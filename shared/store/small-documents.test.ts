/** TEN-2: a page of the collections that are said to hold small documents is read at once. */
import { nanoid } from "nanoid";
import { expect, test } from "vitest";
import { KeyCreate } from "../contract/api-key.ts";
import { toJsonText } from "../contract/common.ts";
import { ThreadCreate } from "../contract/thread.ts";
import { idOf } from "../core/ids.ts";
import { scopes } from "../core/keys/scopes.ts";
import { newThread } from "../executions/new-thread.ts";
import { ApiKey } from "./api-keys.ts";
import { smallDocuments } from "./documents.ts";

const bytesOf = (document: object) => Buffer.byteLength(JSON.stringify(document));
const bytesMax = smallDocuments.documentBytesMax ?? 0;
/** Six bytes of JSON for each character. */
const long = (length: number) => "\u0001".repeat(length);
/** Each of its characters takes two bytes in the JSON that is stored, and four in that of it. */
const metadata = { note: '"'.repeat(8_000) };

test("the largest thread is small", () => {
  const asked = { title: long(500), projectId: long(100), appId: long(100), metadata };
  const body = ThreadCreate.parse(asked);
  const ids = { id: idOf("thread", nanoid()), environmentId: idOf("environment", nanoid()) };
  const chosen = { agentId: idOf("agent", nanoid()), metadataJson: toJsonText(body.metadata) };
  const thread = newThread({ ...asked, ...ids, ...chosen }, Date.now());
  const shown = { lastMessagePreview: long(200), requestSha256: "0".repeat(64) };
  expect(bytesOf({ ...thread, ...shown })).toBeLessThanOrEqual(bytesMax);
});

test("the largest key is small", () => {
  const environmentIds = Array.from({ length: 30 }, () => idOf("environment", nanoid()));
  const range = "2001:db8:ffff:ffff:ffff:ffff:ffff:fff0/124";
  const addressRanges = Array<string>(50).fill(range);
  const asked = { name: `a${long(198)}a`, description: long(2_000), environmentIds, metadata };
  const body = KeyCreate.parse({ ...asked, scopes: [...scopes], addressRanges });
  const digest = "0".repeat(64);
  const now = Date.now();
  const key = ApiKey.parse({
    ...{ v: 2, id: idOf("apiKey", nanoid()), ownerId: idOf("owner", nanoid()) },
    ...{ ownerState: "active", mode: "production", prefix: "tb_prod_0123456789" },
    ...{ ...asked, addressRanges, scopes: [...scopes], metadataJson: toJsonText(body.metadata) },
    ...{ auditPublicKey: digest.repeat(4), createdBy: idOf("apiKey", nanoid()), createdAt: now },
    ...{ expiresAt: now, revokedAt: now, lastUsedIp: range },
    turnNodes: Array.from({ length: 8 }, () => ({ id: idOf("apiKey", nanoid()), at: now })),
    networks: null,
  });
  const digests = Array<string>(32).fill(digest);
  expect(bytesOf({ ...key, digests })).toBeLessThanOrEqual(bytesMax);
});
