/** Names of MCP servers' tools, as a model may call them: all differ, whatever servers say. */

/** No tool of ours begins with it. */
export const mcpPrefix = "mcp__";

/** What all providers take. */
const nameLengthMax = 64;
const serverLengthMax = 20;

/** Gives every name it is asked for once: the same list of requests gets the same names. */
export class ToolNames {
  readonly #servers = new Set<string>();
  readonly #tools = new Set<string>();

  server(name: string): string {
    return unused(usable(name).slice(0, serverLengthMax), this.#servers, serverLengthMax);
  }

  /** @param server What `server` returned. */
  tool(server: string, name: string): string {
    const whole = `${mcpPrefix}${server}__${usable(name)}`.slice(0, nameLengthMax);
    return unused(whole, this.#tools, nameLengthMax);
  }
}

function usable(name: string): string {
  const letters = name.replaceAll(/[^A-Za-z0-9_-]/g, "_");
  return letters === "" ? "_" : letters;
}

function unused(name: string, used: Set<string>, lengthMax: number): string {
  let free = name;
  for (let number = 2; used.has(free); number += 1) {
    const ending = `_${number}`;
    free = name.slice(0, lengthMax - ending.length) + ending;
  }
  used.add(free);
  return free;
}
