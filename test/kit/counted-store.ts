/** A store of the test itself, on the shared emulator, whose calls are counted and may fail. */
import { Store } from "#shared/store/store";
import { openFirestore } from "../../local/firestore/admin-client.ts";
import { type CountingProxy, startCountingProxy } from "../../local/firestore/counting-proxy.ts";
import { cloud } from "./cloud.ts";

export interface CountedStore {
  readonly store: Store;
  readonly proxy: CountingProxy;
  close(): Promise<void>;
}

export async function openCountedStore(): Promise<CountedStore> {
  const { environment } = cloud();
  const { FIRESTORE_EMULATOR_HOST: emulatorHost = "" } = environment;
  const proxy = await startCountingProxy({ emulatorHost });
  const host = `127.0.0.1:${proxy.port}`;
  const database = openFirestore({ ...environment, FIRESTORE_EMULATOR_HOST: host });
  const close = async () => {
    await database.terminate();
    await proxy.close();
  };
  return { store: new Store(database), proxy, close };
}
