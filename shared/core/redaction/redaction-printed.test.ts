// @module-tag slow
/** How real shells and languages print a secret, and what redaction leaves of it. */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { planRedaction } from "./plan.ts";
import { redact } from "./redaction.ts";

const pem = { type: "pkcs8", format: "pem" } as const;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export(pem) as string;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export(pem) as string;
/** A look-alike, because Node writes no such keys. */
const openssh = [
  "-----BEGIN OPENSSH PRIVATE KEY-----",
  ...(rsa.match(/[\w+/=]{64}/g) ?? []).map(
    (line, index) => `${line}${line.slice(index, index + 6)}`,
  ),
  "-----END OPENSSH PRIVATE KEY-----",
].join("\n");
const account = {
  type: "service_account",
  project_id: "a-project-of-ours",
  private_key_id: "3f1a9c5e7b2d4860a1c3e5f708192a3b4c5d6e7f",
  private_key: rsa,
  client_email: "robot@a-project-of-ours.iam.gserviceaccount.com",
};
const values: Readonly<Record<string, string>> = {
  "an RSA key": rsa,
  "an EC key": ec,
  "an OpenSSH key": openssh,
  "a service account": JSON.stringify(account, null, 2),
  "a service account on one line": JSON.stringify(account),
  "a block of variables": [
    "# of the shop",
    "DATABASE_URL='postgres://shop:pä55-w0rd@db.example/shop?sslmode=require&x=1'",
    'STRIPE_KEY="sk_live_0a1b2c3d4e5f6g7h8i9jKLMN"',
    "\tSESSION_PHRASE=correct  horse\\+battery $taple `tick` <tag> 100%",
    "QUOTE=it''s \"\"quoted\"\" 'all' over",
    "",
  ].join("\r\n"),
  "a token": "ghp_0123456789abcdefghijABCDEFGHIJ\n",
  "a password": "it's-a-long-\"pass'word\" of $10 & <more>; 100%!",
};

/** Breaks, blanks, quotes and brackets in URLs. */
const blankCodes = /%(?:0[9ad]|2[02c]|3a|5[bcd]|7[bd])/gi;
/** More consecutive characters than any script here prints itself. */
const telling = /[\w+/=%\\.@:?&-]{9,}/;

function left(value: string, printed: string): string[] {
  const clean = redact(planRedaction([{ key: "K", value }]), printed);
  return clean
    .replaceAll("[redacted:K]", " ")
    .replace(blankCodes, " ")
    .split("\n")
    .filter((line) => telling.test(line));
}

/** Runs many scripts in one shell; `$K` holds the value. */
function printedBy(shell: string, scripts: readonly string[], value: string): string[] {
  const script = scripts.map((one) => `( ${one} ) 2>&1\nprintf '\\0'`).join("\n");
  const env = { K: value, PATH: process.env.PATH, LC_ALL: "C.UTF-8", PS4: "+ " };
  return execFileSync(shell, ["-c", script], {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  })
    .split("\0")
    .slice(0, -1);
}

const byShells = [
  "echo $K",
  'printf %s "$(printf %s "$K")"',
  "export -p | sed -n '/ K=/,$p' | sed '/P[AW][TD]H*=/d'",
  "set | sed -n '/^K=/,/^[A-JL-Z_]*=/p' | sed '/^[A-JL-Z_]*=/d'",
  'set -x; : "$K"',
];
const byBash = [
  'printf "%q" "$K"',
  `printf "%s" "\${K@Q}"`,
  "declare -p K",
  'LC_ALL=C; printf "%q" "$K"',
  'LC_ALL=C; set -x; : "$K"',
];
const byTools = [
  "sed 's/^/    /'",
  "sed -n 2p",
  "sed -n 5p",
  "cat -n",
  "nl -ba -s': '",
  "sed 's/^/> /'",
  "sed 's/$/\\r/'",
  "tr '\\n' ' '",
  "tr '\\n' '\\t'",
  "tr -d '\\n'",
  "tr -d '\\r'",
  "paste -sd, -",
  "tac",
  "sort",
  "sed 's/^[ \\t]*//; s/^/key: |-\\n  /'",
  "diff /dev/null -",
  "fold -w 40",
  "fold -w 5",
  "base64",
  "base64 -w 7",
  "base64 | sed 's/^/      /'",
  "sed 's/^/-/' | base64 -w 0",
  "od -An -v -tx1 | tr -d ' \\n'",
].map((tool) => `printf '%s\\n' "$K" | ${tool}`);

describe.each(Object.entries(values))("SEC-4 nothing is left of %s", (_name, value) => {
  test.each([
    ["bash", [...byShells, ...byBash, ...byTools]],
    ["dash", byShells],
  ])("that %s prints", (shell, scripts) => {
    if (!existsSync(`/bin/${shell}`)) return;
    const printed = printedBy(shell, scripts, value);
    const shown = printed.map((text, index) => [scripts[index], left(value, text)] as const);
    expect(shown.filter(([, lines]) => lines.length > 0)).toEqual([]);
    expect(printed).toHaveLength(scripts.length);
  });

  test("that Node writes", () => {
    const lines = value.split(/\r?\n/);
    const inJson = JSON.stringify({ held: value, lines });
    const written = [
      inspect(value),
      inspect({ deep: { held: value } }, { breakLength: 40 }),
      inspect(lines),
      inJson,
      JSON.stringify({ inJson }),
      JSON.stringify({ inJson }, null, 2).replaceAll("/", "\\/"),
      inJson.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
      encodeURIComponent(value),
      encodeURI(value),
      encodeURIComponent(inJson),
      escape(Buffer.from(value).toString("latin1")),
      new URLSearchParams({ value }).toString(),
      /[#%]/.test(value) ? "" : new URL(`u:?${value}`).href,
      Buffer.from(value).toString("hex").replace(/../g, "%$&"),
      Buffer.from(value).toString("hex").toUpperCase().replace(/../g, "%$&"),
      Buffer.from(value).toString("base64url"),
      encodeURIComponent(Buffer.from(value).toString("base64")),
      Buffer.from(value).toString("base64").replaceAll("/", "\\/"),
    ];
    expect(written.flatMap((text) => left(value, text))).toEqual([]);
  });
});

const python = "/usr/bin/python3";
const pythons = [
  "repr(v)",
  "repr(v.encode())",
  "ascii(v)",
  "ascii({'held': v})",
  "json.dumps(ascii(v))",
  "v.encode('unicode_escape').decode()",
  "re.sub(r'(?<=\\\\x)[0-9a-f]{2}', lambda code: code[0].upper(), ascii(v))",
  "repr(v.splitlines())",
  "json.dumps(json.dumps({'held': v}))",
  "html.escape(v)",
  "saxutils.quoteattr(v)",
  "html.escape(v).encode('ascii', 'xmlcharrefreplace').decode()",
  "parse.quote(v)",
  "parse.quote_plus(v)",
  "re.sub('%..', lambda code: code[0].lower(), parse.quote(v, safe=''))",
  "shlex.quote(v)",
  "json.dumps('curl -d ' + shlex.quote(v))",
  "re.escape(v)",
  "textwrap.indent(v, '    ')",
  "base64.encodebytes(v.encode()).decode()",
  "v.replace(chr(39), chr(39) * 2)",
  "v.replace(chr(34), chr(34) * 2)",
  "v.encode().hex()",
  "','.join(v.splitlines())",
];

test.skipIf(!existsSync(python))("SEC-4 nothing is left of what Python writes", () => {
  const script = [
    "import base64, html, json, re, shlex, sys, textwrap",
    "from urllib import parse",
    "from xml.sax import saxutils",
    "values = json.load(sys.stdin)",
    `print(json.dumps([[${pythons.join(", ")}] for v in values]))`,
  ].join("\n");
  const input = JSON.stringify(Object.values(values));
  const answer = execFileSync(python, ["-c", script], { input, encoding: "utf8" });
  const written = JSON.parse(answer) as string[][];
  const shown = Object.values(values).flatMap((value, row) =>
    pythons.map((name, index) => [name, ...left(value, written[row]?.[index] ?? value)]),
  );
  expect(shown.filter(([, ...lines]) => lines.length > 0)).toEqual([]);
});

test.each(["p/+ss&qu\u0000", "p/+ss&quux", "p/+ss&#3x", "p/+ss&#x3g"])(
  "SEC-4 leaves what can't become an escaped character any more: %j",
  (text) => {
    const plan = planRedaction([{ key: "K", value: 'p/+ss"word' }]);
    expect(redact(plan, text)).toBe(text);
  },
);
