/** Guesses how many tokens a conversation has, for where the provider's own count isn't known. */
import type { AssistantPart, Message, UserPart } from "./conversation.ts";

/** English takes 4 bytes, code and other languages fewer; too high a guess does no harm. */
const bytesPerToken = 3;
const tokensPerImage = 1_600;
const tokensPerMessage = 8;

export function estimateText(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / bytesPerToken);
}

export function estimateMessages(messages: readonly Message[]): number {
  return messages.reduce((sum, message) => sum + estimateMessage(message), 0);
}

export function estimateMessage({ parts }: Message): number {
  return parts.reduce((sum, part) => sum + estimatePart(part), tokensPerMessage);
}

function estimatePart(part: UserPart | AssistantPart): number {
  switch (part.type) {
    case "text":
    case "thinking":
      return estimateText(part.text);
    case "image":
      return tokensPerImage;
    case "tool_call":
      return estimateText(part.name + part.arguments);
    case "tool_result":
      return part.content.reduce((sum, inner) => sum + estimatePart(inner), tokensPerMessage);
  }
}
