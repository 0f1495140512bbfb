/** The rest of a call's time, and where to report what doesn't end it. */
export interface CallTurn {
  isLate(): boolean;
  report(message: string, cause: unknown, facts: object): void;
}
