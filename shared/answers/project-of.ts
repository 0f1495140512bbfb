/** Each owner has one project, which the API's objects name although no URL does. */
export function projectOf(ownerId: string): string {
  return ownerId.replace(/^user_/, "proj_");
}
