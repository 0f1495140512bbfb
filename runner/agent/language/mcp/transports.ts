/** How a server is spoken with: a program in the sandbox, or an address outside. */
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { McpServer } from "#shared/protocol/mcp-server";
import { fetchByPolicy } from "../../../egress/fetch-by-policy.ts";
import type { LanguageTools } from "../../model.ts";
import { ToolError } from "../tools/tool.ts";
import { boundReconnections, type ListRoom } from "./bound-requests.ts";
import { type MessageRoom, messageBytesMax } from "./message-room.ts";
import { StdioTransport } from "./stdio-transport.ts";

/** All that a program may write. */
const programBytesMax = 256 * 1024 * 1024;

export interface TransportDeps extends Pick<LanguageTools, "serve" | "reach"> {
  readonly room: ListRoom;
  readonly messages: MessageRoom;
}

/** @throws {ToolError} If it says no program. */
export function programTransport(
  { command, args, env }: McpServer,
  deps: TransportDeps,
): StdioTransport {
  if (command === null || command.trim() === "") throw new ToolError("it names no command.");
  const program = { program: command, arguments: args, environment: env };
  return new StdioTransport(
    (onOutput) => deps.serve({ ...program, outputBytesMax: programBytesMax }, onOutput),
    (bytes) => deps.room.take(bytes),
    deps.messages.share(messageBytesMax.line),
  );
}

/** Nothing is discovered and no one signs in: a server gets the token that it was given. */
export function httpTransport(
  { url, bearerToken }: McpServer,
  { reach, messages }: TransportDeps,
): StreamableHTTPClientTransport {
  const address = url === null ? null : URL.parse(url);
  if (address === null) throw new ToolError("it has no valid address.");
  const headers = bearerToken === null ? {} : { Authorization: `Bearer ${bearerToken}` };
  return new StreamableHTTPClientTransport(address, {
    fetch: fetchByPolicy(reach, messageBytesMax.answers, messages.share(messageBytesMax.answers)),
    requestInit: { headers, redirect: "manual" },
    onInsufficientScope: "throw",
    reconnectionScheduler: boundReconnections(),
  });
}
