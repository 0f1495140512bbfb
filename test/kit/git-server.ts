/** Git's own server behind HTTP, for repositories of a folder; it takes one password. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class GitServer {
  readonly folder = mkdtempSync(join(tmpdir(), "paddock-git-server-"));
  /** The names and passwords that were sent. */
  readonly heard = new Set<string>();
  readonly #password: string;
  readonly #program = join(
    execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(),
    "git-http-backend",
  );

  constructor(password: string) {
    this.#password = password;
  }

  /** Makes a bare repository with one commit on `main`. */
  add(name: string): void {
    const bare = join(this.folder, name);
    const work = join(this.folder, `${name}.work`);
    const git = (...words: readonly string[]) => execFileSync("git", words, { stdio: "pipe" });
    git("init", "-q", "-b", "main", work);
    git(
      ...["-C", work, "-c", "user.name=A", "-c", "user.email=a@example.com"],
      ...["commit", "-q", "--allow-empty", "-m", "The first"],
    );
    git("clone", "-q", "--bare", work, bare);
    git("-C", bare, "config", "http.receivepack", "true");
  }

  git(name: string, ...words: readonly string[]): string {
    return execFileSync("git", ["-C", join(this.folder, name), ...words], { encoding: "utf8" });
  }

  get serve(): RequestListener {
    return (request, response) => this.#serve(request, response);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const [, encoded = ""] = (request.headers.authorization ?? "").split(" ");
    const credentials = Buffer.from(encoded, "base64").toString();
    if (credentials !== "") this.heard.add(credentials);
    if (!credentials.endsWith(`:${this.#password}`)) {
      const challenge = { "www-authenticate": 'Basic realm="git"' };
      response.writeHead(401, challenge).end("Sign in.");
      return;
    }
    const url = new URL(request.url ?? "/", "http://server");
    const child = spawn(this.#program, {
      env: {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: this.folder,
        GIT_HTTP_EXPORT_ALL: "1",
        REQUEST_METHOD: request.method,
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
        GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
        REMOTE_USER: "somebody",
      },
      stdio: ["pipe", "pipe", "inherit"],
    });
    request.pipe(child.stdin);
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stdout.on("end", () => answer(response, Buffer.concat(chunks)));
  }
}

/** The program writes headers as CGI has them. */
function answer(response: ServerResponse, bytes: Buffer): void {
  const end = bytes.indexOf("\r\n\r\n");
  for (const line of bytes.toString("latin1", 0, end).split("\r\n")) {
    const [name = "", value = ""] = line.split(": ");
    if (name === "Status") response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.end(bytes.subarray(end + 4));
}
