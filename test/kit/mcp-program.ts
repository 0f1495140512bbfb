/** An MCP server as a program of one argument, for sandboxes: they have Python, and no packages. */

const source = `
import json, os, sys
for line in sys.stdin:
    asked = json.loads(line)
    method, said = asked.get("method"), asked.get("params") or {}
    if "id" not in asked:
        continue
    answer = {"jsonrpc": "2.0", "id": asked["id"]}
    if method == "initialize":
        answer["result"] = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
            "serverInfo": {"name": "notes", "version": "1"}}
    elif method == "tools/list":
        answer["result"] = {"tools": [{"name": "note", "description": "Keeps a note.",
            "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}}]}
    elif method == "tools/call":
        text = said["arguments"]["text"]
        open("note.txt", "a").write(text + "\\n")
        about = os.environ.get("NOTES_ABOUT", "nothing")
        answer["result"] = {"content": [{"type": "text", "text": "kept " + text + " for " + about}]}
    else:
        answer["error"] = {"code": -32601, "message": "Method not found"}
    print(json.dumps(answer), flush=True)
`;

/** Its tool `note` writes what it is given into note.txt, and names the variable NOTES_ABOUT. */
export const notesProgram = { command: "python3", args: ["-c", source] } as const;
