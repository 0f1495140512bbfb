/** Every route that takes GET takes HEAD: the same answer without its body (RFC 9110, 9.3.2). */

/** The method that a route must have to answer `method`. */
export function routedMethod(method: string): string {
  return method === "HEAD" ? "GET" : method;
}

/** The value of `Allow`; GET includes HEAD. */
export function allowHeader(methods: readonly string[]): string {
  return methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
}
