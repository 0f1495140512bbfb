/** Ranges of client addresses in CIDR notation, IPv4 and IPv6; one address is a range of one. */

export interface AddressRange {
  readonly family: 4 | 6;
  /** The range's first address. */
  readonly first: bigint;
  readonly prefixBits: number;
}

const widthBits = { 4: 32, 6: 128 } as const;
const octet = /^(?:0|[1-9][0-9]{0,2})$/;
const group = /^[0-9a-f]{1,4}$/i;
const prefixLength = /^(?:0|[1-9][0-9]{0,2})$/;

type Address = Omit<AddressRange, "prefixBits">;

function parseIpv4(text: string): bigint | null {
  const octets = text.split(".");
  if (octets.length !== 4) return null;
  if (!octets.every((one) => octet.test(one) && Number(one) <= 255)) return null;
  return octets.reduce((sum, one) => (sum << 8n) | BigInt(one), 0n);
}

function parseIpv6(text: string): bigint | null {
  const halves = withoutIpv4Tail(text)?.split("::");
  if (!halves || halves.length > 2) return null;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  // `::` replaces at least one group; without it, all eight must be present.
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array<string>(missing).fill("0"), ...tail];
  if (!groups.every((one) => group.test(one))) return null;
  return groups.reduce((sum, one) => (sum << 16n) | BigInt(`0x${one}`), 0n);
}

/** An IPv4 address at the end stands for the last two groups. */
function withoutIpv4Tail(text: string): string | null {
  if (!text.includes(".")) return text;
  const colon = text.lastIndexOf(":");
  const ipv4 = parseIpv4(text.slice(colon + 1));
  if (colon < 0 || ipv4 === null) return null;
  const [high, low] = [ipv4 >> 16n, ipv4 & 0xffffn];
  return `${text.slice(0, colon + 1)}${high.toString(16)}:${low.toString(16)}`;
}

/** An IPv4 address mapped into IPv6, as sockets show it, counts as the IPv4 address. */
function parseAddress(text: string): Address | null {
  if (text.length > 45) return null;
  const ipv4 = parseIpv4(text);
  if (ipv4 !== null) return { family: 4, first: ipv4 };
  const ipv6 = parseIpv6(text);
  if (ipv6 === null) return null;
  return ipv6 >> 32n === 0xffffn
    ? { family: 4, first: ipv6 & 0xffff_ffffn }
    : { family: 6, first: ipv6 };
}

/** Null if the text isn't a range, or if its address has bits in the host part. */
export function parseRange(text: string): AddressRange | null {
  const [addressText = "", bitsText, ...rest] = text.split("/");
  const address = parseAddress(addressText);
  if (!address || rest.length > 0) return null;
  const width = widthBits[address.family];
  if (bitsText === undefined) return { ...address, prefixBits: width };
  // A mapped IPv4 range states its prefix in IPv4's 32 bits.
  if (!prefixLength.test(bitsText) || (address.family === 4 && addressText.includes(":"))) {
    return null;
  }
  const prefixBits = Number(bitsText);
  if (prefixBits > width) return null;
  const range = { ...address, prefixBits };
  return network(range) << BigInt(width - prefixBits) === address.first ? range : null;
}

function network({ family, first, prefixBits }: AddressRange): bigint {
  return first >> BigInt(widthBits[family] - prefixBits);
}

/** Whether every address of `inner` is one of `outer`. */
export function covers(outer: AddressRange, inner: AddressRange): boolean {
  if (outer.family !== inner.family || inner.prefixBits < outer.prefixBits) return false;
  return network({ ...inner, prefixBits: outer.prefixBits }) === network(outer);
}

/** Whether `address` lies in one of `ranges`; text that is no address lies in none. */
export function isInRanges(address: string, ranges: readonly string[]): boolean {
  const parsed = parseAddress(address);
  if (!parsed) return false;
  const one = { ...parsed, prefixBits: widthBits[parsed.family] };
  return ranges.some((text) => {
    const range = parseRange(text);
    return range !== null && covers(range, one);
  });
}

/** The prefix that a provider usually assigns as a whole; addresses within it change often. */
const networkBits = { 4: 24, 6: 48 } as const;

/**
 * The name of the network that a client's address belongs to: an IPv4 /24 or an IPv6 /48. Text that
 * is no address is its own network.
 */
export function clientNetwork(address: string): string {
  const parsed = parseAddress(address);
  if (!parsed) return address;
  const prefixBits = networkBits[parsed.family];
  return `${parsed.family}:${network({ ...parsed, prefixBits }).toString(16)}/${prefixBits}`;
}
