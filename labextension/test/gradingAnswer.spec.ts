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
  const open = (
    autosaveMs = NEVER,
    later: Parameters<typeof view>[0] = {}
  ): AnswerModel =>
    new AnswerModel(
      PLACE,
      view({ ...change, ...later }),
      api,
      new Drafts(storage, 'c', 'me'),
      autosaveMs
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

  it('does not take a decision about a former text for one about the new text', async () => {
    const { answer, give, open } = setUp({ answer: 'before' });
    give.mockRejectedValueOnce(new Error('The answer has been changed.'));
    answer.setPoints(8);
    await answer.save();
    expect(give.mock.calls[0]?.[1].answer).toBe('before');
    expect(answer.state).toBe('failed');
    answer.dispose();
    const again = open(NEVER, { answer: 'after' });
    expect([again.restored, again.draft.points]).toEqual([true, 8]);
    expect(again.state).toBe('outdated');
    await again.save();
    expect(give).toHaveBeenCalledTimes(1);
    again.setPoints(8);
    await again.save();
    expect(give.mock.calls[1]?.[1].answer).toBe('after');
    expect(again.state).toBe('saved');
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

describe('undo', () => {
  it('keeps what is decided before its answer, and gives it in sight of what stands then', async () => {
    const { answer, api, give, storage } = setUp({ mark: mark(4) });
    const former = mark(5, { points: 6 });
    jest.mocked(api.undo).mockResolvedValue(view({ mark: former }));
    const undone = answer.undo();
    answer.setPoints(8);
    await undone;
    expect(answer.draft).toMatchObject({ points: 8, seen: 5 });
    expect(answer.state).toBe('unsaved');
    expect(storage.kept.size).toBe(1);
    await answer.save();
    expect(give.mock.calls[0]?.[1]).toMatchObject({ points: 8, seen: 5 });
    expect(storage.kept.size).toBe(0);
  });

  it('is over before what is decided meanwhile is saved', async () => {
    const { answer, api, give, open } = setUp({ mark: mark(4) });
    const undone = answer.undo();
    answer.setPoints(8);
    await answer.save();
    await undone;
    expect(give).toHaveBeenCalledTimes(1);
    expect(give.mock.calls[0]?.[1]).toMatchObject({ points: 8, seen: null });
    expect(jest.mocked(api.undo).mock.invocationCallOrder[0]).toBeLessThan(
      give.mock.invocationCallOrder[0] ?? 0
    );
    expect(answer.state).toBe('saved');
    expect(open().restored).toBe(false);
  });

  it('takes back the mark that is on its way, not what is decided after it', async () => {
    const { answer, api } = setUp();
    answer.setPoints(7);
    void answer.save();
    const undone = answer.undo();
    answer.setPoints(7);
    await undone;
    expect(api.undo).toHaveBeenCalledWith(PLACE, 1);
    expect(answer.draft).toMatchObject({ points: 7, seen: null });
    expect(answer.state).toBe('unsaved');
  });

  it('drops what is not saved where no mark stands', async () => {
    const { api, give, open, storage } = setUp();
    const answer = open(1);
    answer.setComment('Half a sentence');
    answer.toggleCriterion('measures');
    answer.setPoints(7);
    await answer.undo();
    expect(answer.draft).toEqual({
      points: null,
      criteria: [],
      comment: '',
      seen: null,
      answer: 'digest'
    });
    expect(answer.state).toBe('unmarked');
    expect(storage.kept.size).toBe(0);
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(give).not.toHaveBeenCalled();
    expect(api.undo).not.toHaveBeenCalled();
  });

  it('twice in a row drops what was decided in between', async () => {
    const { answer, api, give } = setUp({ mark: mark(4) });
    const first = answer.undo();
    answer.setPoints(8);
    await answer.undo();
    await first;
    expect(answer.state).toBe('unmarked');
    expect(answer.draft.points).toBeNull();
    expect(api.undo).toHaveBeenCalledTimes(1);
    expect(give).not.toHaveBeenCalled();
  });

  it('leaves a comment without points a draft', async () => {
    const { answer } = setUp({ mark: mark(4) });
    const undone = answer.undo();
    answer.setPoints(null);
    await undone;
    expect(answer.state).toBe('incomplete');
    expect(answer.draft.seen).toBeNull();
  });

  it('that fails leaves what was decided meanwhile to be saved', async () => {
    const { answer, api } = setUp({ mark: mark(4) });
    jest.mocked(api.undo).mockRejectedValue(new Error('away'));
    const undone = answer.undo();
    answer.setPoints(8);
    await undone;
    expect(answer.error?.message).toBe('away');
    expect(answer.draft).toMatchObject({ points: 8, seen: 4 });
    await answer.save();
    expect(answer.state).toBe('saved');
  });
});
