/** The framing between supervisor and init: a kind byte, four bytes of length, the payload. */

export const kinds = {
  probe: 1,
  output: 2,
  ended: 3,
  run: 4,
  signal: 5,
  refused: 6,
  call: 7,
  /** Four bytes with the call's number, then a piece of its output. */
  callOutput: 8,
  callEnded: 9,
  /** Four bytes with the call's number, then a piece of its input; an empty one ends it. */
  callInput: 10,
} as const;
export type Kind = (typeof kinds)[keyof typeof kinds];

const headerBytes = 5;
/** So many pieces are joined, because each takes some hundred bytes beside its own. */
const piecesMax = 256;

export interface Frame {
  readonly kind: number;
  readonly payload: Buffer;
}

export function encodeFrame(kind: Kind, payload: Uint8Array | string): Buffer {
  const body = Buffer.from(payload);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(body.length, 1);
  return Buffer.concat([header, body]);
}

export function encodeCallOutput(id: number, output: Uint8Array): Buffer {
  return encodeFrame(kinds.callOutput, numbered(id, output));
}

export function encodeCallInput(id: number, input: Uint8Array): Buffer {
  return encodeFrame(kinds.callInput, numbered(id, input));
}

function numbered(id: number, bytes: Uint8Array): Buffer {
  const number = Buffer.alloc(4);
  number.writeUInt32BE(id, 0);
  return Buffer.concat([number, bytes]);
}

/** Cuts a stream into frames. The sandbox's bytes are a stranger's, so frames are bounded. */
export class FrameReader {
  readonly #payloadBytesMax: number;
  /** Joined once a frame is complete, because it may come byte by byte. */
  #pieces: Uint8Array[] = [];
  #joined: Buffer[] = [];
  #piecesBytes = 0;
  #wantedBytes = headerBytes;

  constructor(payloadBytesMax: number) {
    this.#payloadBytesMax = payloadBytesMax;
  }

  /** @throws {RangeError} If a frame announces more than is allowed. */
  read(chunk: Uint8Array): Frame[] {
    this.#pieces.push(chunk);
    if (this.#pieces.length >= piecesMax) {
      this.#joined.push(Buffer.concat(this.#pieces));
      this.#pieces = [];
    }
    this.#piecesBytes += chunk.length;
    if (this.#piecesBytes < this.#wantedBytes) return [];
    const pending = Buffer.concat([...this.#joined, ...this.#pieces]);
    const frames: Frame[] = [];
    let at = 0;
    let wantedBytes = headerBytes;
    while (pending.length - at >= wantedBytes) {
      const lengthBytes = pending.readUInt32BE(at + 1);
      if (lengthBytes > this.#payloadBytesMax) throw new RangeError("frame too large");
      wantedBytes = headerBytes + lengthBytes;
      const end = at + wantedBytes;
      if (end > pending.length) break;
      frames.push({
        kind: pending.readUInt8(at),
        payload: pending.subarray(at + headerBytes, end),
      });
      at = end;
      wantedBytes = headerBytes;
    }
    const rest = pending.subarray(at);
    this.#joined = [];
    this.#pieces = [rest];
    this.#piecesBytes = rest.length;
    this.#wantedBytes = wantedBytes;
    return frames;
  }
}
