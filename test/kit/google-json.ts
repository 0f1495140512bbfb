/** The forms of Google's answers. */

export interface Json {
  readonly status: number;
  readonly json: object;
}

export const ok = (json: object): Json => ({ status: 200, json });

export function refused(status: number, message: string, reason?: string): Json {
  const details = reason === undefined ? [] : [{ reason }];
  return { status, json: { error: { code: status, message, details } } };
}
