import type { Owner } from "../auth/owner.ts";
import { secretsMax } from "../contract/environment.ts";
import { ApiError } from "../errors/api-error.ts";
import { seal } from "../secrets/sealing.ts";
import { create, patch, replace, type Snapshot, type Write } from "../store/documents.ts";
import { environments, sealedSecrets } from "../store/environments.ts";
import { type Found, present, type Store } from "../store/store.ts";
import { secretBinding } from "./new-environment.ts";

/** Firestore's documents end at 1 MiB; sealed secrets of one environment end before that. */
const sealedBytesMax = 800 * 1024;
/** Shorter values would be found in half of all output, and are not redacted. */
export const redactedLengthMin = 8;

export interface SecretRead {
  readonly environment: Found<typeof environments.schema>;
  readonly stored: Snapshot<typeof sealedSecrets.schema>;
  readonly sealed: string;
}

export async function readForSecret(
  store: Store,
  owner: Owner,
  secret: { readonly environmentId: string; readonly key: string; readonly value: string },
): Promise<SecretRead> {
  const { environmentId, key, value } = secret;
  const [environment, stored] = await store.getAll(
    environments.of(owner, environmentId),
    sealedSecrets.of(owner, environmentId),
  );
  const found = present(environment);
  const binding = secretBinding(owner, environmentId, key);
  const sealed = await seal(found.value.sealingPublicKey, Buffer.from(value), binding);
  return { environment: found, stored, sealed };
}

/** @throws {ApiError} `VALIDATION_FAILED` if the environment would hold too many or too much. */
export function secretWrites(read: SecretRead, key: string, now: number): readonly Write[] {
  const { environment, stored, sealed } = read;
  const { secretKeys, id } = environment.value;
  const values = { ...stored.value?.values, [key]: { sealed, updatedAt: now } };
  const sealedBytes = Object.values(values).reduce((sum, one) => sum + one.sealed.length, 0);
  if (sealedBytes > sealedBytesMax || Object.keys(values).length > secretsMax + 1) {
    const message = `An environment holds at most ${secretsMax} secrets of 500 KiB in all.`;
    throw new ApiError("VALIDATION_FAILED", { message });
  }
  const document = { v: 1 as const, environmentId: id, values };
  const keys = secretKeys.includes(key) ? secretKeys : [...secretKeys, key];
  const { ref, version } = environment;
  return [
    stored.version ? replace(stored.ref, stored.version, document) : create(stored.ref, document),
    patch(ref, { secretKeys: keys, updatedAt: now }, { version }),
  ];
}

/** What a client reads after storing a secret. */
export function storedMessage(value: string): string {
  return value.length < redactedLengthMin
    ? `Stored, but shorter than ${redactedLengthMin} characters: it can't be redacted from output.`
    : "Stored; it is sealed and never returned.";
}
