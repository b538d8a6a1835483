import type { MarkBody, MarkOutcome } from '../src/api/courseTypes';
import type { IAnswerPlace } from '../src/api/courses';
import { type AnswerApi, AnswerModel } from '../src/grading/marking/answer';
import { Drafts } from '../src/grading/marking/drafts';
import { mark, MemoryStorage, PLACE, view } from './gradingFixtures';

const NEVER = 1_000_000;

type GiveMark = (place: IAnswerPlace, body: MarkBody) => Promise<MarkOutcome>;

function setUp(change: Parameters<typeof view>[0] = {}) {
  const storage = new MemoryStorage();
  const give = jest.fn<ReturnType<GiveMark>, Parameters<GiveMark>>((_, body) =>
    Promise.resolve({
      mark: mark(1, { points: body.points, comment: body.comment ?? '' }),
      other: null
    })
  );
  const api = {
    mark: give,
    undo: jest.fn().mockResolvedValue(view()),
    setFlag: jest.fn().mockResolvedValue(undefined),
    clearFlag: jest.fn().mockResolvedValue(undefined)
  } as unknown as AnswerApi;
  const open = (): AnswerModel =>
    new AnswerModel(
      PLACE,
      view(change),
      api,
      new Drafts(storage, 'c', 'me'),
      NEVER
    );
  return { api, give, open, storage, answer: open() };
}

describe('an answer being marked', () => {
  it('is saved with the level its points reach and what was seen', async () => {
    const { answer, give } = setUp({ mark: mark(4, { author: 'gus' }) });
    answer.setPoints(9);
    answer.toggleCriterion('measures');
    expect(answer.state).toBe('unsaved');
    await answer.save();
    expect(give).toHaveBeenCalledWith(
      PLACE,
      expect.objectContaining({
        points: 9,
        level: 'EXCELLENT',
        criteria: ['measures'],
        seen: 4
      })
    );
    expect(answer.state).toBe('saved');
    answer.setPoints(3);
    await answer.save();
    expect(give.mock.calls[1]?.[1].seen).toBe(1);
  });

  it('keeps a comment without points as a draft that the next visit finds', () => {
    const { answer, open, storage } = setUp();
    answer.setComment('Half a sentence');
    expect(answer.state).toBe('incomplete');
    answer.dispose();
    const again = open();
    expect(again.restored).toBe(true);
    expect(again.draft.comment).toBe('Half a sentence');
    expect(storage.kept.size).toBe(1);
  });

  it("leaves another grader's draft in the same browser alone", () => {
    const { answer, storage } = setUp();
    answer.setComment('Half a sentence');
    const key = PLACE.key;
    expect(new Drafts(storage, 'c', 'me').read(key)).not.toBeNull();
    expect(new Drafts(storage, 'c', 'gus').read(key)).toBeNull();
  });

  it('keeps a draft that could not be saved, and drops it once it is', async () => {
    const { answer, give, storage } = setUp();
    give.mockRejectedValueOnce(new Error('away'));
    answer.setPoints(5);
    await answer.save();
    expect(answer.state).toBe('failed');
    expect(answer.error?.message).toBe('away');
    expect(storage.kept.size).toBe(1);
    await answer.save();
    expect(answer.state).toBe('saved');
    expect(storage.kept.size).toBe(0);
  });

  it('does not lose what is typed while it is being saved', async () => {
    const { answer, give } = setUp();
    answer.setPoints(5);
    const saving = answer.save();
    // Now it is on its way.
    await Promise.resolve();
    answer.setComment('more');
    await saving;
    expect(answer.state).toBe('unsaved');
    await answer.save();
    expect(give).toHaveBeenCalledTimes(2);
    expect(give.mock.calls[1]?.[1].comment).toBe('more');
  });

  it('shows both marks when another grader was faster, and gives the chosen one in sight of theirs', async () => {
    const { answer, give } = setUp();
    const theirs = mark(8, { author: 'gus', points: 2, comment: 'Thin.' });
    give.mockResolvedValueOnce({
      mark: mark(9, { points: 7, standing: false }),
      other: theirs
    });
    answer.setPoints(7);
    await answer.save();
    expect(answer.state).toBe('conflict');
    expect(answer.conflict?.theirs.author).toBe('gus');
    expect(answer.view.mark?.id).toBe(8);
    await answer.decide('mine');
    expect(give.mock.calls[1]?.[1]).toMatchObject({ points: 7, seen: 8 });
    expect(answer.conflict).toBeNull();
  });

  it('finds a conflict that was left undecided', async () => {
    const { answer, give } = setUp({
      mark: mark(8, { author: 'gus', points: 2 }),
      history: [
        mark(8, { author: 'gus', points: 2 }),
        mark(9, { standing: false })
      ]
    });
    expect(answer.state).toBe('conflict');
    await answer.decide('theirs');
    expect(give.mock.calls[0]?.[1]).toMatchObject({ points: 2, seen: 8 });
  });

  it('stays within the points there are', () => {
    const { answer } = setUp();
    answer.setPoints(99);
    expect(answer.draft.points).toBe(10);
  });

  it('is flagged, and taken back', async () => {
    const { answer, api } = setUp({ mark: mark(4) });
    await answer.toggleFlag('look');
    expect(answer.view.flag).toBe('look');
    await answer.undo();
    expect(api.undo).toHaveBeenCalledWith(PLACE, 4);
    expect(answer.state).toBe('unmarked');
  });
});
