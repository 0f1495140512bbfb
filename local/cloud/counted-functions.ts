import type { Counters } from "../firestore/counters.ts";
import { type CountingProxy, startCountingProxy } from "../firestore/counting-proxy.ts";
import { type Functions, startFunctions } from "../functions/functions.ts";
import type { Layout } from "./layout.ts";

/** Firestore operations, counted in front of each function; faults are ordered there too. */
export interface Operations {
  /** @throws if there is no such function. */
  of(name: string): CountingProxy;
  /** The sum over all functions since the last reset. */
  sum(): Counters;
  reset(): void;
}

/** Starts the functions, each with its own counter before Firestore, which may start later. */
export async function startCountedFunctions(
  plan: Layout,
  environment: Readonly<Record<string, string>>,
  accounts: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<{ readonly operations: Operations; readonly functions: Functions }> {
  const { parts } = plan;
  const proxies = await parts.start("operation counters", () => startProxies(plan), closeAll);
  const functions = await parts.start(
    "functions",
    () =>
      startFunctions({
        manifest: plan.manifest,
        distFolder: plan.distFolder,
        logFolder: plan.folder.file("logs"),
        environment,
        accounts,
        firestoreHost: (name) => `127.0.0.1:${proxyOf(proxies, name).port}`,
        ports: plan.functionPorts,
        onNotice: plan.options.onNotice ?? console.error,
      }),
    (started) => started.stop(),
  );
  return { operations: operationsOf(proxies), functions };
}

type Proxies = ReadonlyMap<string, CountingProxy>;

async function startProxies({ manifest, firestoreHost }: Layout): Promise<Proxies> {
  const names = Object.keys(manifest.functions);
  const started = names.map(
    async (name): Promise<[string, CountingProxy]> => [
      name,
      await startCountingProxy({ emulatorHost: firestoreHost }),
    ],
  );
  return new Map(await Promise.all(started));
}

async function closeAll(proxies: Proxies): Promise<void> {
  await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
}

function proxyOf(proxies: Proxies, name: string): CountingProxy {
  const proxy = proxies.get(name);
  if (!proxy) throw new Error(`There is no function ${name}.`);
  return proxy;
}

function operationsOf(proxies: Proxies): Operations {
  const all = [...proxies.values()];
  return {
    of: (name) => proxyOf(proxies, name),
    sum() {
      const total = (counter: keyof Counters) =>
        all.reduce((sum, one) => sum + one.counters()[counter], 0);
      return {
        reads: total("reads"),
        writes: total("writes"),
        listenReads: total("listenReads"),
        calls: total("calls"),
        roundTrips: total("roundTrips"),
      };
    },
    reset() {
      for (const proxy of all) proxy.reset();
    },
  };
}
