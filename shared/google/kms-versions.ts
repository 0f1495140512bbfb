/**
 * The versions of wrapping keys, for their rotation. No function has the rights that this needs.
 */
import { Fault } from "../core/fault.ts";
import { type KmsPurpose, keyName, kms } from "./kms.ts";

/** The full name of the version that wraps now. */
export async function primaryVersion(purpose: KmsPurpose): Promise<string> {
  const [key] = await (await kms()).getCryptoKey({ name: keyName(purpose) });
  const name = key.primary?.name;
  if (!name) throw new Fault(`${purpose} has no primary version`);
  return name;
}

/** Makes a new version that wraps from now on; older versions still unwrap. */
export async function addPrimaryVersion(purpose: KmsPurpose): Promise<string> {
  const client = await kms();
  const [version] = await client.createCryptoKeyVersion({ parent: keyName(purpose) });
  const cryptoKeyVersionId = version.name?.split("/").at(-1) ?? "";
  await client.updateCryptoKeyPrimaryVersion({ name: keyName(purpose), cryptoKeyVersionId });
  return await primaryVersion(purpose);
}
