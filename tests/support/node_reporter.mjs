/** A reporter of `node --test`: a line of JSON for every test that is no group of tests. */

export default async function* lines(source) {
  for await (const { type, data } of source) {
    if (data?.details?.type === "suite") continue;
    if (type === "test:pass") yield line(data);
    if (type === "test:fail") yield line(data, data.details.error);
  }
}

/** @param {{ file: string, name: string }} test @param {Error} [error] */
function line({ file, name }, error) {
  const stack = error && String(error.cause?.stack ?? error.stack ?? error);
  return `${JSON.stringify({ file, name, error: stack })}\n`;
}
