/** The state of the fake Google; each test changes the part that it is about. */
export interface GoogleWorld {
  readonly project: string;
  readonly number: string;
  email: string | null;
  /** Whether the project exists, and in which state. */
  projectState: "ACTIVE" | "DELETE_REQUESTED" | null;
  /** The organisation or folder of the project; empty without one. */
  parent: string;
  /** Other projects that the caller sees. */
  otherProjects: Record<string, { displayName: string; state: string }>;
  /** What the caller may do on the parent and the billing account. */
  heldOutside: string[];
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
  /** Location of a key ring that is there already; null without one. */
  keyRing: string | null;
  keys: { name: string; purpose: string; primary?: { state: string } }[];
  /** Name, then project number. */
  buckets: Record<string, string>;
  objects: Record<string, string>;
  /** Secret, then the values of its versions. */
  secrets: Record<string, string[]>;
  tags: Record<string, string>;
  /** The network `default` and its firewall rules, as far as they are there. */
  defaultNetwork: string[];
  /** Milliseconds that the program has waited so far, all runs together. */
  nowMs: number;
  /** What the probe has made and not removed yet, whom it gave what, what its containers print. */
  readonly probe: { made: string[]; granted: string[]; prints: string[] };
  /** How unkind Google is to a first deployment. */
  first: FirstApply;
}

/** What a first deployment meets; each entry counts down or passes with the world's clock. */
export interface FirstApply {
  /** Builds that are refused before one is taken. */
  buildRefusals: number;
  /** From a grant until it works; it is to be seen after a sixth of that. */
  grantsWorkAfterMs: number;
  /** Applies that end because something else changes the same thing. */
  contentions: number;
  /** When Firestore has built what was ordered, and when each certificate is issued. */
  indexesReadyAtMs: number;
  certificatesAtMs: { edge: number; gateways: number };
  /** When accounts were granted access to their secrets; null before. */
  grantedAtMs: number | null;
  /** Whether a service's first revision has failed, and whether its state protects it. */
  service: { isTainted: boolean; isProtected: boolean };
}

/** A request as the stand-in received it. */
export interface GoogleRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly body: string;
}
