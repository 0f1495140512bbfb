/** What is derived from a route's declaration. */
export interface Made {
  readonly method: string;
  /** `/v1/…` and the same at the root, for clients that never add the prefix. */
  readonly paths: readonly string[];
  readonly streams: boolean;
}

export function madeOf({
  endpoint,
  reply,
}: {
  readonly endpoint: string;
  readonly reply: Readonly<Record<number, unknown>>;
}): Made {
  const [method = "", path = ""] = endpoint.split(" ");
  const paths = path.startsWith("/v1/") ? [path, path.slice("/v1".length)] : [path];
  const streams = Object.values(reply).some((body) => body === "stream");
  return { method, paths, streams };
}
