export interface Listener<T> {
  next(value: T): void;
  error(error: Error): void;
}

interface Shared<T> {
  readonly listeners: Set<Listener<T>>;
  /** The last value heard; null before the first one. */
  latest: { readonly value: T } | null;
  stop: () => void;
}

/**
 * Opens one listener for all who listen to the same thing. Otherwise fifty readers of one execution
 * would have the database send each batch fifty times, and this process decode it as often.
 */
export class SharedListener<T> {
  readonly #shared = new Map<string, Shared<T>>();

  /**
   * Calls `listener` with the current value and each later one, never synchronously, until the
   * returned function is called. An error is delivered once, and ends it.
   * @param key Names what is listened to. @param start Opens the listener for the first caller.
   */
  listen(
    key: string,
    start: (listener: Listener<T>) => () => void,
    listener: Listener<T>,
  ): () => void {
    const shared = this.#shared.get(key) ?? this.#start(key, start);
    // A copy, because a caller may listen twice with the same object.
    const one = {
      ...listener,
      next: listener.next.bind(listener),
      error: listener.error.bind(listener),
    };
    shared.listeners.add(one);
    const { latest } = shared;
    if (latest) {
      queueMicrotask(() => {
        // A newer value has already been delivered.
        if (shared.listeners.has(one) && shared.latest === latest) one.next(latest.value);
      });
    }
    return () => {
      if (shared.listeners.delete(one) && shared.listeners.size === 0) this.#end(key, shared);
    };
  }

  #start(key: string, start: (listener: Listener<T>) => () => void): Shared<T> {
    const shared: Shared<T> = { listeners: new Set(), latest: null, stop: () => undefined };
    this.#shared.set(key, shared);
    shared.stop = start({
      next: (value) => {
        shared.latest = { value };
        for (const one of [...shared.listeners]) if (shared.listeners.has(one)) one.next(value);
      },
      error: (error) => {
        this.#end(key, shared);
        const all = [...shared.listeners];
        shared.listeners.clear();
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

/** Passes on what `read` returns, or the error that it throws. */
export function deliver<T>(listener: Listener<T>, read: () => T): void {
  let value: T;
  try {
    value = read();
  } catch (error) {
    listener.error(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  listener.next(value);
}
