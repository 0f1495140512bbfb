/** What `encodeURIComponent` leaves, and RFC 8187 doesn't: some clients refuse the whole header. */
const left = /['()*]/g;

/** A `Content-Disposition` for a file of any name (RFC 6266, RFC 8187). */
export function attachment(name: string): string {
  const inHex = (sign: string) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
  return `attachment; filename*=UTF-8''${encodeURIComponent(name).replaceAll(left, inHex)}`;
}
