/**
 * Takes the report of usage out of a stream of Chat Completions again, for clients that didn't ask
 * for it. All other bytes pass as they came.
 */
const [newline, carriageReturn] = [0x0a, 0x0d];
const noChoices = Buffer.from('"choices":[]');
const withUsage = Buffer.from('"usage":{');
/** A longer event passes as it is, because it can't be the report. */
const eventBytesMax = 8 * 1024;

export class HiddenUsage {
  #pending = Buffer.alloc(0);
  /** Whether the event that goes on is too long to be the report. */
  #isPassing = false;

  /** The bytes that may go on now. */
  push(chunk: Buffer): Buffer {
    const passed: Buffer[] = [];
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const end = endOfEvent(this.#pending);
      if (end === null) break;
      const event = this.#pending.subarray(0, end);
      if (this.#isPassing || !isReport(event)) passed.push(event);
      this.#isPassing = false;
      this.#pending = this.#pending.subarray(end);
    }
    if (this.#isPassing || this.#pending.length > eventBytesMax) {
      // The last bytes may be the first of a blank line.
      passed.push(this.#pending.subarray(0, -2));
      this.#pending = this.#pending.subarray(-2);
      this.#isPassing = true;
    }
    return Buffer.concat(passed);
  }

  end(): Buffer {
    return isReport(this.#pending) ? Buffer.alloc(0) : this.#pending;
  }
}

/** Looks no further than the event, because a stream may have thousands in one piece. */
function endOfEvent(bytes: Buffer): number | null {
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, end + 1)) {
    if (bytes[end + 1] === newline) return end + 2;
    if (bytes[end + 1] === carriageReturn && bytes[end + 2] === newline) return end + 3;
  }
  return null;
}

function isReport(event: Buffer): boolean {
  if (event.length > eventBytesMax) return false;
  const compact = Buffer.from(event.toString("latin1").replaceAll(/\s/g, ""), "latin1");
  return compact.includes(noChoices) && compact.includes(withUsage);
}
