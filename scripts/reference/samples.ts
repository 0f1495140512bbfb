/** The same call in three languages, quoted so that each can be pasted and run. */

export interface Call {
  readonly method: string;
  /** With examples in place of parameters. */
  readonly path: string;
  readonly needsKey: boolean;
  readonly body:
    | { readonly kind: "none" | "form" }
    | { readonly kind: "json"; readonly value: unknown };
  /** Whether the answer is a stream of events. */
  readonly streams: boolean;
}

export interface Samples {
  readonly curl: string;
  readonly typescript: string;
  readonly python: string;
}

/** Each reads PADDOCK_URL and PADDOCK_API_KEY from its environment. */
export function samplesOf(call: Call): Samples {
  return { curl: curl(call), typescript: typescript(call), python: python(call) };
}

function curl({ method, path, needsKey, body, streams }: Call): string {
  const parts = [`curl${streams ? " -N" : ""} "$PADDOCK_URL"${shellText(path)}`];
  const usual = body.kind === "none" ? "GET" : "POST";
  if (method !== usual) parts.push(`-X ${method}`);
  if (needsKey) parts.push('-H "Authorization: Bearer $PADDOCK_API_KEY"');
  if (body.kind === "json") {
    parts.push("-H 'Content-Type: application/json'");
    parts.push(`-d ${shellText(JSON.stringify(body.value))}`);
  }
  if (body.kind === "form") parts.push("-F file=@report.txt -F path=src");
  return parts.join(" \\\n  ");
}

/** In single quotes, inside of which only the quote itself means something. */
function shellText(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function typescript({ method, path, needsKey, body, streams }: Call): string {
  const headers = [
    ...(needsKey ? ['    Authorization: "Bearer " + process.env.PADDOCK_API_KEY,'] : []),
    ...(body.kind === "json" ? ['    "Content-Type": "application/json",'] : []),
  ];
  const form = body.kind === "form";
  return [
    ...(form
      ? [
          "const form = new FormData();",
          'form.append("file", new Blob(["text"]), "report.txt");',
          'form.append("path", "src");',
        ]
      : []),
    `const response = await fetch(process.env.PADDOCK_URL + ${JSON.stringify(path)}, {`,
    `  method: ${JSON.stringify(method)},`,
    ...(headers.length > 0 ? ["  headers: {", ...headers, "  },"] : []),
    ...(body.kind === "json" ? [`  body: JSON.stringify(${JSON.stringify(body.value)}),`] : []),
    ...(form ? ["  body: form,"] : []),
    "});",
    ...(streams
      ? [
          "const text = response.body!.pipeThrough(new TextDecoderStream());",
          "for await (const part of text) process.stdout.write(part);",
        ]
      : ["console.log(response.status, await response.text());"]),
  ].join("\n");
}

function python({ method, path, needsKey, body, streams }: Call): string {
  const form = body.kind === "form";
  return [
    "import os, requests",
    "",
    "response = requests.request(",
    `    ${JSON.stringify(method)}, os.environ["PADDOCK_URL"] + ${JSON.stringify(path)},`,
    ...(needsKey
      ? ['    headers={"Authorization": "Bearer " + os.environ["PADDOCK_API_KEY"]},']
      : []),
    ...(body.kind === "json" ? [`    json=${pythonValue(body.value)},`] : []),
    ...(form ? ['    files={"file": ("report.txt", b"text")}, data={"path": "src"},'] : []),
    ...(streams ? ["    stream=True,"] : []),
    ")",
    ...(streams
      ? ["for line in response.iter_lines(decode_unicode=True):", "    print(line)"]
      : ["print(response.status_code, response.text)"]),
  ].join("\n");
}

function pythonValue(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([name, one]) => `${JSON.stringify(name)}: ${pythonValue(one)}`,
  );
  return `{${fields.join(", ")}}`;
}
