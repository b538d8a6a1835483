import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { axe } from 'jest-axe';
import React from 'react';

import { type AnswerApi, AnswerModel } from '../src/grading/marking/answer';
import { CommentBank } from '../src/grading/marking/bank';
import { Drafts } from '../src/grading/marking/drafts';
import { MarkPanel } from '../src/grading/marking/MarkPanel';
import { trans } from './fixtures';
import { mark, MemoryStorage, PLACE, view } from './gradingFixtures';

const KEPT = [
  { id: 1, text: 'Quote your figures.', author: 'greta', uses: 3 },
  { id: 2, text: 'Well argued.', author: 'gus', uses: 1 }
];

async function show(change: Parameters<typeof view>[0] = {}) {
  const keep = jest.fn().mockResolvedValue(KEPT);
  const bank = new CommentBank(
    {
      comments: () => Promise.resolve(KEPT),
      keepComment: keep,
      deleteComment: () => Promise.resolve()
    },
    PLACE
  );
  const answer = new AnswerModel(
    PLACE,
    view(change),
    {} as AnswerApi,
    new Drafts(new MemoryStorage(), 'c', 'me'),
    1_000_000
  );
  const done = jest.fn();
  const rendered = render(
    <MarkPanel
      answer={answer}
      bank={bank}
      rendermime={{} as IRenderMimeRegistry}
      act={done}
      trans={trans}
    />
  );
  await act(() => bank.load());
  return { ...rendered, answer, bank, done, keep };
}

describe('the mark', () => {
  it('gives the points of a level that is clicked and ticks criteria', async () => {
    const { answer, container } = await show();
    expect(screen.getByText('Not marked')).toBeInTheDocument();
    await userEvent.click(screen.getByRole('button', { name: /^GOOD/ }));
    expect(answer.draft.points).toBe(8);
    expect(screen.getByRole('button', { name: /^GOOD/ })).toHaveAttribute(
      'aria-pressed',
      'true'
    );
    await userEvent.click(screen.getByRole('checkbox', { name: 'explains' }));
    expect(answer.draft.criteria).toEqual(['explains']);
    expect(screen.getByText('Not saved yet')).toBeInTheDocument();
    expect(await axe(container)).toHaveNoViolations();
  });

  it('takes comments from the bank that hold all words looked for', async () => {
    const { answer, keep } = await show();
    const search = screen.getByRole('searchbox');
    await userEvent.type(search, 'figures quote');
    const list = screen.getByRole('list', { name: 'Kept comments' });
    expect(within(list).getAllByRole('listitem')).toHaveLength(1);
    await userEvent.keyboard('{Enter}');
    expect(answer.draft.comment).toBe('Quote your figures.');
    const keepButton = screen.getByRole('button', { name: 'Keep for reuse' });
    await userEvent.click(keepButton);
    expect(keep).not.toHaveBeenCalled();
    await userEvent.type(screen.getByLabelText(/^Comment/), ' More.');
    await userEvent.click(keepButton);
    expect(keep).toHaveBeenCalledWith(PLACE, 'Quote your figures. More.');
  });

  it('tells who gave which mark, and of two that wait for a decision', async () => {
    const theirs = mark(1, { author: 'gus', points: 2 });
    await show({
      mark: theirs,
      history: [theirs, mark(2, { author: 'greta', standing: false })]
    });
    expect(screen.getByRole('alert')).toHaveTextContent(
      'gus gave 2 points, greta gave 7. One mark has to stand.'
    );
    expect(screen.getByText('2 marks so far')).toBeInTheDocument();
  });

  it('counts one point as one', async () => {
    const theirs = mark(1, { author: 'gus', points: 1 });
    await show({
      mark: theirs,
      history: [theirs, mark(2, { author: 'greta', standing: false })],
      scheme: {
        total: 2,
        levels: [
          { label: 'FULL', low: 2, high: 2, criteria: [] },
          { label: 'HALF', low: 1, high: 1, criteria: [] },
          { label: 'NONE', low: 0, high: 0.5, criteria: [] }
        ]
      }
    });
    expect(screen.getByRole('alert')).toHaveTextContent(
      'gus gave 1 point, greta gave 7. One mark has to stand.'
    );
    expect(screen.getByText('1 point')).toBeInTheDocument();
    expect(screen.getByText('2 points')).toBeInTheDocument();
    expect(screen.getByText('0–0.5 points')).toBeInTheDocument();
    expect(screen.getByText(/^gus: 1 point,/)).toBeInTheDocument();
  });

  it('offers to undo as long as something is decided', async () => {
    const { answer } = await show();
    const undo = screen.getByRole('button', { name: /^Undo/ });
    expect(undo).toHaveAttribute('aria-disabled', 'true');
    act(() => {
      answer.setPoints(7);
    });
    expect(undo).toHaveAttribute('aria-disabled', 'false');
  });
});
