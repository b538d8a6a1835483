import type { IAnswerPlace } from '../src/api/courses';
import type { MarkBody, QueuedAnswer } from '../src/api/courseTypes';
import { Drafts } from '../src/grading/marking/drafts';
import { MarkingSession } from '../src/grading/marking/session';
import { mark, MemoryStorage, queued, view } from './gradingFixtures';

const PLACE = { module: '01_tensor', response: 'r1' };

async function start(answers: QueuedAnswer[]) {
  const api = {
    queue: jest.fn().mockResolvedValue(answers),
    answer: jest.fn(({ key }: { key: string }) =>
      Promise.resolve(view({ key }))
    ),
    mark: jest.fn().mockResolvedValue({ mark: mark(1), other: null }),
    undo: jest.fn(),
    setFlag: jest.fn(),
    clearFlag: jest.fn()
  };
  const session = new MarkingSession(
    PLACE,
    'me',
    api,
    new Drafts(new MemoryStorage(), 'c', 'me')
  );
  await session.load();
  return { api, session };
}

/** Wait until an answer is in front of the grader; the one left behind may still be on its way to the server. */
function shown(session: MarkingSession, key: string): Promise<void> {
  return new Promise(resolve => {
    session.changed.connect(() => {
      if (session.answer?.place.key === key) {
        resolve();
      }
    });
  });
}

describe('a way through the answers', () => {
  it('begins with the first that waits and fetches the next one ahead', async () => {
    const { api, session } = await start([
      queued('a', { state: 'marked' }),
      queued('b'),
      queued('c')
    ]);
    expect(session.answer?.place.key).toBe('b');
    expect(api.answer.mock.calls.map(([{ key }]) => key)).toEqual(['b', 'c']);
    await session.go(1);
    expect(session.answer?.place.key).toBe('c');
    expect(api.answer).toHaveBeenCalledTimes(2);
  });

  it('saves what is left behind and keeps the list in step', async () => {
    const { api, session } = await start([queued('a'), queued('b')]);
    session.answer?.setPoints(7);
    await session.go(1);
    expect(api.mark).toHaveBeenCalledTimes(1);
    expect(session.queue?.[0]).toMatchObject({ state: 'marked', author: 'me' });
  });

  it('goes only through what the filter lets through, and skips to what waits', async () => {
    const { session } = await start([
      queued('a'),
      queued('b', { state: 'marked', flagged: true }),
      queued('c', { state: 'marked' }),
      queued('d')
    ]);
    session.setFilter('flagged');
    await session.go(1);
    expect(session.answer?.place.key).toBe('b');
    await session.skip();
    expect(session.answer?.place.key).toBe('d');
    session.setFilter('all');
    await session.go(-1);
    expect(session.answer?.place.key).toBe('c');
  });

  it('shows at once that only the share is wanted, and then asks for it', async () => {
    const { api, session } = await start([queued('a')]);
    api.queue.mockResolvedValueOnce([]);
    const asked = session.setShare(true);
    expect(session.isShare).toBe(true);
    await asked;
    expect(api.queue).toHaveBeenLastCalledWith(PLACE, true);
    expect(session.answer).toBeNull();
  });

  it('stays at the end, having saved', async () => {
    const { api, session } = await start([queued('a')]);
    session.answer?.setPoints(3);
    await session.go(1);
    expect(session.answer?.place.key).toBe('a');
    expect(api.mark).toHaveBeenCalledTimes(1);
  });

  it('shows what was given on coming back at once, before and after it is saved', async () => {
    const { api, session } = await start([queued('a'), queued('b')]);
    await session.go(1);
    const given = new Map<string, number>();
    api.answer.mockImplementation(({ key }) => {
      const points = given.get(key);
      const found = points === undefined ? null : mark(1, { points });
      return Promise.resolve(view({ key, mark: found }));
    });
    api.mark.mockImplementation(
      async ({ key }: IAnswerPlace, { points }: MarkBody) => {
        await new Promise(resolve => setTimeout(resolve, 20));
        given.set(key, points);
        return { mark: mark(1, { points }), other: null };
      }
    );
    session.answer?.setPoints(7);
    void session.go(-1);
    await shown(session, 'a');
    await session.go(1);
    expect(session.answer?.place.key).toBe('b');
    expect(session.answer?.draft.points).toBe(7);
    await session.go(-1);
    await session.go(1);
    expect(session.answer?.draft.points).toBe(7);
    expect(session.answer?.state).toBe('saved');
  });

  it('tells of a conflict with an answer that was left already', async () => {
    const { api, session } = await start([queued('a'), queued('b')]);
    api.mark.mockResolvedValueOnce({
      mark: mark(2, { standing: false }),
      other: mark(1, { author: 'gus' })
    });
    const told: string[] = [];
    session.conflicted.connect((_, answer) => told.push(answer.place.key));
    session.answer?.setPoints(7);
    await session.go(1);
    expect(told).toEqual(['a']);
    expect(session.queue?.[0]?.conflict).toBe(true);
  });

  it('shows how a conflict was decided on coming back to its answer', async () => {
    const { api, session } = await start([queued('a'), queued('b')]);
    await session.go(1);
    const [mine, theirs] = [mark(2, { standing: false }), mark(1)];
    api.mark.mockResolvedValueOnce({ mark: mine, other: theirs });
    api.answer.mockImplementation(({ key }) =>
      Promise.resolve(view({ key, mark: theirs, history: [theirs, mine] }))
    );
    const left = session.answer;
    left?.setPoints(7);
    await session.go(-1);
    const decided = mark(3);
    api.mark.mockResolvedValueOnce({ mark: decided, other: null });
    api.answer.mockImplementation(({ key }) =>
      Promise.resolve(view({ key, mark: decided, history: [decided] }))
    );
    await left?.decide('mine');
    await session.go(1);
    expect(session.answer?.place.key).toBe('b');
    expect(session.answer?.conflict).toBeNull();
  });

  it('skips round to what waits before the present answer, and never to what is marked', async () => {
    const { session } = await start([
      queued('a'),
      queued('b', { state: 'marked' }),
      queued('c')
    ]);
    await session.go(1);
    await session.go(1);
    await session.skip();
    expect(session.answer?.place.key).toBe('a');
    session.answer?.setPoints(7);
    await session.skip();
    expect(session.answer?.place.key).toBe('c');
    expect(session.end).toBeNull();
    await session.skip();
    expect(session.answer?.place.key).toBe('c');
    expect(session.end).toBe('skip');
  });

  it('knows in which direction it came to the end until it goes on', async () => {
    const { session } = await start([queued('a'), queued('b')]);
    await session.go(-1);
    expect(session.end).toBe('previous');
    await session.go(1);
    expect(session.end).toBeNull();
    await session.go(1);
    expect(session.end).toBe('next');
    session.setFilter('flagged');
    expect(session.end).toBeNull();
  });

  it('does not show an older list of answers after a newer one', async () => {
    const { api, session } = await start([queued('a'), queued('b')]);
    const answers: ((found: QueuedAnswer[] | Error) => void)[] = [];
    api.queue.mockImplementation(
      () =>
        new Promise((resolve, reject) =>
          answers.push(found => {
            if (found instanceof Error) {
              reject(found);
            } else {
              resolve(found);
            }
          })
        )
    );
    const ticked = session.setShare(true);
    await Promise.resolve();
    const again = session.setShare(true);
    const unticked = session.setShare(false);
    await new Promise(resolve => setTimeout(resolve));
    answers[2]?.([queued('a'), queued('b')]);
    await unticked;
    answers[0]?.([queued('b')]);
    answers[1]?.(new Error('away'));
    await Promise.all([ticked, again]);
    expect(session.queue).toHaveLength(2);
    expect(session.answer?.place.key).toBe('a');
    expect(session.error).toBeNull();
  });
});
