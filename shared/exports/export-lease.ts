/** Keeps two processes from building one export, and any from building one that nobody may have. */
import { accountDeletions } from "../store/account-deletions.ts";
import type { dueExports } from "../store/account-exports.ts";
import { patch, type Ref, type Version, type Write } from "../store/documents.ts";
import type { Store } from "../store/store.ts";
import { isConflict } from "../store/with-deadline.ts";

export const minuteMs = 60_000;
/** Who builds says so each minute; once that stops, another process begins again. */
export const leaseMs = 5 * minuteMs;

/** Another process has changed the export or what is due, or the account is being deleted. */
export class Taken extends Error {
  override readonly name = "Taken";
}

interface LeaseDeps {
  readonly store: Pick<Store, "get" | "commit">;
  readonly now: () => number;
}

export class ExportLease {
  readonly #deps: LeaseDeps;
  readonly #ref: Ref<(typeof dueExports)["schema"]>;
  readonly #ownerId: string;
  #renewAt: number;
  version: Version;

  constructor(
    deps: LeaseDeps,
    due: { readonly ref: Ref<(typeof dueExports)["schema"]>; readonly ownerId: string },
    version: Version,
  ) {
    this.#deps = deps;
    this.#ref = due.ref;
    this.#ownerId = due.ownerId;
    this.version = version;
    this.#renewAt = deps.now() + minuteMs;
  }

  /**
   * Passes the pieces on. The lease is renewed once more after the last one, since an archive comes
   * to be by the request that follows, and an upload may have stalled until then.
   * @throws {Taken} once another process has the lease, or the account is being deleted.
   */
  async *keptWhile(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of pieces) {
      if (this.#deps.now() >= this.#renewAt) await this.#renew();
      yield piece;
    }
    await this.#renew();
  }

  async #renew(): Promise<void> {
    const { store, now } = this.#deps;
    if (await isBeingDeleted(store, this.#ownerId)) throw new Taken();
    const write = patch(this.#ref, { dueAt: now() + leaseMs }, { version: this.version });
    this.version = await commit(store, [write]);
    this.#renewAt = now() + minuteMs;
  }
}

/** @throws {Taken} if a document has changed. */
export async function commit(
  store: LeaseDeps["store"],
  writes: readonly Write[],
): Promise<Version> {
  try {
    return await store.commit(writes);
  } catch (cause) {
    throw isConflict(cause) ? new Taken() : cause;
  }
}

/** Whether the account's deletion was ordered and not cancelled: its data isn't copied any more. */
export async function isBeingDeleted(store: LeaseDeps["store"], ownerId: string): Promise<boolean> {
  const { value } = await store.get(accountDeletions.doc(ownerId));
  return value !== null && value.state !== "cancelled";
}
