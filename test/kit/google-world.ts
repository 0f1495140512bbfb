/** What the stand-in of `google-apis.ts` knows; a test changes what it is about. */
export interface GoogleWorld {
  readonly project: string;
  readonly number: string;
  email: string | null;
  /** Whether it is there, and in which state. */
  projectState: "ACTIVE" | "DELETE_REQUESTED" | null;
  billing: { billingEnabled: boolean; billingAccountName: string };
  services: string[];
  /** Null for all that are asked for. */
  missingPermissions: string[];
  cpuMilli: number;
  policies: Record<string, object>;
  /** Name and type, then data. */
  dns: Record<string, { type: number; data: string }[]>;
  certificateState: string;
  databases: { name: string; type: string; locationId: string }[];
  keyRing: boolean;
  keys: { name: string; purpose: string; primary?: { state: string } }[];
  /** Name, then project number. */
  buckets: Record<string, string>;
  objects: Record<string, string>;
  /** Secret, then the values of its versions. */
  secrets: Record<string, string[]>;
  tags: Record<string, string>;
}

/** A request as the stand-in received it. */
export interface GoogleRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly body: string;
}
