/** How programs write a character of a secret, by the language that they write. */

/** Letters and digits are written unchanged. */
export type SpellUnit = (character: string) => string;

/** Caches the result for each ASCII character. */
function tabled(write: SpellUnit): SpellUnit {
  const table: string[] = [];
  return (character) => {
    const code = character.charCodeAt(0);
    if (code > 127) return write(character);
    const known = table[code];
    if (known !== undefined) return known;
    const written = write(character);
    table[code] = written;
    return written;
  };
}

/** JSON encoders differ in slashes, in non-ASCII characters, and in what HTML would read. */
const json: SpellUnit = (character) => JSON.stringify(character).slice(1, -1);
const jsonSlash: SpellUnit = (character) => (character === "/" ? "\\/" : json(character));
const unicode = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
const jsonAscii: SpellUnit = (character) => json(character).replace(/[^\x20-\x7e]/g, unicode);
const jsonAsciiSlash: SpellUnit = (character) => (character === "/" ? "\\/" : jsonAscii(character));
const jsonHtml: SpellUnit = (character) =>
  /[<>&\u2028\u2029]/.test(character) ? unicode(character) : json(character);
export const jsons = [json, jsonSlash, jsonAscii].map(tabled);
const letters: Readonly<Record<string, string>> = {
  "\u0007": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
};

const inHex = (byte: number) => `\\x${byte.toString(16).padStart(2, "0")}`;
/** A character by its number: Python in small digits, YAML in large ones. */
function byNumber(point: number, isLarge: boolean): string {
  const [letter, width] = point <= 0xff ? ["x", 2] : point <= 0xffff ? ["u", 4] : ["U", 8];
  const digits = point.toString(16).padStart(width, "0");
  return `\\${letter}${isLarge ? digits.toUpperCase() : digits}`;
}
const inOctal = (byte: number) => `\\${byte.toString(8).padStart(3, "0")}`;

/** The literal of a text in ASCII, where `escaped` follow a backslash; digits in either case. */
function asciiLiterals(escaped: string): SpellUnit[] {
  const write = literal(escaped, { esc: "\\x1b" });
  return [false, true].map((isLarge): SpellUnit => {
    return (character) =>
      character <= "~" ? write(character) : byNumber(character.codePointAt(0) ?? 0, isLarge);
  });
}

/** A language's literal: `escaped` follow a backslash, `byte` writes non-ASCII bytes. */
function literal(escaped: string, { byte, esc }: { byte?: typeof inHex; esc: string }): SpellUnit {
  return (character) => {
    if (escaped.includes(character)) return `\\${character}`;
    const letter = letters[character];
    if (letter !== undefined) return `\\${letter}`;
    if (character === "\u001b") return esc;
    if (character < " ") return (byte ?? inHex)(character.charCodeAt(0));
    if (character <= "~" || byte === undefined) return character;
    return [...Buffer.from(character)].map(byte).join("");
  };
}

/**
 * Characters that get a backslash: in bash's `%q`, also at the start of a word; in Python; in Perl.
 */
const special = " \t!\"$&'()*,;<>?[\\]^`{|}";
const quotables = [
  special,
  `${special}~#`,
  " \t#$&()*+-.?[\\]^{|}~",
  " \t!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~",
];
export const backslashes: readonly SpellUnit[] = [
  json,
  jsonSlash,
  jsonAscii,
  jsonAsciiSlash,
  jsonHtml,
  ...["\\", "\\'", '\\"', "\\'\"", "\\`", '\\"$`'].flatMap((escaped) => [
    literal(escaped, { esc: "\\x1b" }),
    literal(escaped, { esc: "\\x1b", byte: inHex }),
  ]),
  ...["", "\\", "\\'", '\\"'].flatMap(asciiLiterals),
  literal("\\'", { esc: "\\E" }),
  literal("\\'", { esc: "\\E", byte: inOctal }),
  literal('\\"', { esc: "\\033", byte: inOctal }),
  literal('\\"', { esc: "\\e" }),
  literal('\\"#', { esc: "\\e" }),
  ...quotables.map((quotable): SpellUnit => {
    return (character) => (quotable.includes(character) ? `\\${character}` : character);
  }),
].map(tabled);

const percentAll: SpellUnit = (character) =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
function upper(write: SpellUnit): SpellUnit {
  return (character) =>
    write(character).replace(/[0-9a-f]{2}$|[0-9a-f]{2}(?=[%\\])/g, (digits) =>
      digits.toUpperCase(),
    );
}

/** Characters that encoders keep besides letters and digits: JavaScript, RFC 3986, Python, URLs. */
const kept = [
  "-_.!~*'()",
  "-_.~",
  "-_.~/",
  "-_.!~*'();/?:@&=+$,#",
  "!$%&'()*+,-./:;=?@[\\]^_`{|}~",
  "!$%&()*+,-./:;=?@[\\]^_`{|}~",
  "!$%&'()*+,-./:;=@[\\]_|~",
];
export const percents: readonly SpellUnit[] = kept
  .map(percentBut)
  .flatMap((write) => [tabled(write), tabled(upper(write))]);
export const forms: readonly SpellUnit[] = ["*-._", "-_.~", "-_.!~*'()"]
  .map((others): SpellUnit => {
    const write = percentBut(others);
    return (character) => (character === " " ? "+" : write(character));
  })
  .flatMap((write) => [tabled(write), tabled(upper(write))]);

function percentBut(others: string): SpellUnit {
  return (character) =>
    /^[A-Za-z0-9]$/.test(character) || others.includes(character)
      ? character
      : percentAll(character);
}

export const shells: readonly ((text: string) => string)[] = [
  (text) => text.replaceAll("'", "'\\''"),
  (text) => text.replaceAll("'", "'\"'\"'"),
  (text) => text.replace(/'+/g, "'\"$&\"'"),
];

const [amp, lt, gt, quot] = [{ "&": "&amp;" }, { "<": "&lt;" }, { ">": "&gt;" }, { '"': "&quot;" }];
const markup = { ...amp, ...lt, ...gt };
export const entities: readonly SpellUnit[] = [
  { ...amp, ...lt },
  { ...amp, ...lt, ...quot },
  markup,
  { ...markup, ...quot },
  ...["&#x27;", "&#39;", "&#039;", "&apos;"].map((quote) => ({ ...markup, ...quot, "'": quote })),
  { ...markup, '"': "&#34;", "'": "&#39;" },
  { ...markup, ...quot, "'": "&#x27;", "`": "&#x60;" },
  { ...markup, ...quot, "'": "&#x27;", "/": "&#x2F;" },
  { ...markup, ...quot, "'": "&#x27;", "`": "&#x60;", "=": "&#x3D;" },
  { ...markup, ...quot, "'": "&#39;", "/": "&#x2F;", "`": "&#x60;", "=": "&#x3D;" },
].flatMap((table: Readonly<Record<string, string>>): SpellUnit[] => [
  tabled((character) => table[character] ?? character),
  tabled((character) => table[character] ?? (character > "~" ? decimal(character) : character)),
]);

function decimal(character: string): string {
  return `&#${character.codePointAt(0)};`;
}
