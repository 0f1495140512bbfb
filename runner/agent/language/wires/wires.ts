/** Maps each wire protocol's name to its adapter, and to its place at the model gateway. */
import { anthropicMessages } from "./anthropic-messages.ts";
import { gemini } from "./gemini.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiResponses } from "./openai-responses.ts";
import type { Wire } from "./wire.ts";

export const wires = {
  "anthropic-messages": anthropicMessages,
  "openai-responses": openaiResponses,
  "openai-chat": openaiChat,
  gemini,
} as const satisfies Readonly<Record<string, Wire>>;

export type WireName = keyof typeof wires;

const folders: Readonly<Record<WireName, string>> = {
  "anthropic-messages": "anthropic",
  "openai-responses": "openai",
  "openai-chat": "openai",
  gemini: "gemini",
};

/** The path below the model gateway, which finds the provider by the model. */
export function gatewayPath(model: string, wireName: WireName): string {
  return `/internal/models/${folders[wireName]}${wires[wireName].path(model)}`;
}
