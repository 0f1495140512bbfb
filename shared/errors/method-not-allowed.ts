import { ApiError } from "./api-error.ts";

/** @param allow the methods that the path takes, as the header lists them: `GET, POST`. */
export function methodNotAllowed(allow: string): ApiError {
  return new ApiError("METHOD_NOT_ALLOWED", {
    message: `This path takes ${allow}, and no other method.`,
    details: { allowed: allow.split(", ") },
    headers: { allow },
  });
}
