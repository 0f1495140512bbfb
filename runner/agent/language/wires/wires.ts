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

export interface ModelAddress {
  /** The path below the model gateway. */
  readonly path: string;
  /** The model's name on the wire. */
  readonly model: string;
}

/** `external:{provider}:{model}` is a model of a compatible server, with a place of its own. */
export function modelAddress(id: string, wireName: WireName): ModelAddress {
  const external = /^external:([a-z0-9-]{1,50}):(.+)$/.exec(id);
  const model = external?.[2] ?? id;
  const folder = external === null ? folders[wireName] : `external/${external[1]}`;
  return { path: `/${folder}${wires[wireName].path(model)}`, model };
}
