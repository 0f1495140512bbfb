/** Who signs the audit log: its key, which may be replaced, and witnesses, who may be down. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AuditProof } from "#shared/core/audit/proof-format";
import { formatNoteKey, parseNoteKey } from "#shared/core/audit/signed-note";
import { readTrustedKeys } from "../../audit/read-keys.ts";
import { verifyProof } from "../../audit/verify-proof.ts";
import { temporaryFolder } from "../../scripts/tools/temporary-folder.ts";
import {
  expectOneLog,
  logOf,
  logPublicKey,
  newCheckpointVersion,
  plantRows,
  rowsOf,
  sequence,
} from "../kit/audit-trail.ts";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { newOwner, type TestOwner } from "../kit/owners.ts";
import { startWitness } from "../kit/witness-server.ts";

const origin = "paddock.local/audit/replaced";
let owner: TestOwner;
let first: string;
const asides: FunctionAside[] = [];

beforeAll(async () => {
  owner = await newOwner({ creditUsd: 0 });
  first = formatNoteKey({ name: origin, kind: "note", publicKey: await logPublicKey() });
});
afterAll(async () => {
  await Promise.all(asides.map((aside) => aside.stop()));
});

async function start(name: string, settings: Readonly<Record<string, string>>): Promise<string> {
  const [one] = await startAsides(name, 1, {
    settings: { PADDOCK_AUDIT_LOG: origin, ...settings },
  });
  if (!one) throw new Error("none was started");
  asides.push(one);
  return one.baseUrl;
}

/** Plants a row and sequences until the log has it. @returns the row's id. */
async function addRow(sequencer: string): Promise<string> {
  const before = new Set((await rowsOf(owner.id)).map(({ id }) => id));
  await plantRows(owner.id, 1);
  await until("a call of the sequencer with nothing to do", async () => {
    const { status, text, json } = await sequence(sequencer);
    expect(status, text).toBe(200);
    return json.sequenced + json.published === 0;
  });
  const added = (await rowsOf(owner.id)).find(({ id }) => !before.has(id));
  return added?.id ?? "";
}

async function proofOf(audit: string, rowId: string): Promise<AuditProof> {
  const answer = await send(`/v1/audit/${rowId}/proof`, { baseUrl: audit, key: owner.key });
  expect(answer.status, answer.text).toBe(200);
  return AuditProof.parse(answer.json);
}

describe("AUD-10 the log's witnesses", () => {
  test("cosign its checkpoints, and one that says nothing delays no row", async () => {
    const key = parseNoteKey(first);
    const [witness, silent] = await Promise.all(
      ["witness.test/w1", "witness.test/w2"].map((name) => startWitness(name, key ? [key] : [])),
    );
    if (!witness || !silent || !key) throw new Error("there are two");
    silent.state.mood = "silent";
    const witnesses = JSON.stringify([silent.named, witness.named]);
    const sequencer = await start("audit-sequencer", { PADDOCK_AUDIT_WITNESSES: witnesses });
    const audit = await start("audit", {});
    const rows = [await addRow(sequencer), await addRow(sequencer)];
    const proof = await proofOf(audit, rows[1] ?? "");
    await Promise.all([witness.close(), silent.close()]);
    const { cosigned } = verifyProof(proof, { logs: [key], witnesses: [witness.key] });
    expect(cosigned).toMatchObject([{ name: "witness.test/w1" }]);
    expect(Math.abs(Date.now() - Number(cosigned[0]?.signedAt))).toBeLessThan(600_000);
    const wanted = { logs: [key], witnesses: [witness.key, silent.key] };
    expect(() => verifyProof(proof, wanted)).toThrow("witness.test/w2 hasn't cosigned");
    // Witnesses that are gone change nothing for those who don't ask for them.
    const later = await proofOf(audit, await addRow(sequencer));
    expect(verifyProof(later, { logs: [key], witnesses: [] }).cosigned).toEqual([]);
  });
});

describe("AUD-5 another version of the log's key", () => {
  test("signs what follows, and both verify what is theirs", async () => {
    const before = await addRow(await start("audit-sequencer", {}));
    const early = await proofOf(await start("audit", {}), before);
    const { size } = await logOf(origin);
    const version = await newCheckpointVersion();
    const settings = { PADDOCK_CHECKPOINT_KEY_VERSION: version };
    const after = await addRow(await start("audit-sequencer", settings));
    const audit = await start("audit", settings);
    const late = await proofOf(audit, after);
    const publicKey = await logPublicKey(version);
    const second = formatNoteKey({ name: origin, kind: "note", publicKey });
    const { json, text } = await send("/v1/audit/log-key", { baseUrl: audit });
    expect(json).toEqual({
      log: origin,
      key: second,
      keys: [
        { key: first, fromSize: 1, toSize: size },
        { key: second, fromSize: size + 1, toSize: null },
      ],
    });
    const file = join(temporaryFolder("audit-keys-"), "keys.json");
    await writeFile(file, text);
    const logs = (await readTrustedKeys(file)) ?? [];
    for (const proof of [early, late]) verifyProof(proof, { logs, witnesses: [] });
    const one = (key: string) => logs.filter((known) => formatNoteKey(known as never) === key);
    const trusting = (key: string, sizes = {}) => ({
      logs: one(key).map((known) => ({ ...known, ...sizes })),
      witnesses: [],
    });
    expect(() => verifyProof(late, trusting(first))).toThrow("isn't signed by the given key");
    const reversed = { sizes: { from: 1, to: size } };
    expect(() => verifyProof(late, trusting(second, reversed))).toThrow("wasn't the log's");
    await expectOneLog(origin);
  });
});
