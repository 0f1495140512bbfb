export interface Listener<T> {
  next(value: T): void;
  error(error: Error): void;
}

interface Shared<T> {
  readonly to: Set<Listener<T>>;
  /** What it heard last; null before it heard anything. */
  latest: { readonly value: T } | null;
  stop: () => void;
}

/**
 * Listeners to the same thing share one: fifty readers of one execution would else have the
 * database send each batch fifty times, and this process read it as often.
 */
export class SharedListener<T> {
  readonly #shared = new Map<string, Shared<T>>();

  /**
   * Calls back, never before it returns, with what is there now and with each change, until the
   * returned function is called, or once with the error that ended it.
   * @param key names what is listened to; @param start listens to it, for the first of them.
   */
  listen(
    key: string,
    start: (listener: Listener<T>) => () => void,
    listener: Listener<T>,
  ): () => void {
    const shared = this.#shared.get(key) ?? this.#start(key, start);
    // Not the caller's own object: it may listen twice.
    const one = {
      ...listener,
      next: listener.next.bind(listener),
      error: listener.error.bind(listener),
    };
    shared.to.add(one);
    const { latest } = shared;
    if (latest) {
      queueMicrotask(() => {
        // What is newer was told already.
        if (shared.to.has(one) && shared.latest === latest) one.next(latest.value);
      });
    }
    return () => {
      if (shared.to.delete(one) && shared.to.size === 0) this.#end(key, shared);
    };
  }

  #start(key: string, start: (listener: Listener<T>) => () => void): Shared<T> {
    const shared: Shared<T> = { to: new Set(), latest: null, stop: () => undefined };
    this.#shared.set(key, shared);
    shared.stop = start({
      next: (value) => {
        shared.latest = { value };
        for (const one of [...shared.to]) if (shared.to.has(one)) one.next(value);
      },
      error: (error) => {
        this.#end(key, shared);
        const all = [...shared.to];
        shared.to.clear();
        for (const one of all) one.error(error);
      },
    });
    return shared;
  }

  #end(key: string, shared: Shared<T>): void {
    if (this.#shared.get(key) === shared) this.#shared.delete(key);
    shared.stop();
  }
}

/** Tells what `read` makes of it, or the error that it throws. */
export function tell<T>(listener: Listener<T>, read: () => T): void {
  let value: T;
  try {
    value = read();
  } catch (error) {
    listener.error(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  listener.next(value);
}
