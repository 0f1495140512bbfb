/** An upload's pieces are read into buffers that are used again. */
import { createHash, randomBytes } from "node:crypto";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect, test, vi } from "vitest";
import type { ByteRange } from "#shared/google/byte-range";
import type { Owner } from "#shared/identity/owner";
import type { Transfer } from "#shared/store/transfers";
import { packTransfer } from "./pack-transfer.ts";

const sha256Of = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const deps = {
  store: { commit: vi.fn(), commitWithoutRetry: vi.fn(), get: vi.fn() },
  now: () => 0,
};
const owner = { id: "user_1" } as Owner;

test.each([1, 4, 5, 8, 23])("of %d bytes, all are stored as they were sent", async (sizeBytes) => {
  const sent = randomBytes(sizeBytes);
  const stored: Buffer[] = [];
  const rooms = new Set<ArrayBufferLike>();
  const { sha256, parts } = await packTransfer(
    deps,
    owner,
    {
      transfer: { id: "upload_1", sizeBytes } as Transfer,
      request: new IncomingMessage(new Socket()),
      signal: new AbortController().signal,
    },
    {
      pieceBytes: 4,
      read: async (_owner, _object, range?: ByteRange, room?: Buffer) => {
        const { offsetBytes = 0, sizeBytes: length = 0 } = range ?? {};
        if (!room) throw new Error("a piece has no room");
        sent.copy(room, 0, offsetBytes, offsetBytes + length);
        return room.subarray(0, length);
      },
      store: async (_deps, _owner, { bytes }) => {
        rooms.add(bytes.buffer);
        // The next piece is read meanwhile.
        for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
        stored.push(Buffer.from(bytes));
        return sha256Of(bytes);
      },
    },
  );
  expect(Buffer.concat(stored).equals(sent)).toBe(true);
  expect(parts.map(({ pack }) => pack)).toEqual(stored.map(sha256Of));
  expect(sha256).toBe(sha256Of(sent));
  expect(rooms.size).toBeLessThanOrEqual(2);
});
