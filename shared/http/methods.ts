/** HEAD is GET without the body of its answer, on every route that takes GET (RFC 9110, 9.3.2). */

/** The method that a route must have to answer `method`. */
export function routedMethod(method: string): string {
  return method === "HEAD" ? "GET" : method;
}

/** The value of `Allow`: where GET is taken, so is HEAD. */
export function allowHeader(methods: readonly string[]): string {
  return methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
}
