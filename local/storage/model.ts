/** Buckets and objects as they are stored, and as the JSON API shows them. */
import * as z from "zod";

/** What a caller may set on an object; other fields are refused instead of dropped. */
const settings = {
  contentType: z.string().max(1_024).optional(),
  contentEncoding: z.string().max(1_024).optional(),
  contentDisposition: z.string().max(1_024).optional(),
  contentLanguage: z.string().max(1_024).optional(),
  cacheControl: z.string().max(1_024).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
};
export const Settings = z.object(settings);
export type Settings = z.infer<typeof Settings>;

/** A change of settings: null removes one. */
export const SettingsPatch = z.strictObject({
  contentType: z.string().max(1_024).nullish(),
  contentEncoding: z.string().max(1_024).nullish(),
  contentDisposition: z.string().max(1_024).nullish(),
  contentLanguage: z.string().max(1_024).nullish(),
  cacheControl: z.string().max(1_024).nullish(),
  metadata: z.record(z.string(), z.string().nullable()).nullish(),
});
export type SettingsPatch = z.infer<typeof SettingsPatch>;

/** The metadata that comes with an upload. */
export const UploadMetadata = z.strictObject({
  ...settings,
  name: z.string().optional(),
  bucket: z.string().optional(),
  storageClass: z.literal("STANDARD").optional(),
  md5Hash: z.string().optional(),
  crc32c: z.string().optional(),
});
export type UploadMetadata = z.infer<typeof UploadMetadata>;

export const StoredObject = z.object({
  name: z.string(),
  /** Digits; grows with each version of the object. */
  generation: z.string(),
  metageneration: z.int(),
  sizeBytes: z.int(),
  /** Base64, as the API shows them. */
  md5Hash: z.string(),
  crc32c: z.string(),
  createdAtMs: z.number(),
  updatedAtMs: z.number(),
  settings: Settings,
  /** The file of the bytes in the bucket's folder. */
  file: z.string(),
});
export type StoredObject = z.infer<typeof StoredObject>;

export const StoredBucket = z.object({
  name: z.string(),
  location: z.string(),
  createdAtMs: z.number(),
});
export type StoredBucket = z.infer<typeof StoredBucket>;

export function objectResource(bucket: string, object: StoredObject, origin: string): object {
  const path = `/b/${bucket}/o/${encodeURIComponent(object.name)}`;
  return {
    kind: "storage#object",
    id: `${bucket}/${object.name}/${object.generation}`,
    selfLink: `${origin}/storage/v1${path}`,
    mediaLink: `${origin}/download/storage/v1${path}?generation=${object.generation}&alt=media`,
    name: object.name,
    bucket,
    generation: object.generation,
    metageneration: String(object.metageneration),
    storageClass: "STANDARD",
    size: String(object.sizeBytes),
    md5Hash: object.md5Hash,
    crc32c: object.crc32c,
    etag: etagOf(object),
    timeCreated: new Date(object.createdAtMs).toISOString(),
    updated: new Date(object.updatedAtMs).toISOString(),
    ...object.settings,
  };
}

export function etagOf(object: StoredObject): string {
  return Buffer.from(`${object.generation}/${object.metageneration}`).toString("base64url");
}

export function bucketResource(bucket: StoredBucket, origin: string): object {
  const created = new Date(bucket.createdAtMs).toISOString();
  return {
    kind: "storage#bucket",
    id: bucket.name,
    name: bucket.name,
    selfLink: `${origin}/storage/v1/b/${bucket.name}`,
    location: bucket.location,
    storageClass: "STANDARD",
    metageneration: "1",
    etag: "MQ",
    timeCreated: created,
    updated: created,
  };
}
