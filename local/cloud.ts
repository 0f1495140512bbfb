/** The whole cloud on one machine: what `npm start`, the demo and the tests run against. */

import { allSettled, ComponentStack } from "./cloud/component-stack.ts";
import { type Operations, startCountedFunctions } from "./cloud/counted-functions.ts";
import { accountEnvironment, functionEnvironment } from "./cloud/environment.ts";
import { startFirestore } from "./cloud/firestore.ts";
import { startIngress } from "./cloud/ingress.ts";
import { keptFiles, type Layout, makeLayout } from "./cloud/layout.ts";
import { audiences } from "./cloud/names.ts";
import type { LocalCloudOptions } from "./cloud/options.ts";
import { startServices } from "./cloud/services.ts";
import { stopOnSignals } from "./cloud/signals.ts";
import type { Faults } from "./lib/faults.ts";
import type { RunFaults } from "./run/faults.ts";

export interface LocalCloud {
  /** The edge's URL, without a trailing slash. */
  readonly baseUrl: string;
  readonly dataFolder: string;
  readonly logFolder: string;
  readonly startedInMs: number;
  /** The environment of a function's process, with Firestore's own port; for scripts. */
  readonly environment: Readonly<Record<string, string>>;
  /** What single functions have besides, by their names. */
  readonly accounts: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Firestore operations, as counted in front of each function. */
  readonly operations: Operations;
  /** Orders faults of Cloud Run, for tests. */
  readonly runFaults: RunFaults;
  /** The same for KMS and Storage; faults of Firestore belong to its operations. */
  readonly serviceFaults: { readonly kms: Faults; readonly storage: Faults };
  /** An ID token of a person, as operators present it. */
  operatorToken(email: string): Promise<string>;
  /** An ID token for any identity and audience, for tests of refusals. */
  idToken(identity: { readonly email: string; readonly audience: string }): Promise<string>;
  /** A function's own URL, without the edge, for tests. @throws if the function is down. */
  functionUrl(name: string): string;
  /** Sends SIGKILL and waits for the end; the function restarts by itself. */
  killFunction(name: string): Promise<void>;
  restartFunction(name: string): Promise<void>;
  /** Ends everything in order and keeps Firestore's data. Safe to call twice. */
  stop(): Promise<void>;
}

/** Executions end before what they report to, and Firestore after everything that writes to it. */
const stopOrder = [
  "edge",
  "scheduler",
  "run",
  "functions",
  "firestore",
  "operation counters",
  "execution log",
  "logging",
  "storage",
  "kms",
  "identity",
  "data folder",
];

/**
 * Starts everything; after a failure nothing is left running. Ctrl-C and SIGTERM stop it in order.
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const beganMs = performance.now();
  const parts = new ComponentStack(options.onProgress ?? (() => undefined));
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= parts.stop(stopOrder).finally(() => forgetSignals());
    return stopped;
  };
  const forgetSignals = stopOnSignals(stop);
  const fail = (sentence: string) => {
    if (stopped) return;
    const report = options.onFatal ?? exitWith;
    void stop().then(
      () => report(sentence),
      () => report(sentence),
    );
  };
  try {
    const started = await startAll(options, parts, fail);
    return { ...started, stop, startedInMs: Math.round(performance.now() - beganMs) };
  } catch (failure) {
    await stop().catch(() => undefined);
    throw failure;
  }
}

async function startAll(
  options: LocalCloudOptions,
  parts: ComponentStack,
  fail: (sentence: string) => void,
): Promise<Omit<LocalCloud, "stop" | "startedInMs">> {
  const plan = await makeLayout(options, parts);
  const [, { services, environment, accounts, operations, functions }] = await allSettled([
    startFirestore(plan, fail),
    startServicesAndFunctions(plan),
  ]);
  const edge = await startIngress(plan, services, functions);
  return {
    baseUrl: `http://127.0.0.1:${edge.port}`,
    dataFolder: plan.folder.path,
    logFolder: plan.folder.file("logs"),
    environment,
    accounts,
    operations,
    runFaults: services.run.faults,
    serviceFaults: { kms: services.kms.faults, storage: services.storage.faults },
    idToken: (identity) => services.identity.issue(identity),
    operatorToken: (email) => services.identity.issue({ email, audience: audiences.operator }),
    functionUrl(name) {
      if (functions.portOf(name) === null) throw new Error(`The function ${name} is down.`);
      return plan.urlOf(name);
    },
    killFunction: (name) => functions.kill(name),
    restartFunction: (name) => functions.restart(name),
  };
}

async function startServicesAndFunctions(plan: Layout) {
  const services = await startServices(plan);
  const own = functionEnvironment({
    ...(await keptFiles(plan)),
    firestoreHost: plan.firestoreHost,
    kmsPort: services.kms.port,
    storagePort: services.storage.port,
    runPort: services.run.port,
    loggingPort: services.logging.port,
    issuer: services.identity.issuer,
    jwksUrl: services.identity.jwksUrl,
    credentialsHost: services.identity.credentialsHost,
  });
  const accounts = { files: accountEnvironment(services.filesMetadata.port) };
  const environment = { ...own, ...plan.options.settings };
  return {
    services,
    environment,
    accounts,
    ...(await startCountedFunctions(plan, environment, accounts)),
  };
}

function exitWith(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
