/** The state of the fake Google; each test changes the part that it is about. */
export interface GoogleWorld {
  readonly project: string;
  readonly number: string;
  email: string | null;
  /** Whether the project exists, and in which state. */
  projectState: "ACTIVE" | "DELETE_REQUESTED" | null;
  billing: { billingEnabled: boolean; billingAccountName: string };
  services: string[];
  /** The predefined role that the caller has on the project. */
  role: string;
  /** Permissions of that role that the caller lacks nevertheless. */
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
