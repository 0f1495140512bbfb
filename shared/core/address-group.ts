/** Of an IPv6 address, what a provider gives to one customer: the rest is theirs to choose. */
const customerPrefixParts = 4;
const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/** The addresses that count as one client: an IPv4 address itself, an IPv6 address's /64. */
export function addressGroup(address: string): string {
  const asIpv4 = mapped.exec(address)?.[1];
  if (asIpv4 !== undefined) return asIpv4;
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("::", 2);
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const parts = [...before, ...Array<string>(zeros).fill("0"), ...after];
  const prefix = parts.slice(0, customerPrefixParts).map((part) => part.replace(/^0+(?=.)/, ""));
  return `${prefix.join(":")}::/64`;
}
