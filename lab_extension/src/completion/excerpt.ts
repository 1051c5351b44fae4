/** What of long texts is sent to the kernel. Pure functions: no DOM, no JupyterLab. */

export interface IExcerpt {
  readonly text: string;
  /** Code points from the start of the excerpt to the cursor. */
  readonly cursor: number;
  /** Code points left out before the excerpt. */
  readonly skipped: number;
}

/**
 * Whole lines around the cursor, as many as fit into `limit` UTF-16 units; a line that
 * is longer is cut.
 *
 * @param cursor - code points before the cursor
 */
export function excerpt(text: string, cursor: number, limit: number): IExcerpt {
  if (text.length <= limit) {
    return { text, cursor, skipped: 0 };
  }
  const here = unitsOf(text, cursor);
  let start = Math.max(0, here - limit / 2);
  if (start > 0) {
    const line = text.indexOf('\n', start - 1) + 1;
    start = line > 0 && line <= here ? line : whole(text, start);
  }
  let end = Math.min(text.length, here + limit / 2);
  if (end < text.length) {
    const line = text.lastIndexOf('\n', end);
    end = line >= here ? line : whole(text, end);
  }
  const skipped = cursor - pointsOf(text.slice(start, here));
  return { text: text.slice(start, end), cursor: cursor - skipped, skipped };
}

/** The last of some texts, in order, as many as fit into `limit` UTF-16 units. */
export function nearest(texts: readonly string[], limit: number): string[] {
  let room = limit;
  let first = texts.length;
  while (first > 0 && texts[first - 1].length <= room) {
    first -= 1;
    room -= texts[first].length;
  }
  return texts.slice(first);
}

/** How many UTF-16 units the first code points of a text take. */
function unitsOf(text: string, points: number): number {
  let units = 0;
  for (; points > 0 && units < text.length; points--) {
    units += isPair(text, units) ? 2 : 1;
  }
  return units;
}

function pointsOf(text: string): number {
  let points = 0;
  for (let units = 0; units < text.length; points++) {
    units += isPair(text, units) ? 2 : 1;
  }
  return points;
}

/** The nearest place at or before one that does not cut a surrogate pair. */
function whole(text: string, units: number): number {
  return units > 0 && isPair(text, units - 1) ? units - 1 : units;
}

function isPair(text: string, units: number): boolean {
  return (text.codePointAt(units) ?? 0) > 0xffff;
}
