/** The only file that reads the environment. Each setting is checked when it is first used. */
import { readFileSync } from "node:fs";
import * as z from "zod";
import type { SigningKeys } from "./core/executions/ticket.ts";
import { Fault } from "./core/fault.ts";
import { DeploymentLimits } from "./core/limits/deployment-limits.ts";
import { refuseOverrides } from "./core/local-overrides.ts";
import { DeploymentModels } from "./core/models/deployment-models.ts";

const hostAndPort = z.string().regex(/^[^:/]+:[0-9]+$/);

const Settings = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  PADDOCK_BIND: z.string().default("0.0.0.0"),
  GOOGLE_CLOUD_PROJECT: z.string(),
  GCE_METADATA_HOST: z.string().default("metadata.google.internal"),
  PADDOCK_REGION: z.string().default("us-central1"),
  /** `HOST:PORT` that must be reached before a function listens; empty for none. */
  PADDOCK_AWAIT_EGRESS: z.union([hostAndPort, z.literal("")]).default(""),
  PADDOCK_WORKSPACE_BUCKET: z.string().optional(),
  PADDOCK_KMS_KEY_RING: z.string().optional(),
  PADDOCK_CHECKPOINT_BUCKET: z.string().optional(),
  /** The version of the key that signs checkpoints. */
  PADDOCK_CHECKPOINT_KEY_VERSION: z.coerce.number().int().min(1).default(1),
  /** The version of the key that signs the certificates of deleted accounts. */
  PADDOCK_CERTIFICATE_KEY_VERSION: z.coerce.number().int().min(1).default(1),
  /** The version of the key that signs evidence of executions. */
  PADDOCK_EVIDENCE_KEY_VERSION: z.coerce.number().int().min(1).default(1),
  /** The name of the audit log, a URL without its scheme; another one begins a new log. */
  PADDOCK_AUDIT_LOG: z
    .string()
    .regex(/^[a-z0-9.-]+(\/[a-z0-9.-]+)+$/)
    .optional(),
  /** Who is asked to cosign checkpoints, as JSON: a list of `key` (`name+id+key`) and `url`. */
  PADDOCK_AUDIT_WITNESSES: z.string().default("[]"),
  PADDOCK_ARCHIVE_BUCKET: z.string().optional(),
  PADDOCK_EXPORT_BUCKET: z.string().optional(),
  /** Where in that bucket billing records go; another name begins a new archive. */
  PADDOCK_BILLING_ARCHIVE: z
    .string()
    .regex(/^billing\/[a-z0-9.-]+$/)
    .optional(),
  PADDOCK_PEPPERS_FILE: z.string().optional(),
  /** A deployment that holds real data may refuse development keys. */
  PADDOCK_DEVELOPMENT_KEYS: z.enum(["accepted", "refused"]).default("accepted"),
  PADDOCK_GATEWAY_TOKENS_FILE: z.string().optional(),
  FIRESTORE_EMULATOR_HOST: hostAndPort.optional(),
  STORAGE_EMULATOR_HOST: z.url().optional(),
  PADDOCK_KMS_ENDPOINT: hostAndPort.optional(),
  PADDOCK_RUN_ENDPOINT: hostAndPort.optional(),
  PADDOCK_LOGGING_ENDPOINT: hostAndPort.optional(),
  PADDOCK_CREDENTIALS_ENDPOINT: hostAndPort.optional(),
  /** The full name of the view that shows the log of requests. */
  PADDOCK_ACCESS_LOG_VIEW: z
    .string()
    .regex(/^projects\/[^/]+\/locations\/[^/]+\/buckets\/[^/]+\/views\/[^/]+$/)
    .optional(),
  PADDOCK_OIDC_ISSUER: z.string().default("https://accounts.google.com"),
  PADDOCK_OIDC_JWKS_URL: z.url().default("https://www.googleapis.com/oauth2/v3/certs"),
  PADDOCK_OPERATOR_AUDIENCE: z.string().optional(),
  PADDOCK_GATEWAY_AUDIENCE: z.string().optional(),
  PADDOCK_MAINTENANCE_AUDIENCE: z.string().optional(),
  /** The project of the runner jobs; missing if they run beside the functions. */
  PADDOCK_RUNNER_PROJECT: z.string().optional(),
  PADDOCK_RUNNER_ACCOUNT: z.string().optional(),
  PADDOCK_SCHEDULER_ACCOUNT: z.string().optional(),
  PADDOCK_FIRST_OPERATOR: z.string().optional(),
  /** How many of our own proxies append to X-Forwarded-For after the client's address. */
  PADDOCK_TRUSTED_HOPS: z.coerce.number().int().min(0).max(5).default(1),
  /** A front stands before the functions that clients call, or before those that runners call. */
  PADDOCK_FRONT_SIDE: z.enum(["edge", "gateways"]).default("edge"),
  /** The address of each service, with `{function}` for its name; on a laptop one for all. */
  PADDOCK_FRONT_SERVICES: z
    .string()
    .regex(/^(?:https:\/\/\{function\}-[0-9]+\.[a-z0-9-]+\.run\.app|http:\/\/127\.0\.0\.1:[0-9]+)$/)
    .optional(),
  /** The list of functions that was built with the image, beside which a front starts. */
  PADDOCK_FUNCTIONS_FILE: z.string().default("functions.json"),
  PADDOCK_LIMITS_FILE: z.string().optional(),
  /** The limits file's content as JSON, for platforms where no file can be mounted. */
  PADDOCK_LIMITS: z.string().default("{}"),
  /** The host name that clients call. */
  PADDOCK_DOMAIN: z.hostname().optional(),
  /** Who receives reports of weaknesses: addresses of `mailto:` or `https:`, apart by spaces. */
  PADDOCK_SECURITY_CONTACTS: z
    .string()
    .regex(
      /^(?:mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)(?: (?:mailto:[^\s@]+@[^\s@]+|https:\/\/\S+))*$/,
    )
    .optional(),
  /** A page that says how reports are handled. */
  PADDOCK_SECURITY_POLICY: z.url({ protocol: /^https$/ }).optional(),
  /** The server that takes mail, `host:port`; 465 is TLS from the beginning, others STARTTLS. */
  PADDOCK_MAIL_SERVER: hostAndPort.optional(),
  PADDOCK_MAIL_FROM: z.email().optional(),
  /** User and password of that server; without the file, or with an empty one, none are shown. */
  PADDOCK_MAIL_LOGIN_FILE: z.string().optional(),
  PADDOCK_NOTIFICATIONS_TEST: z.string().optional(),
  /** Which models are offered, as JSON (`DeploymentModels`); locally a file. */
  PADDOCK_MODELS: z.string().default("{}"),
  PADDOCK_MODELS_FILE: z.string().optional(),
  /** The keys of model providers by their name, as JSON. */
  PADDOCK_PROVIDER_KEYS_FILE: z.string().optional(),
  PADDOCK_BUILD_VERSION: z.string().default("development"),
  PADDOCK_BUILD_COMMIT: z.string().default("unknown"),
  PADDOCK_BUILD_TIME: z.string().default("unknown"),
});

export type Settings = z.infer<typeof Settings>;

/** @throws if a setting is malformed, or one is for local use and this is Google Cloud (OPS-9). */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  refuseOverrides(environment);
  return Settings.parse(environment);
}

let settings: Settings | undefined;

export function config(): Settings {
  settings ??= readSettings(process.env);
  return settings;
}

type OptionalSetting = {
  [K in keyof Settings]-?: undefined extends Settings[K] ? K : never;
}[keyof Settings];

/** Returns a setting that this function can't work without. @throws if it is missing. */
export function required(name: OptionalSetting): string {
  const value = config()[name];
  if (value === undefined) throw new Fault(`${name} is not set`);
  return value;
}

/** Each is a URI. @throws if the deployment names none. */
export function securityContacts(): readonly string[] {
  return required("PADDOCK_SECURITY_CONTACTS").split(" ");
}

const KeyFile = z.object({
  current: z.string(),
  keys: z.record(z.string(), z.string().regex(/^[0-9a-f]{64,}$/)),
});

/** @throws {Fault} naming the file only: the message mustn't quote the keys in it. */
function parseKeyFile(path: string): z.output<typeof KeyFile> {
  try {
    return KeyFile.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    throw new Fault(`${path} can't be read as a file of keys`, { cause });
  }
}

function readKeyFile(path: string): SigningKeys {
  const file = parseKeyFile(path);
  const keys = Object.entries(file.keys).map(([id, hex]) => [id, Buffer.from(hex, "hex")] as const);
  if (file.keys[file.current] === undefined) throw new Fault(`${path}: no key ${file.current}`);
  return { current: file.current, keys: Object.fromEntries(keys) };
}

/** Reads a mounted secret once per process; a new version arrives with a new revision. */
function once<T>(read: () => T): () => T {
  let value: { readonly it: T } | undefined;
  return () => {
    value ??= { it: read() };
    return value.it;
  };
}

/** The peppers that API keys are checked with: the current one issues keys, all of them verify. */
export const peppers = once(() => readKeyFile(required("PADDOCK_PEPPERS_FILE")));

const MailLogin = z.union([
  z.strictObject({ user: z.string().min(1), password: z.string().min(1) }),
  z.strictObject({}),
]);

/**
 * What the mail server asks for; null for one that asks for nothing.
 * @throws {Fault} naming the file only.
 */
export const mailLogin = once(() => {
  const path = config().PADDOCK_MAIL_LOGIN_FILE;
  if (path === undefined) return null;
  try {
    const login = MailLogin.parse(JSON.parse(readFileSync(path, "utf8")));
    return "user" in login ? login : null;
  } catch {
    throw new Fault(`${path} can't be read as user and password`);
  }
});
export const gatewayKeys = once(() => readKeyFile(required("PADDOCK_GATEWAY_TOKENS_FILE")));

const ProviderKeys = z.record(z.string(), z.string().min(1).max(4_096));

/** The keys of model providers. @throws {Fault} naming the file only, never a key. */
export const providerKeys = once(() => {
  const path = required("PADDOCK_PROVIDER_KEYS_FILE");
  try {
    return ProviderKeys.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    throw new Fault(`${path} can't be read as a file of providers' keys`);
  }
});

/** The models that the deployment offers, besides `shell`. */
export const deploymentModels = once(() => {
  const { PADDOCK_MODELS: text, PADDOCK_MODELS_FILE: path } = config();
  return DeploymentModels.parse(JSON.parse(path === undefined ? text : readFileSync(path, "utf8")));
});

/** A deployment's limits: what the file states, and the defaults for the rest. */
export function deploymentLimitsOf(stated: unknown): DeploymentLimits {
  return DeploymentLimits.parse(stated);
}

export const deploymentLimits = once(() => {
  const { PADDOCK_LIMITS: text, PADDOCK_LIMITS_FILE: path } = config();
  return deploymentLimitsOf(JSON.parse(path === undefined ? text : readFileSync(path, "utf8")));
});
