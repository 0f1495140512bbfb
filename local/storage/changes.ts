/** Changes that send no bytes: new buckets, copies, settings. */
import type { IncomingMessage } from "node:http";
import * as z from "zod";
import { HttpError, readText } from "../lib/http.ts";
import { parseBody } from "./body.ts";
import type { StorageCall } from "./call.ts";
import {
  Settings,
  SettingsPatch,
  type StoredBucket,
  type StoredObject,
  UploadMetadata,
} from "./model.ts";
import type { ObjectStore } from "./object-store.ts";
import { checkPreconditions, type Preconditions, readPreconditions } from "./preconditions.ts";
import { checkName } from "./uploads.ts";

const bodyBytesMax = 64 * 1024;

const NewBucket = z.strictObject({
  name: z.string(),
  location: z.string().default("US"),
  storageClass: z.literal("STANDARD").optional(),
});

/** @throws {HttpError} 400, 409; 501 for settings that a local bucket doesn't have. */
export async function createBucket(store: ObjectStore, body: string): Promise<StoredBucket> {
  const { name, location } = parseBody(NewBucket, body);
  return await store.createBucket(name, location.toUpperCase());
}

export async function patchObject(
  store: ObjectStore,
  target: { readonly bucket: string; readonly name: string; readonly conditions: Preconditions },
  request: IncomingMessage,
): Promise<StoredObject> {
  const patch = parseBody(SettingsPatch, await readText(request, bodyBytesMax));
  return await store.update(target, (settings) => merge(settings, patch));
}

/** Keys of `metadata` are merged; null removes one, or all. */
function merge(settings: Settings, patch: SettingsPatch): Settings {
  const metadata =
    patch.metadata === null ? {} : withoutNulls({ ...settings.metadata, ...patch.metadata });
  return Settings.parse({ ...withoutNulls({ ...settings, ...patch }), metadata });
}

function withoutNulls(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

interface ObjectName {
  readonly bucket: string;
  readonly name: string;
}

/** Settings in the request replace those of the source. @throws {HttpError} 404, 412. */
export async function copyObject(
  { store, request, url }: StorageCall,
  from: ObjectName,
  to: ObjectName,
): Promise<StoredObject> {
  const { crc32c, md5Hash, ...asked } = parseBody(
    UploadMetadata,
    (await readText(request, bodyBytesMax)) || "{}",
  );
  if (crc32c !== undefined || md5Hash !== undefined) {
    throw new HttpError(501, "notImplemented", "Checksums of a copy aren't offered.");
  }
  checkName(to.name);
  store.bucket(to.bucket);
  store.bucket(from.bucket);
  const source = store.find(from.bucket, from.name, url.searchParams.get("sourceGeneration"));
  checkPreconditions(readPreconditions(url, "ifSource"), source, "write");
  const content = await store.share(from.bucket, source, to.bucket);
  const brought = Settings.parse(asked);
  const settings = Object.keys(brought).length > 0 ? brought : source.settings;
  return await store.commit({ ...to, conditions: readPreconditions(url) }, content, settings);
}
