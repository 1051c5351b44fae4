/** Order and wording of a ranked list. Pure functions: no DOM, no JupyterLab. */

/** What of an item is matched against the letters typed. */
export interface IMatchable {
  readonly text: string;
  readonly insertText?: string;
}

export interface IMatch<T> {
  readonly item: T;
  /** Whether the item begins with the letters typed. */
  readonly begins: boolean;
  /** Which UTF-16 units of `text` the letters typed stand for. */
  readonly marks: readonly number[];
}

/**
 * Keep the items that the letters typed may stand for: first those that begin with
 * them, then those that hold them in this order. Each group keeps its order, whatever
 * the case of the letters.
 */
export function narrow<T extends IMatchable>(
  items: readonly T[],
  typed: string
): IMatch<T>[] {
  const begins: IMatch<T>[] = [];
  const holds: IMatch<T>[] = [];
  for (const item of items) {
    const marks = subsequence(item.text, typed);
    if (marks && isPrefix(marks)) {
      begins.push({ item, marks, begins: true });
    } else if (item.insertText && isPrefix(subsequence(item.insertText, typed))) {
      begins.push({ item, marks: [], begins: true });
    } else if (marks) {
      holds.push({ item, marks, begins: false });
    }
  }
  return [...begins, ...holds];
}

/**
 * Restate how probable each match is, now that letters are typed: by Bayes' rule, what
 * the items that begin with them have in all is divided among these in proportion. Only
 * where no item begins with the letters is it divided among those that hold them.
 */
export function restate<T extends { readonly probability: number }>(
  matches: readonly IMatch<T>[]
): number[] {
  const anyBegins = matches.some(({ begins }) => begins);
  const probabilities = matches.map(({ begins, item }) =>
    begins === anyBegins ? item.probability : 0
  );
  const total = probabilities.reduce((sum, p) => sum + p, 0);
  return probabilities.map(p => (total > 0 ? p / total : 0));
}

/** Least probability of one to five stars, as in `kernel_ext/ranker/stars.py`. */
export const THRESHOLDS = [0.03, 0.1, 0.25, 0.5, 0.75];

/** The stars of a calibrated probability, 0 to 5. */
export function toStars(probability: number): number {
  return THRESHOLDS.filter(least => probability >= least).length;
}

/** Where the letters of `typed` stand in `text`, in order; null if they do not. */
export function subsequence(text: string, typed: string): number[] | null {
  const [where, what] = [text.toLowerCase(), typed.toLowerCase()];
  const marks: number[] = [];
  let next = 0;
  for (const letter of what) {
    const at = where.indexOf(letter, next);
    if (at < 0) {
      return null;
    }
    for (next = at; next < at + letter.length; next++) {
      marks.push(next);
    }
  }
  return marks;
}

function isPrefix(marks: readonly number[] | null): boolean {
  return marks?.every((mark, index) => mark === index) ?? false;
}

/** Cut a text into runs that are marked or not, in order. */
export function runs(
  text: string,
  marks: readonly number[]
): { text: string; marked: boolean }[] {
  const marked = new Set(marks);
  const cut: { text: string; marked: boolean }[] = [];
  for (let i = 0; i < text.length; i++) {
    const last = cut.at(-1);
    if (last?.marked === marked.has(i)) {
      last.text += text[i];
    } else {
      cut.push({ text: text[i], marked: marked.has(i) });
    }
  }
  return cut;
}

/** What a screen reader says of an item: "groupby, method, 4 of 5 stars". */
export function spoken(item: { text: string; type?: string; stars: number }): string {
  return [item.text, item.type, starsSpoken(item.stars)].filter(Boolean).join(', ');
}

export function starsSpoken(stars: number): string {
  return stars > 0 ? `${stars} of 5 stars` : 'no stars';
}

/** Leave out the last parameters of a signature that would widen the whole list. */
export function shorten(signature: string, length = 24): string {
  if (signature.length <= length) {
    return signature;
  }
  const room = length - ' …)'.length;
  const last = signature.lastIndexOf(',', room - 1);
  return last < 0 ? '(…)' : `${signature.slice(0, last + 1)} …)`;
}
