/** Completion scripts, made from the command tree. What they don't know is completed as a file. */
import { commandSpecs, globalOptions, groups } from "./tree.ts";

export const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

interface Word {
  readonly word: string;
  readonly summary: string;
}

/** What may follow `paddock PATH`: commands, or a command's options. */
interface Node {
  readonly path: string;
  readonly words: readonly Word[];
}

export function completionFor(shell: Shell): string {
  return { bash, zsh, fish }[shell](nodesOfTree());
}

function nodesOfTree(): readonly Node[] {
  const single = commandSpecs.filter(({ path }) => !path.includes(" "));
  const top = [
    ...Object.entries(groups).map(([word, summary]) => ({ word, summary })),
    ...single.map(({ path, summary }) => ({ word: path, summary })),
    { word: "help", summary: "explain a command" },
  ];
  const ofGroups = Object.keys(groups).map((path) => ({
    path,
    words: commandSpecs.flatMap((spec) => {
      const [group, word] = spec.path.split(" ");
      return group === path && word ? [{ word, summary: spec.summary }] : [];
    }),
  }));
  const ofCommands = commandSpecs.map(({ path, args, options = [] }) => ({
    path,
    words: [
      ...(args?.[0]?.[0] === "<shell>" ? shells.map((word) => ({ word, summary: "" })) : []),
      ...optionWords([...options, ...globalOptions, ["-h, --help", "explain this command"]]),
    ],
  }));
  return [{ path: "", words: top }, ...ofGroups, ...ofCommands];
}

function optionWords(options: typeof globalOptions): readonly Word[] {
  return options.map(([flags, summary]) => ({
    word: /--[a-z-]+/.exec(flags)?.[0] ?? flags,
    summary,
  }));
}

/** The paths that commands have, each as `case` takes it. */
function casePaths(nodes: readonly Node[]): string {
  return nodes
    .filter(({ path }) => path !== "")
    .map(({ path }) => `"${path}"`)
    .join("|");
}

/**
 * Shell code that adds up, in `place`, the command that the words before the cursor name. The name
 * `path` is taken in zsh.
 */
function pathLoop(nodes: readonly Node[], words: string): string {
  return `  local word next place=""
  for word in ${words}; do
    next="\${place:+$place }$word"
    case "$next" in ${casePaths(nodes)}) place="$next" ;; esac
  done`;
}

function bash(nodes: readonly Node[]): string {
  const cases = nodes.map(({ path, words }) => {
    return `    "${path}") words="${words.map(({ word }) => word).join(" ")}" ;;`;
  });
  return `# bash completion of paddock: source <(paddock completion bash)
_paddock() {
  local words="" current="\${COMP_WORDS[COMP_CWORD]}"
${pathLoop(nodes, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`)}
  case "$place" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _paddock paddock
`;
}

function zsh(nodes: readonly Node[]): string {
  const cases = nodes.map(({ path, words }) => {
    const described = words.map(({ word, summary }) => single(`${word}:${summary}`));
    return `    "${path}") entries=(${described.join(" ")}) ;;`;
  });
  return `#compdef paddock
# zsh completion of paddock: source <(paddock completion zsh)
_paddock() {
  local -a entries
${pathLoop(nodes, `"\${(@)words[2,CURRENT-1]}"`)}
  case "$place" in
${cases.join("\n")}
  esac
  _describe paddock entries || _files
}
if [ "$funcstack[1]" = "_paddock" ]; then _paddock "$@"; else compdef _paddock paddock; fi
`;
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, words }) =>
    words.map(({ word, summary }) => {
      const isOption = word.startsWith("--");
      const what = isOption ? `-l ${word.slice(2)}` : `-f -a ${single(word)}`;
      return `complete -c paddock -n "__paddock_at '${path}'" ${what} -d ${single(summary)}`;
    }),
  );
  const paths = nodes.filter(({ path }) => path !== "").map(({ path }) => single(path));
  return `# fish completion of paddock: paddock completion fish | source
function __paddock_at
  set -l path ""
  for word in (commandline -opc)[2..-1]
    set -l next (string trim "$path $word")
    if contains -- $next ${paths.join(" ")}
      set path $next
    end
  end
  test "$path" = "$argv[1]"
end
${lines.join("\n")}
`;
}

function single(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
