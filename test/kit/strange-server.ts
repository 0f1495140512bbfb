/** A server that answers what is no answer, and says no more. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";

const said = {
  "a switch of protocols":
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
  "announcements without end": "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(50),
  "a 205 without end": "HTTP/1.1 205 Reset Content\r\nContent-Length: 999999999999\r\n\r\n",
} as const;

export type Strange = keyof typeof said;

export async function startStrangeServer(strange: Strange) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.once("data", () => {
      socket.write(said[strange]);
      if (strange === "a switch of protocols") return;
      const more = strange === "a 205 without end" ? "x".repeat(64 * 1024) : said[strange];
      const go = () => {
        while (socket.writable && socket.write(more));
        socket.once("drain", go);
      };
      go();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: address.port, close };
}
