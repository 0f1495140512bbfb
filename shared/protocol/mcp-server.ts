/** An MCP server as a runner is told of it. */
import * as z from "zod";

export const McpServer = z.object({
  name: z.string(),
  /** `stdio`: a program in the sandbox; `http`: called by the supervisor, from outside of it. */
  type: z.enum(["stdio", "http"]),
  command: z.string().nullable(),
  args: z.array(z.string()),
  /** The program's variables, secret ones included. */
  env: z.record(z.string(), z.string()),
  url: z.string().nullable(),
  /** Never enters the sandbox. */
  bearerToken: z.string().nullable(),
});
export type McpServer = z.infer<typeof McpServer>;
