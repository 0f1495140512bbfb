/** Coding agents from npm with the settings that docs/agents.md names for them. */
import type { ScriptedTurn } from "../../../local/providers/turn.ts";

export interface CodingAgent {
  readonly name: string;
  /** With its exact version, since another may send other fields. */
  readonly package: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Writes its settings and runs it. */
  readonly script: string;
  /** A call of its own tool that writes made.txt. */
  readonly turn: ScriptedTurn;
}

export const doneText = "It is written, says the model.";
const command = "echo made by the tool > made.txt";
const calls = (name: string, input: object): ScriptedTurn => ({
  items: [{ kind: "tool-call", name, input }],
});
const settings = (path: string, text: string) =>
  `mkdir -p "$(dirname ${path})"\ncat >${path} <<'END'\n${text}\nEND`;

const piModels = JSON.stringify({
  providers: {
    paddock: {
      baseUrl: "http://127.0.0.1:3129/anthropic",
      ...{ api: "anthropic-messages", apiKey: "none", models: [{ id: "claude-haiku-4-5" }] },
    },
  },
});

const codexConfig = `
model = "gpt-5-mini"
model_provider = "paddock"
web_search = "disabled"
[features]
multi_agent = false
[model_providers.paddock]
name = "Paddock"
base_url = "http://127.0.0.1:3129/openai/v1"
wire_api = "responses"`;

const geminiSettings = JSON.stringify({ security: { auth: { selectedType: "gemini-api-key" } } });

export const codingAgents: readonly CodingAgent[] = [
  {
    name: "pi",
    package: "@earendil-works/pi-coding-agent@1.6.0",
    variables: { PADDOCK_MODELS: "http://127.0.0.1:3129/", PI_CODING_AGENT_DIR: "/tmp/pi" },
    script: `${settings("/tmp/pi/models.json", piModels)}
      pi -p --offline --no-session --model paddock/claude-haiku-4-5 "Write made.txt."`,
    turn: calls("write", { path: "made.txt", content: "made by the tool\n" }),
  },
  {
    name: "Claude Code",
    package: "@anthropic-ai/claude-code@2.1.332",
    variables: {
      ANTHROPIC_BASE_URL: "http://127.0.0.1:3129/anthropic",
      ANTHROPIC_AUTH_TOKEN: "none",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS: "1",
    },
    script: `export HOME=/tmp/home; mkdir -p $HOME
      claude -p "Write made.txt." --model claude-haiku-4-5 --allowedTools Bash </dev/null`,
    turn: calls("Bash", { command, description: "Writes the file." }),
  },
  {
    name: "Codex",
    package: "@openai/codex@0.171.0",
    variables: { PADDOCK_MODELS: "http://127.0.0.1:3129/", CODEX_HOME: "/workspace/.codex" },
    script: `${settings("/workspace/.codex/config.toml", codexConfig)}
      codex exec --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox \\
        "Write made.txt." </dev/null`,
    turn: calls("exec_command", { cmd: command }),
  },
  {
    name: "Gemini CLI",
    package: "@google/gemini-cli@0.61.0",
    variables: {
      GOOGLE_GEMINI_BASE_URL: "http://127.0.0.1:3129/gemini",
      GEMINI_API_KEY: "none",
      GEMINI_CLI_TRUST_WORKSPACE: "true",
    },
    script: `export HOME=/tmp/home\n${settings("/tmp/home/.gemini/settings.json", geminiSettings)}
      gemini -p "Write made.txt." -m gemini-2.5-flash --approval-mode yolo </dev/null`,
    turn: calls("run_shell_command", { command, description: "Writes the file." }),
  },
];
