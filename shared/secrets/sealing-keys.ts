/**
 * The X25519 pairs of owners and environments. The public half is stored in clear with its owner.
 * The private half is wrapped by KMS and stored in a database without backups, so destroying it is
 * final.
 */
import { ApiError } from "../errors/api-error.ts";
import { type KmsPurpose, unwrap, wrap } from "../google/kms.ts";
import type { Owner } from "../identity/owner.ts";
import { create, type Write } from "../store/documents.ts";
import { type SealingKey, sealingKeys } from "../store/environments.ts";
import type { Store } from "../store/store.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";
import { type AssociatedData, bindingBytes, newSealingPair } from "./sealing.ts";

/** Names a pair: an environment's by its id, an owner's by its purpose. */
export interface PairName {
  readonly purpose: KmsPurpose;
  readonly id: string;
}

/** The pair that an owner's audit details are sealed to. */
export const auditPairName = { purpose: "audit-details", id: "audit-details" } as const;

/** gRPC's status code, with which KMS answers for data that it didn't wrap like this. */
const invalidArgument = 3;

function bindingOf(owner: Owner, { purpose, id }: PairName): AssociatedData {
  return [owner.id, purpose, id];
}

/**
 * Makes the pair unless it exists, and returns its public half (base64). It is stored before the
 * document that names it is committed; until then it opens nothing.
 * @param along Committed with a pair that is new.
 */
export async function ensureSealingPair(
  keys: Store,
  owner: Owner,
  name: PairName & { readonly createdAt: number },
  along: readonly Write[] = [],
): Promise<string> {
  const ref = sealingKeys.of(owner, name.id);
  const { publicKey, privateKey } = await newSealingPair();
  const aad = bindingBytes(bindingOf(owner, name));
  const { wrapped, keyVersion } = await wrap(name.purpose, privateKey, aad);
  privateKey.fill(0);
  const stored = create(ref, {
    v: 1,
    purpose: name.purpose,
    publicKey,
    wrappedPrivateKey: wrapped,
    kmsKeyVersion: keyVersion,
    createdAt: name.createdAt,
  });
  try {
    await withDeadline(keys.commit([stored, ...along]));
    return publicKey;
  } catch (error) {
    if (!isConflict(error)) throw error;
    return (await keys.require(ref)).value.publicKey;
  }
}

/** Opens the private half of a pair with one KMS call; only one function has that right. */
export async function openSealingPair(
  owner: Owner,
  name: PairName,
  pair: SealingKey,
): Promise<Buffer> {
  return await unwrap(name.purpose, pair.wrappedPrivateKey, bindingBytes(bindingOf(owner, name)));
}

/** Handles a failure to open a pair: `gone` makes the error if no repetition can open it. */
export function unlessPairGone(gone: (cause: unknown) => Error): (error: unknown) => never {
  return (error) => {
    const cause = error instanceof ApiError ? error.cause : null;
    const isGone = cause instanceof Error && "code" in cause && cause.code === invalidArgument;
    throw isGone ? gone(cause) : error;
  };
}

/** The same pair, wrapped with the newest version of its purpose's key. */
export async function rewrapped(
  owner: Owner,
  name: PairName,
  pair: SealingKey,
): Promise<SealingKey> {
  const aad = bindingBytes(bindingOf(owner, name));
  const privateKey = await unwrap(name.purpose, pair.wrappedPrivateKey, aad);
  try {
    const { wrapped, keyVersion } = await wrap(name.purpose, privateKey, aad);
    return { ...pair, wrappedPrivateKey: wrapped, kmsKeyVersion: keyVersion };
  } finally {
    privateKey.fill(0);
  }
}
