/** When the fallback is asked, and when it is taken; milliseconds from the start. */
export interface IPatience {
  /** After this long without an answer the fallback is asked as well. */
  readonly hedge: number;
  /** After this long the first answer that comes is taken. */
  readonly budget: number;
}

const LATE = Symbol('late');

/**
 * Wait for a source of completions without waiting too long.
 *
 * The preferred answer is taken if it comes within the budget. If it fails, or comes
 * empty (null), the fallback is asked at once; if it is late, the fallback is asked
 * meanwhile and, once the budget is spent, the first answer of either is taken. The
 * promise is rejected only if the fallback fails where it is needed.
 */
export async function prefer<T>(
  preferred: Promise<T | null>,
  fallback: () => Promise<T | null>,
  { hedge, budget }: IPatience
): Promise<T | null> {
  const first = preferred.catch(() => null);
  let answer = await within(first, hedge);
  if (answer !== LATE) {
    return answer ?? fallback();
  }
  const second = fallback();
  const secondOrNothing = second.catch(() => null);
  answer = await within(first, budget - hedge);
  if (answer !== LATE) {
    return answer ?? second;
  }
  return Promise.race([
    first.then(given => given ?? second),
    secondOrNothing.then(given => given ?? first)
  ]);
}

async function within<T>(
  promise: Promise<T>,
  milliseconds: number
): Promise<T | typeof LATE> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<typeof LATE>(resolve => {
    timer = setTimeout(() => {
      resolve(LATE);
    }, milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
