/**
 * Bounds what an execution's items take in all, which wait in memory while the gateway can't be
 * reached and are stored for weeks. What scripts print has a bound of its own: see `output.ts`.
 */
import type { Item } from "#shared/protocol/item";
import { cutBytes } from "./output.ts";

/** If all items together exceed the part of the tools' output by this factor, the run is ended. */
const runawayFactor = 8;
const notice = "\n[The output limit is reached; what tools print from here on is not shown.]\n";

export class ItemRoom {
  readonly #bytesMax: number;
  readonly #onRunaway: () => void;
  #outputBytes = 0;
  #allBytes = 0;

  /** @param bytesMax How much of the tools' output is shown. */
  constructor(bytesMax: number, onRunaway: () => void) {
    this.#bytesMax = bytesMax;
    this.#onRunaway = onRunaway;
  }

  /** The item as far as there is room for it; null if it isn't shown. */
  take(item: Item): Item | null {
    const fitted = item.type === "tool_output" ? this.#fit(item) : item;
    if (fitted === null) return null;
    this.#allBytes += Buffer.byteLength(JSON.stringify(fitted));
    if (this.#allBytes > this.#bytesMax * runawayFactor) this.#onRunaway();
    return fitted;
  }

  #fit(item: Item & { readonly type: "tool_output" }): Item | null {
    const roomBytes = this.#bytesMax - this.#outputBytes;
    // At exactly its bound it is full, and what follows isn't said to be missing yet.
    if (roomBytes < 0) return null;
    this.#outputBytes += Buffer.byteLength(item.content);
    if (this.#outputBytes <= this.#bytesMax) return item;
    return { ...item, content: cutBytes(item.content, roomBytes) + notice };
  }
}
