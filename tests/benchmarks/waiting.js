// A bare Deno that lives until its input ends, to see what it holds in memory.
console.log("ready");
await Deno.stdin.read(new Uint8Array(1));
