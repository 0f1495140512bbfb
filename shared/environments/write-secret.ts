import { secretsMax } from "../contract/secret.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { plainBytesOf } from "../secrets/sealing.ts";
import { fieldsBytes } from "../store/document-room.ts";
import { createOrReplace, patch, type Snapshot, type Write } from "../store/documents.ts";
import { environments, type SealedSecrets, sealedSecrets } from "../store/environments.ts";
import { type FoundDocument, requireFound } from "../store/read-document.ts";
import type { ReadStore } from "../store/store.ts";
import {
  mcpServersKey,
  type PlainSecret,
  type SealedForm,
  sealForEnvironment,
} from "./seal-secret.ts";

/** What an environment's values have together. Sealed, and in base64, they are a third longer. */
export const secretsBytesMax = 600 * 1024;
/** A Firestore document holds at most 1 MiB, with its name; bindings to hosts are in it as well. */
const documentBytesMax = 1_000_000;

export interface SecretRead {
  readonly environment: FoundDocument<typeof environments.schema>;
  readonly stored: Snapshot<typeof sealedSecrets.schema>;
}

export async function readForSecret(
  store: ReadStore,
  owner: Owner,
  environmentId: string,
): Promise<SecretRead> {
  const [environment, stored] = await store.getAll(
    environments.of(owner, environmentId),
    sealedSecrets.of(owner, environmentId),
  );
  return { environment: requireFound(environment), stored };
}

export async function readAndSeal(
  store: ReadStore,
  owner: Owner,
  secret: PlainSecret & { readonly environmentId: string },
): Promise<SecretRead & { readonly sealed: SealedForm }> {
  const read = await readForSecret(store, owner, secret.environmentId);
  return { ...read, sealed: await sealForEnvironment(owner, read.environment.value, secret) };
}

/**
 * What storing a sealed secret changes, and the audit row's facts: its name and where it may go.
 * @throws {ApiError} `VALIDATION_FAILED` if the environment would hold too many or too much.
 */
export function storeSecret(
  read: SecretRead & { readonly sealed: SealedForm },
  key: string,
  now: number,
) {
  const { binding } = read.sealed;
  return {
    writes: secretWrites(read, key, now),
    subject: read.environment.value.id,
    facts: { key, hosts: binding === null ? null : binding.hosts.join(" ") },
  };
}

function secretWrites(
  read: SecretRead & { readonly sealed: SealedForm },
  key: string,
  now: number,
): readonly Write[] {
  const values = [...others(read, key), { ...read.sealed, key, updatedAt: now }];
  const valueBytes = values.reduce((sum, one) => sum + plainBytesOf(one.sealed), 0);
  const names = values.filter((one) => one.key !== mcpServersKey);
  if (valueBytes > secretsBytesMax || names.length > secretsMax) {
    const kib = secretsBytesMax / 1_024;
    const message = `An environment holds at most ${secretsMax} secrets of ${kib} KiB in all.`;
    throw new ApiError("VALIDATION_FAILED", { message });
  }
  if (fieldsBytes(values) > documentBytesMax) {
    const message =
      "The environment's secrets have too many hosts and headers: bind some to fewer.";
    throw new ApiError("VALIDATION_FAILED", { message });
  }
  return valueWrites(read, values, now);
}

/** @throws {ApiError} `NOT_FOUND` if there is no secret of that name. */
export function deletionWrites(read: SecretRead, key: string, now: number): readonly Write[] {
  const values = others(read, key);
  const isStored = values.length < (read.stored.value?.values.length ?? 0);
  if (!isStored || !read.environment.value.secretKeys.includes(key)) {
    throw new ApiError("NOT_FOUND", { message: `There is no secret called ${key}.` });
  }
  return valueWrites(read, values, now);
}

function others({ stored }: SecretRead, key: string): SealedSecrets["values"] {
  return (stored.value?.values ?? []).filter((one) => one.key !== key);
}

function valueWrites(
  { environment, stored }: SecretRead,
  values: SealedSecrets["values"],
  now: number,
): readonly Write[] {
  const { ref, version, value } = environment;
  const names = values.map(({ key }) => key).filter((key) => key !== mcpServersKey);
  const known = value.secretKeys.filter((key) => names.includes(key));
  const added = names.filter((key) => !known.includes(key));
  const document = { v: 2 as const, environmentId: value.id, values };
  return [
    createOrReplace(stored.ref, stored.version, document),
    patch(ref, { secretKeys: [...known, ...added], updatedAt: now }, { version }),
  ];
}
