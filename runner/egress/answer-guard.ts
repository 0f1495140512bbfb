/** Removes secrets from a host's answer to a request that carried them. */
import type { IncomingMessage } from "node:http";
import { type Duplex, Transform } from "node:stream";
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from "node:zlib";
import type { RedactionPlan } from "#shared/core/redaction/plan";
import { Redactor, redact } from "#shared/core/redaction/redaction";
import { forwardResponse, type Header } from "#shared/http/framing";
import { HiddenLook } from "./hidden-look.ts";
import type { Decoder } from "./packed-formats.ts";

export interface GuardedAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  /** The transforms that its body passes through. */
  readonly body: readonly Duplex[];
}

/**
 * Decoders by an upstream's name for the encoding. A map, so that inherited property names aren't
 * found.
 */
const decoderOf = new Map<string, () => Decoder>([
  ["gzip", createGunzip],
  ["x-gzip", createGunzip],
  ["deflate", createInflate],
  ["br", createBrotliDecompress],
  ["zstd", createZstdDecompress],
]);
const silenceMs = 100;
const decodersMax = 2;
/** Redaction changes the lengths and the encoding. */
const notKept = new Set(["content-length", "content-encoding", "accept-ranges", "content-md5"]);

/**
 * @param isHead Whether it is the answer to HEAD: then its length is all that it tells, and clients
 * that ask for it, such as those of registries, refuse to go on without.
 * @throws {FramingError} If the body can be read in more than one way, or has a transfer coding
 * other than chunks.
 * @throws {Error} If its content encoding can't be decoded.
 */
export function guardAnswer(
  answer: IncomingMessage,
  plan: RedactionPlan,
  isHead: boolean,
): GuardedAnswer {
  const clean = (text: string) => redact(plan, text);
  const encoding = answer.headers["content-encoding"];
  const tellsLength = isHead && encoding === undefined;
  const isDropped = (name: string) =>
    notKept.has(name) && !(tellsLength && name === "content-length");
  const headers = forwardResponse(answer, isDropped)
    // Drops headers whose name contains a secret, since the redaction mark isn't valid in a name.
    .filter(([name]) => clean(name) === name)
    .map(([name, value]): Header => [name, clean(value)]);
  const decoders = decodersOf(encoding);
  return {
    status: answer.statusCode ?? 502,
    reason: clean(answer.statusMessage ?? ""),
    headers,
    body: [...decoders, lookingInside(plan), redacting(plan)],
  };
}

/** The transforms that decode a body as its client would. @throws {Error} */
function decodersOf(encoding: string | undefined): Duplex[] {
  const names = (encoding ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity");
  const makers = names.reverse().map((name) => {
    const make = decoderOf.get(name);
    if (!make) throw cantLook();
    return make;
  });
  if (makers.length > decodersMax) throw cantLook();
  return makers.flatMap((make) => decoding(make()));
}

/**
 * The decoder, and a guard on either side of it: it ends without an error where a stream ends, even
 * if more follows, so the client would take the beginning for the whole.
 */
function decoding(decoder: Decoder): Duplex[] {
  let givenBytes = 0;
  const before = new Transform({
    transform(piece: Buffer, _encoding, done) {
      givenBytes += piece.length;
      done(null, piece);
    },
  });
  const after = new Transform({
    transform(piece: Buffer, _encoding, done) {
      done(null, piece);
    },
    flush(done) {
      done(decoder.bytesWritten === givenBytes ? null : cantLook());
    },
  });
  return [before, decoder, after];
}

function cantLook(): Error {
  return new Error("the answer's encoding can't be looked into for secrets");
}

/** Passes bytes through unchanged until compressed data in them contains a secret. */
function lookingInside(plan: RedactionPlan): Transform {
  const look = new HiddenLook(plan);
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      look.at(piece).then((safe) => done(null, safe), done);
    },
    flush(done) {
      look.end().then((safe) => done(null, safe), done);
    },
    destroy(error, done) {
      look.close();
      done(error);
    },
  });
}

/** Passes bytes through and redacts secrets. */
function redacting(plan: RedactionPlan): Transform {
  const redactor = new Redactor(plan);
  let silence: NodeJS.Timeout | undefined;
  const bytesOf = (text: string) => Buffer.from(text, "latin1");
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      clearTimeout(silence);
      silence = setTimeout(() => this.push(bytesOf(redactor.pause())), silenceMs);
      done(null, bytesOf(redactor.write(piece.toString("latin1"))));
    },
    flush(done) {
      clearTimeout(silence);
      done(null, bytesOf(redactor.end()));
    },
    destroy(error, done) {
      clearTimeout(silence);
      done(error);
    },
  });
}
