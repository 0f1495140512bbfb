import { ApiError } from "./api-error.ts";

/** The refusal of a path that no route has, such as `/`; it says where the routes are listed. */
export function noSuchRoute(): ApiError {
  const message = "There is no such route; the page /docs lists those that there are.";
  return new ApiError("NOT_FOUND", { message });
}
