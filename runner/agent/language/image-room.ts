/**
 * Bounds the images of a conversation, which are megabytes each: all of them are in every request
 * and in the supervisor's memory, and the gateway takes a request of 16 MiB.
 */
import type { ImagePart, Message, TextPart, UserPart } from "./conversation.ts";

/** As base64; what is said beside them has the rest of a request. */
const lengthMax = 10 * 1024 * 1024;
/** Kept once there are too many, so that the next ones don't change earlier messages again. */
const keptLengthMax = lengthMax / 2;

const told = {
  tooMany:
    "The image isn't shown: images of some megabytes were shown with this answer already. Look at " +
    "fewer at once, or make smaller copies.",
  refused: "[an image, which the model's provider didn't take; don't look at it again]",
  earlier: "[an image, left out since to save room; look at it again if you need it]",
};

type Content = TextPart | ImagePart;

/** What the calls of one answer may show. */
export class ImageRoom {
  #left = lengthMax;

  /** Those that fit; a sentence stands for each other one. */
  fit(content: readonly Content[]): readonly Content[] {
    return content.map((part) => {
      if (part.type !== "image") return part;
      if (part.base64.length > this.#left) return { type: "text", text: told.tooMany };
      this.#left -= part.base64.length;
      return part;
    });
  }
}

/** The messages without their older images, if those of all are too large for one request. */
export function withoutOldImages(messages: readonly Message[]): Message[] {
  const sizes = messages.map(imageLength);
  if (sizes.reduce((sum, size) => sum + size, 0) <= lengthMax) return [...messages];
  let left = keptLengthMax;
  const kept = messages.toReversed().map((message, index): Message => {
    left -= imageLength(message);
    // The newest are what the model is about to look at.
    return left >= 0 || index === 0 ? message : withoutImages(message, told.earlier);
  });
  return kept.reverse();
}

/** The messages with a sentence for each image; null if there is none. */
export function withoutAllImages(messages: readonly Message[]): Message[] | null {
  if (messages.every((message) => imageLength(message) === 0)) return null;
  return messages.map((message) => withoutImages(message, told.refused));
}

function imageLength(message: Message): number {
  if (message.role === "assistant") return 0;
  const parts = message.parts.flatMap((part): readonly UserPart[] =>
    part.type === "tool_result" ? part.content : [part],
  );
  return parts.reduce((sum, part) => sum + (part.type === "image" ? part.base64.length : 0), 0);
}

function withoutImages(message: Message, text: string): Message {
  if (message.role === "assistant" || imageLength(message) === 0) return message;
  const leftOut = (part: Content): Content =>
    part.type === "image" ? { type: "text", text } : part;
  const parts = message.parts.map((part): UserPart => {
    return part.type === "tool_result"
      ? { ...part, content: part.content.map(leftOut) }
      : leftOut(part);
  });
  return { ...message, parts };
}
