import { invalid } from "../lib/grpc.ts";

const id = "[a-zA-Z0-9_-]{1,63}";
const parent = "projects/[a-z0-9:.-]{1,100}/locations/[a-z0-9-]{1,40}";
const ring = `${parent}/keyRings/${id}`;
const key = `${ring}/cryptoKeys/${id}`;
const ringPattern = new RegExp(`^${ring}$`);
const keyPattern = new RegExp(`^${key}$`);
const versionPattern = new RegExp(`^(${key})/cryptoKeyVersions/([1-9][0-9]{0,8})$`);

export interface VersionName {
  readonly key: string;
  readonly number: number;
}

/** @throws {RpcError} INVALID_ARGUMENT, as the next two do. */
export function checkRingName(name: string): string {
  if (!ringPattern.test(name)) throw invalid(`Not a key ring's name: ${name}`);
  return name;
}

export function checkKeyName(name: string): string {
  if (!keyPattern.test(name)) throw invalid(`Not a key's name: ${name}`);
  return name;
}

export function parseVersionName(name: string): VersionName {
  const [, keyName, number] = versionPattern.exec(name) ?? [];
  if (keyName === undefined) throw invalid(`Not a key version's name: ${name}`);
  return { key: keyName, number: Number(number) };
}

/** A key's name or that of one of its versions; Encrypt takes both. */
export function parseKeyOrVersionName(name: string): { key: string; number: number | null } {
  return versionPattern.test(name)
    ? parseVersionName(name)
    : { key: checkKeyName(name), number: null };
}
