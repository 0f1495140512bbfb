/** Says why the system didn't start a program. Node's own message could quote a variable. */
const sentences: ReadonlyMap<string, string> = new Map([
  ["E2BIG", "its variables and secrets are too large together; use fewer, or put them into files."],
  ["EAGAIN", "the limit of processes is reached."],
  ["ENOMEM", "memory is used up."],
]);

export function startFailure(code: string): string {
  return sentences.get(code) ?? `${code}.`;
}
