import type { IdKind } from "../core/ids.ts";
import type { Ids } from "./route.ts";

/** Gives a repeated read or decision the same ids again. */
export class RepeatableIds implements Ids {
  readonly #given = new Map<IdKind, string[]>();
  readonly #taken = new Map<IdKind, number>();
  readonly #newId: (kind: IdKind) => string;
  readonly ofRequest: Ids["ofRequest"];
  constructor(newId: (kind: IdKind) => string, ofRequest: Ids["ofRequest"]) {
    this.#newId = newId;
    this.ofRequest = ofRequest;
  }
  next(kind: IdKind): string {
    const given = this.#given.get(kind) ?? [];
    const taken = this.#taken.get(kind) ?? 0;
    const id = given[taken] ?? this.#newId(kind);
    given[taken] = id;
    this.#given.set(kind, given);
    this.#taken.set(kind, taken + 1);
    return id;
  }
  repeat(): void {
    this.#taken.clear();
  }
}
