/** How many bytes a piece of synchronous work copies to join buffers. */
export function countJoinedBytes(work: () => void): number {
  const original = Buffer.concat;
  let count = 0;
  Buffer.concat = (...args) => {
    const joined = original(...args);
    count += joined.length;
    return joined;
  };
  try {
    work();
  } finally {
    Buffer.concat = original;
  }
  return count;
}
