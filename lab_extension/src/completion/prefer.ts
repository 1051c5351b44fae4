/** When the fallback is asked, and when it is taken; milliseconds from the start. */
export interface IPatience {
  /** After this long without an answer the fallback is asked as well. */
  readonly hedge: number;
  /** After this long the first answer that comes is taken. */
  readonly budget: number;
}

/**
 * Wait for a source of completions without waiting too long.
 *
 * The preferred answer is taken if it comes within the budget. If it fails, or comes
 * empty (null), the fallback is asked at once; if it is late, the fallback is asked
 * meanwhile and taken once the budget is spent, unless the preferred answer is there
 * first after all. The promise is rejected only if the fallback fails where it is needed.
 */
export async function prefer<T>(
  preferred: Promise<T | null>,
  fallback: () => Promise<T | null>,
  { hedge, budget }: IPatience
): Promise<T | null> {
  const late = Symbol('late');
  const first = preferred.catch(() => null);
  const [hedged, spent] = [delay(hedge, late), delay(budget, late)];
  try {
    let answer = await Promise.race([first, hedged.promise]);
    if (answer === null) {
      return await fallback();
    }
    if (answer !== late) {
      return answer;
    }
    const second = fallback();
    // Awaited below where it is needed; until then a failure is nobody's.
    second.catch(() => null);
    answer = await Promise.race([first, spent.promise]);
    if (answer === null) {
      return await second;
    }
    if (answer !== late) {
      return answer;
    }
    return await Promise.race([second, first.then(late => late ?? second)]);
  } finally {
    hedged.cancel();
    spent.cancel();
  }
}

function delay<T>(milliseconds: number, value: T) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const promise = new Promise<T>(resolve => {
    timer = setTimeout(() => {
      resolve(value);
    }, milliseconds);
  });
  return {
    promise,
    cancel: () => {
      clearTimeout(timer);
    }
  };
}
