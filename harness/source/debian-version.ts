/** Negative when a is older than b, 0 when dpkg holds them equal, positive when newer; deb-version(7). */
export function compareDebianVersions(a: string, b: string): number {
  const [one, two] = [split(a), split(b)];
  return (
    one.epoch - two.epoch ||
    comparePart(one.upstream, two.upstream) ||
    comparePart(one.revision, two.revision)
  );
}

function split(version: string): { epoch: number; upstream: string; revision: string } {
  const colon = version.indexOf(":");
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf("-");
  return {
    epoch: colon < 0 ? 0 : Number(version.slice(0, colon)),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? "" : rest.slice(dash + 1),
  };
}

/** Non-digits by dpkg's order, then digits as a number, in turns. */
function comparePart(a: string, b: string): number {
  let [x, y] = [a, b];
  while (x || y) {
    const [textX, textY] = [/^\D*/.exec(x)?.[0] ?? "", /^\D*/.exec(y)?.[0] ?? ""];
    for (let i = 0; i < Math.max(textX.length, textY.length); i++) {
      const difference = weight(textX[i]) - weight(textY[i]);
      if (difference) return difference;
    }
    [x, y] = [x.slice(textX.length), y.slice(textY.length)];
    const [digitsX, digitsY] = [/^\d*/.exec(x)?.[0] ?? "", /^\d*/.exec(y)?.[0] ?? ""];
    const difference = Number(digitsX || 0) - Number(digitsY || 0);
    if (difference) return difference;
    [x, y] = [x.slice(digitsX.length), y.slice(digitsY.length)];
  }
  return 0;
}

/** "~" before the end of a part, the end before letters, letters before all else. */
function weight(character: string | undefined): number {
  if (character === "~") return -1;
  if (character === undefined) return 0;
  return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256;
}
