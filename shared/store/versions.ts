import { Timestamp } from "@google-cloud/firestore";
import type { Version } from "./documents.ts";

const form = /^([0-9]{1,12})\.([0-9]{9})$/;

/**
 * A version as text that a runner sends back. Its next change fails if the document has changed
 * since.
 */
export function formatVersion(version: Version): string {
  return `${version.seconds}.${String(version.nanoseconds).padStart(9, "0")}`;
}

export function parseVersion(text: string): Version | null {
  const parts = form.exec(text);
  return parts ? new Timestamp(Number(parts[1]), Number(parts[2])) : null;
}
