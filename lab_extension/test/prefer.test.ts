import assert from 'node:assert/strict';
import { test } from 'node:test';

import { prefer } from '../src/completion/prefer';

/** Time moves in steps of so many milliseconds. */
const STEP = 10;
const PATIENCE = { hedge: 300, budget: 700 };

type Answer = string | null | Error;

/** A source that answers, or fails, after some time. */
interface ISource {
  after: number;
  answer: Answer;
}

function ask({ after, answer }: ISource): Promise<string | null> {
  return new Promise((resolve, reject) => {
    setTimeout(() => {
      if (answer instanceof Error) {
        reject(answer);
      } else {
        resolve(answer);
      }
    }, after);
  });
}

const NEVER = 1e9;
const failure = new Error('broken');

/** [name, ranked, stock, answer, when it is there, when stock was asked] */
const CASES: [string, ISource, ISource, Answer, number, number | undefined][] = [
  [
    'a quick answer is taken and nobody else asked',
    { after: 10, answer: 'ranked' },
    { after: 5, answer: 'stock' },
    'ranked',
    10,
    undefined
  ],
  [
    'a failure has stock asked at once',
    { after: 20, answer: failure },
    { after: 100, answer: 'stock' },
    'stock',
    120,
    20
  ],
  [
    'an empty answer has stock asked at once',
    { after: 20, answer: null },
    { after: 100, answer: 'stock' },
    'stock',
    120,
    20
  ],
  [
    'an answer within the budget is taken though stock was quicker',
    { after: 600, answer: 'ranked' },
    { after: 10, answer: 'stock' },
    'ranked',
    600,
    300
  ],
  [
    'stock is shown when the budget is spent',
    { after: NEVER, answer: 'ranked' },
    { after: 10, answer: 'stock' },
    'stock',
    700,
    300
  ],
  [
    'a late answer is better than a later stock',
    { after: 800, answer: 'ranked' },
    { after: 2000, answer: 'stock' },
    'ranked',
    800,
    300
  ],
  [
    'a failure after stock was asked waits for it',
    { after: 400, answer: failure },
    { after: 500, answer: 'stock' },
    'stock',
    800,
    300
  ],
  [
    'a late failure waits for stock',
    { after: 750, answer: failure },
    { after: 600, answer: 'stock' },
    'stock',
    900,
    300
  ],
  [
    'a late answer is better than none of stock',
    { after: 2000, answer: 'ranked' },
    { after: 500, answer: null },
    'ranked',
    2000,
    300
  ],
  [
    'a late answer is better than a failure of stock',
    { after: 2000, answer: 'ranked' },
    { after: 500, answer: failure },
    'ranked',
    2000,
    300
  ],
  [
    'both failing is a failure',
    { after: 10, answer: failure },
    { after: 10, answer: failure },
    failure,
    20,
    10
  ],
  [
    'stock failing meanwhile does not matter',
    { after: 500, answer: 'ranked' },
    { after: 10, answer: failure },
    'ranked',
    500,
    300
  ]
];

for (const [name, ranked, stock, answer, when, asked] of CASES) {
  test(name, async context => {
    const { timers } = context.mock;
    timers.enable({ apis: ['setTimeout'] });
    const seen: { asked?: number; settled?: Answer } = {};
    let now = 0;
    prefer(
      ask(ranked),
      () => {
        seen.asked = now;
        return ask(stock);
      },
      PATIENCE
    ).then(
      given => (seen.settled = given),
      (reason: unknown) => (seen.settled = reason as Error)
    );
    const settled = async () => {
      await new Promise(setImmediate);
      return seen.settled !== undefined;
    };
    for (; !(await settled()) && now < 3000; now += STEP) {
      timers.tick(STEP);
    }
    assert.deepEqual(seen.settled, answer);
    assert.equal(now, when, 'settled at');
    assert.equal(seen.asked, asked, 'stock asked at');
  });
}
