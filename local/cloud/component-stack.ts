/** A part of the cloud that has started. */
export interface StartedComponent {
  readonly name: string;
  readonly ms: number;
}

/** The started parts, so that all of them can be stopped, even if the start fails half-way. */
export class ComponentStack {
  readonly #closers = new Map<string, () => Promise<void> | void>();
  readonly #onStarted: (part: StartedComponent) => void;

  constructor(onStarted: (part: StartedComponent) => void) {
    this.#onStarted = onStarted;
  }

  /** Starts a part and remembers how to close it. */
  async start<T>(
    name: string,
    start: () => Promise<T>,
    close: (part: NoInfer<T>) => Promise<void> | void,
  ): Promise<T> {
    const beganMs = performance.now();
    const part = await start();
    this.#closers.set(name, () => close(part));
    this.#onStarted({ name, ms: Math.round(performance.now() - beganMs) });
    return part;
  }

  /**
   * Closes what has started in the given order; throws the first failure after the last is closed.
   */
  async stop(order: readonly string[]): Promise<void> {
    const failures: unknown[] = [];
    for (const name of order) {
      const close = this.#closers.get(name);
      this.#closers.delete(name);
      await Promise.resolve()
        .then(() => close?.())
        .catch((failure: unknown) => failures.push(failure));
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `Not stopped: ${failures.join(", ")}`);
  }
}

/** Waits for all of them; throws the first failure once every one has ended. */
export async function allSettled<T extends readonly unknown[] | []>(
  starting: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(starting);
  return Promise.all(starting);
}
